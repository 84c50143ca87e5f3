"""`punie init`: draft AGENTS.md from what the project's files say; nothing that stands there is changed."""

from __future__ import annotations

import argparse
import sys
import termios
from contextlib import suppress
from pathlib import Path

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import diff_of, make_changes
from punie_tools.changes.journal import Journal, journal_folder
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.revealed_text import revealed_text
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.agent.notes_draft import draft_notes
from punie_tui.agent.turn import new_turn_id
from punie_tui.commands.terminal import can_ask, common_options, existing_folder, print_error
from punie_tui.own_files import home_directory


def run(argv: list[str]) -> int:
    """Show the draft as a patch, and write it once the person says so."""
    options = _parser().parse_args(argv)
    try:
        folder = existing_folder(options.folder or options.cwd)
        context = ToolContext(Workspace.at(folder), changes=_changes(folder))
        change = draft_notes(context)
        if change.before == change.after:
            print(f"{change.path} has all that a draft would say.")
            return 0
        print(revealed_text(diff_of(change).text))
        if not (options.yes or _wants(change)):
            return 0
        make_changes(context, [change])
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    except ToolError as error:
        print_error(str(error))
        return 1
    print(f"{'Changed' if change.before else 'Wrote'} {change.path}; `punie undo` takes it back.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie init",
        description="Draft AGENTS.md, the notes that a model reads before it works here, from what the project's own "
        "files say. Nothing of the project is run. One that is there keeps all that it says and gets the sections that "
        "it lacks.",
        parents=[common_options(model=False)],
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="of DIR (default: the current directory)")
    return parser


def _changes(folder: Path) -> SessionChanges:
    try:
        journal = Journal(journal_folder(home_directory("state"), folder), folder)
    except OSError:
        # A home that cannot be written costs undo, not the notes.
        journal = None
    changes = SessionChanges(folder, journal)
    changes.turn = new_turn_id()
    return changes


def _wants(change: FileChange) -> bool:
    if not can_ask():
        print("Nothing was written: `punie init --yes` does.", file=sys.stderr)
        return False
    with suppress(termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    print(f"{'Change' if change.before else 'Write'} {change.path}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
