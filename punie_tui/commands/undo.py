"""`punie undo`: take back what punie changed in a turn, and nothing else."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime

from punie_tools.changes.journal import Journal, JournalTurn, journal_folder
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.errors import ToolError, reason_of
from punie_tools.safe_text import safe_text
from punie_tui.commands.terminal import common_options, existing_folder, print_error
from punie_tui.own_files import home_directory


def run(argv: list[str], *, is_undo: bool = True) -> int:
    """Undo (or redo) a turn, or list the turns that can be."""
    options = _parser("undo" if is_undo else "redo").parse_args(argv)
    try:
        folder = existing_folder(options.cwd)
        journal = Journal(journal_folder(home_directory("state"), folder), folder)
        if options.list:
            _print_turns(journal.turns(), as_json=options.json)
            return 0
        turn = journal.undo(options.turn) if is_undo else journal.redo(options.turn)
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    except ChangedSinceError as error:
        print_changed_since(error, as_json=options.json)
        return 1
    except ToolError as error:
        print_error(str(error))
        return 1
    except OSError as error:
        print_error(f"the journal cannot be used: {reason_of(error)}.")
        return 1
    if options.json:
        print(json.dumps({"success": True, **_row(turn, is_undone=is_undo)}, indent=2))
        return 0
    done = "Took back" if is_undo else "Made again"
    print(safe_text(f"{done} the changes of {_when(turn)}: {', '.join(turn.paths)}", single_line=True))
    return 0


def print_changed_since(error: ChangedSinceError, *, as_json: bool) -> None:
    """What differs is shown whole: it is what the person has to decide about."""
    if as_json:
        print(json.dumps({"success": False, "changed_since": [view.model_dump() for view in error.views]}, indent=2))
        print_error("files were changed since; nothing was done.")
    else:
        print(f"punie: {safe_text(error.told())}", file=sys.stderr)


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"punie {verb}",
        description="Files become what they were before a turn (undo), or after it (redo). A file that was edited "
        "since is never overwritten: then nothing happens, and the difference is shown.",
        parents=[common_options(model=False)],
    )
    parser.add_argument("turn", nargs="?", metavar="TURN", help="the turn's name, from --list; without it the last one")
    parser.add_argument("--list", action="store_true", help="list the turns that changed files")
    parser.add_argument("--json", action="store_true", help="print JSON; of files that were changed since all versions")
    return parser


def _print_turns(turns: list[JournalTurn], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_row(turn, is_undone=turn.is_undone) for turn in turns], indent=2))
        return
    for turn in turns:
        state = "undone" if turn.is_undone else "done"
        print(safe_text(f"{turn.turn}  {_when(turn)}  {state:<6}  {', '.join(turn.paths)}", single_line=True))
    if not turns:
        print("No turn has changed files here.")


def _row(turn: JournalTurn, *, is_undone: bool) -> dict[str, object]:
    return {"turn": turn.turn, "time": _when(turn), "files": turn.paths, "is_undone": is_undone}


def _when(turn: JournalTurn) -> str:
    return datetime.fromtimestamp(turn.time).astimezone().isoformat(timespec="seconds")
