"""`punie trust`: trust the code in a folder, take the trust back, or list the folders that are trusted."""

from __future__ import annotations

import argparse
from pathlib import Path

from punie_tools.errors import reason_of
from punie_tools.safe_text import safe_text
from punie_tools.workspace import Workspace
from punie_tui.agent.trust import folder_trust, trust_store
from punie_tui.commands.terminal import existing_folder, print_error


def run(argv: list[str]) -> int:
    """Trust a folder, or revoke, or list."""
    options = _parser().parse_args(argv)
    if options.list:
        _print_folders()
        return 0
    place = options.folder or options.cwd
    try:
        if options.revoke:
            # A folder that is gone can be forgotten too.
            folder = place.expanduser().resolve()
            trust_store().revoke(folder)
        else:
            folder = existing_folder(place)
            folder_trust(Workspace.at(folder)).trust()
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    except OSError as error:
        print_error(f"trust cannot be kept: {reason_of(error)}.")
        return 1
    says = (
        "is not trusted: punie asks before it starts code of it"
        if options.revoke
        else "is trusted: its tests, its interpreter and its git hooks are started without asking"
    )
    print(safe_text(f"{folder} {says}.", single_line=True))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie trust",
        description="Trust the code in a folder: its tests, its Python interpreter and its git hooks can then be "
        "started without asking, and can do whatever you can. Trust lapses when the configuration changes that decides "
        "which programs run.",
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="DIR (default: the current directory)")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="as DIR")
    parser.add_argument("--yes", action="store_true", help=argparse.SUPPRESS)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--revoke", action="store_true", help="trust it no longer")
    choice.add_argument("--list", action="store_true", help="list the trusted folders, and what has changed in them")
    return parser


def _print_folders() -> None:
    folders = sorted(trust_store().folders())
    for folder in folders:
        path = Path(folder)
        if not path.is_dir():
            told = "the folder is gone"
        else:
            trust = folder_trust(Workspace.at(path))
            told = "trusted" if trust.look() else trust.lapse or "not trusted"
        print(safe_text(f"{folder}  {told}", single_line=True))
    if not folders:
        print("No folder is trusted.")
