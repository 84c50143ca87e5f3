"""`punie rules`: what the person always allows in a folder, and forgetting it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from punie_tools.errors import reason_of
from punie_tools.revealed_text import revealed_text
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.agent.approval_store import ApprovalStore, approvals_file
from punie_tui.commands.terminal import print_error

_NO_RULES = (
    ": no call is always allowed. Reading is never asked about, nor are tests where you trust the folder; "
    "calls that edit or run are, unless the mode or a sandbox allows them."
)


def run(argv: list[str]) -> int:
    """List the rules of a folder, or forget some of them."""
    options = _parser().parse_args(argv)
    folders = _folders(options.folder or options.cwd, is_everywhere=options.all)
    rules = {folder: ApprovalStore(approvals_file(), folder).rules() for folder in folders}
    if options.forget is not None:
        return _forget(folders, options.forget)
    if options.json:
        listed = [
            {"folder": folder, "rule": rule.name, **rule.model_dump(mode="json")}
            for folder, each in rules.items()
            for rule in each
        ]
        print(json.dumps(listed, indent=2))
        return 0
    for folder, each in rules.items():
        print(safe_text(folder, single_line=True) + (":" if each else _NO_RULES))
        for rule in each:
            print(f"  {rule.name}  {rule.tool}  since {rule.time.date().isoformat()}")
            print("".join(f"      {line}\n" for line in revealed_text(rule.detail).split("\n")), end="")
    if not rules:
        print("Nothing is always allowed, in no folder.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie rules",
        description="The calls that you always allow, each exactly as it is shown. They are kept among punie's own "
        "files, so a repository cannot set one.",
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="of DIR (default: the current directory)")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="as DIR")
    parser.add_argument("--all", action="store_true", help="of every folder, also of those that are gone")
    parser.add_argument("--forget", nargs="*", metavar="RULE", help="ask again about these, or without RULE about all")
    parser.add_argument("--yes", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="list as JSON")
    return parser


def _folders(folder: Path, *, is_everywhere: bool) -> list[str]:
    if is_everywhere:
        return ApprovalStore(approvals_file(), "").folders()
    return [str(folder.expanduser().resolve())]


def _forget(folders: list[str], names: list[str]) -> int:
    stores = [ApprovalStore(approvals_file(), folder) for folder in folders]
    known = {rule.name for store in stores for rule in store.rules()}
    unknown = [name for name in names if name not in known]
    if unknown:
        print_error(f"there is no rule {unknown[0]}; `punie rules` lists them.")
        return 2
    try:
        for store in stores:
            store.forget(names or known)
    except OSError as error:
        print_error(f"the rules cannot be written: {reason_of(error)}.")
        return 1
    print(f"Forgot {counted(len(set(names) or known), 'rule')}.")
    return 0
