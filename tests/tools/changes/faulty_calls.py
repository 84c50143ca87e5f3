"""Runs tools where the system refuses to write: a process of its own, since a mount or a limit is for all of it.

Reads JSON from stdin, and writes as JSON for each call [whether it was done, its error], and the journal's turns.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace


def main() -> None:
    """Set the scene as asked, then make the calls; `undo` and `redo` too, and an action is asked for first."""
    asked: dict[str, Any] = json.load(sys.stdin)
    root, journal_folder = Path(asked["root"]), Path(asked["journal"])
    journal = Journal(journal_folder, root)
    for name in asked.get("before", []):
        _call(root, journal, *name)
    if "read_only" in asked:
        _mount("--bind", asked["read_only"], asked["read_only"])
        _mount("-o", "remount,bind,ro", asked["read_only"])
    if "file_limit" in asked:
        limit = asked["file_limit"]
        limit = (journal_folder / "journal.jsonl").stat().st_size if limit == "journal" else limit
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if "fill" in asked:
        _fill(Path(asked["fill"]), asked.get("free", 0))
    done = [_call(root, journal, *each) for each in asked["calls"]]
    if "fill" in asked:
        (Path(asked["fill"]) / "filler").unlink()
    turns = [[turn.turn, list(turn.paths), turn.is_undone] for turn in journal.turns()]
    files = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}
    sys.stdout.write(json.dumps({"calls": done, "turns": turns, "files": files}))


def _call(root: Path, journal: Journal, name: str, arguments: dict[str, object]) -> tuple[bool, str]:
    context = ToolContext(Workspace.at(root), changes=SessionChanges(root, journal))
    try:
        if name in ("undo", "redo"):
            getattr(journal, name)()
        elif name == "apply_code_action":
            offered: Any = find_tool("code_actions").run(context, arguments)
            find_tool(name).run(context, {"id": offered.actions[0].id})
        else:
            find_tool(name).run(context, arguments)
    except ToolError as error:
        return False, str(error)
    return True, ""


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _fill(folder: Path, free: int) -> None:
    """Leave so many bytes on the disk."""
    with (folder / "filler").open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        file.truncate(file.tell() - free)


if __name__ == "__main__":
    main()
