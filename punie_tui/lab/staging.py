"""A small repository made for one request, in which what the request speaks of exists."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from punie_tools.process import clean_environment, run_process
from punie_tui.engine.nano.wire_format import Call

_MOST_LINES = 400
_SECONDS_A_COMMAND = 30.0
_PATH_ARGUMENTS = ("path", "paths", "target", "breakpoints")
_SYMBOL_ARGUMENTS = ("symbol", "query")
_TEXT_ARGUMENTS = ("pattern", "other", "old", "keyword")
_REVISION_ARGUMENTS = ("revision", "base", "start")
_ADA, _GRACE = ("Ada", "ada@example.org"), ("Grace", "grace@example.org")

_STAGED: dict[str, Any] = tomllib.loads((Path(__file__).parent / "data" / "staged.toml").read_text(encoding="utf-8"))
_BASE: Mapping[str, str] = {path: text.lstrip("\n") for path, text in _STAGED["files"].items()}


class StagingError(Exception):
    """git cannot make the repository; the text is its own."""


def stage(root: Path, calls: Sequence[Call]) -> None:
    """Write the repository into `root`, an empty folder: three commits of two people, and changes not yet committed."""
    _git(root, "init", "-q", "-b", "main")
    for path, text in _BASE.items():
        _write(root, path, text)
    _commit(root, "Keep accounts", _ADA, "2026-01-05T09:00:00+01:00")
    for path, text in _wanted_files(calls).items():
        _write(root, path, text)
    _commit(root, "Add what the shop needs", _GRACE, "2026-02-11T16:30:00+01:00")
    _write(root, "CHANGELOG.md", "# Changes\n\n- Accounts have a balance.\n")
    _commit(root, "Tell what changed", _ADA, "2026-03-02T11:15:00+01:00")
    for number, name in enumerate(sorted(_branches(calls))):
        if _git(root, "switch", "-q", "-c", name, is_needed=False):
            _write(root, f"notes/{number}.md", f"About {name}.\n")
            _commit(root, f"Write about {name}", _GRACE, "2026-03-09T08:45:00+01:00")
            _git(root, "switch", "-q", "main")
    _write(root, "README.md", _BASE["README.md"] + "\nStart with `python -m ledger`.\n")
    _write(root, "CHANGELOG.md", "# Changes\n\n- Accounts have a balance.\n- Entries are kept.\n")
    _git(root, "add", "CHANGELOG.md")


def _wanted_files(calls: Sequence[Call]) -> dict[str, str]:
    """A file for each path that is named, or one for all names and texts, long enough for each line that is named."""
    paths = [path for call in calls if call[0] != "write_file" for path in _paths(call)] or ["shop/orders.py"]
    symbols = [str(arguments[name]) for _, arguments in calls for name in _SYMBOL_ARGUMENTS if name in arguments]
    texts = [str(arguments[name]) for _, arguments in calls for name in _TEXT_ARGUMENTS if name in arguments]
    lines = max((int(value) for _, arguments in calls for value in arguments.values() if type(value) is int), default=0)
    files: dict[str, str] = {}
    for path in paths:
        path = path if "." in path.rsplit("/", 1)[-1] else f"{path.rstrip('/')}/part.py"
        is_python = path.endswith(".py")
        written = list(_definitions(symbols, path)) if is_python else symbols
        written += [f"{'# ' if is_python else ''}{text}" for text in texts]
        mark = "#" if is_python else "-"
        written += [f"{mark} line {number}" for number in range(len(written) + 1, min(lines, _MOST_LINES) + 3)]
        files[path] = "\n".join(written) + "\n"
    return files


def _definitions(symbols: Sequence[str], path: str) -> Iterator[str]:
    """Classes and functions of these names, and a use of each; a file of tests has them as tests."""
    for symbol in symbols:
        parts = [part for part in symbol.split(".") if part.isidentifier() and not keyword.iskeyword(part)]
        if not parts:
            continue
        if len(parts) > 1 or parts[0].lstrip("_")[:1].isupper():
            owner, method = parts[-2] if len(parts) > 1 else parts[0], parts[-1] if len(parts) > 1 else "run"
            yield str(_STAGED["class"]).strip().replace("OWNER", owner).replace("METHOD", method)
        else:
            yield str(_STAGED["function"]).strip().replace("NAME", parts[0])
    if re.match(r"(.*/)?test_", path):
        yield str(_STAGED["test"]).strip()


def _paths(call: Call) -> Iterator[str]:
    for name in _PATH_ARGUMENTS:
        value = call[1].get(name)
        items = cast("list[object]", value) if isinstance(value, list) else [value] if value else []
        for item in items:
            path = re.sub(r"::.*|:\d+$", "", str(item))
            is_inside = not path.startswith(("/", ".git/")) and ".." not in path.split("/")
            if path not in ("", ".") and is_inside and re.fullmatch(r"[\w./-]+", path):
                yield path


def _branches(calls: Sequence[Call]) -> set[str]:
    named = {str(arguments[name]) for _, arguments in calls for name in _REVISION_ARGUMENTS if name in arguments}
    named |= {
        str(arguments["name"]) for tool, arguments in calls if tool == "git_branch" and not arguments.get("create")
    }
    return {end for name in named for end in re.split(r"\.\.\.?", name) if re.fullmatch(r"[A-Za-z][\w./-]*", end)}


def _write(root: Path, path: str, text: str) -> None:
    file = root / path
    if any(parent.is_file() for parent in file.parents) or file.is_dir():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _commit(root: Path, message: str, author: tuple[str, str], date: str) -> None:
    name, email = author
    _git(root, "add", "-A")
    who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    who |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email, "GIT_COMMITTER_DATE": date}
    _git(root, "commit", "-q", "--no-verify", "--allow-empty", "-m", message, environment=who)


def _git(root: Path, *arguments: str, environment: Mapping[str, str] | None = None, is_needed: bool = True) -> bool:
    """Whether it worked. The person's own settings play no part: the same request gives the same repository."""
    own = {**clean_environment(), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    environment = {**own, **(environment or {})}
    run = run_process(["git", *arguments], cwd=root, timeout=_SECONDS_A_COMMAND, environment=environment)
    if is_needed and run.exit_code != 0:
        raise StagingError(f"git {arguments[0]}: {run.stderr.decode('utf-8', 'replace').strip()}")
    return run.exit_code == 0
