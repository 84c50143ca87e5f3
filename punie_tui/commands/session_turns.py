"""The turns of a session for `punie sessions`: listed, gone back to with their files, and forward again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from punie_tools.changes.journal import Journal, journal_folder
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.errors import ToolError, reason_of
from punie_tools.safe_text import safe_text
from punie_tools.sentences import shortened
from punie_tui.agent.closed_session import MovedSession, move_session
from punie_tui.agent.session_list import SessionList
from punie_tui.agent.session_record import SessionError, SessionRecord, read_record
from punie_tui.commands.terminal import print_error
from punie_tui.commands.undo import print_changed_since
from punie_tui.own_files import home_directory

_PROMPT_COLUMNS = 60


def list_turns(sessions: SessionList, options: argparse.Namespace, folder: Path) -> int:
    """Each turn with its number, and where the session stands."""
    record = read_record(sessions.find(options.session))
    rows = _rows(record, _journal(folder))
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        prompt = shortened(" ".join(row["prompt"].split()), _PROMPT_COLUMNS)
        facts = [*(["here"] if row["is_here"] else []), *([] if row["counts"] else ["later"]), *_changed(row["files"])]
        told = "".join(f"  ({fact})" for fact in facts)
        print(safe_text(f"{row['number']:>3}  {row['time'][:16].replace('T', ' ')}  {prompt}{told}", single_line=True))
    if not record.kept:
        print("The session stands before its first turn (0)." if rows else "Nothing was asked in this session.")
    return 0


def _rows(record: SessionRecord, journal: Journal) -> list[dict[str, Any]]:
    files = {turn.turn: turn.paths for turn in journal.turns()}
    return [
        {
            "number": number,
            "turn": turn.turn_id,
            "time": turn.started.time.astimezone().isoformat(timespec="seconds"),
            "prompt": turn.prompt,
            "files": list(files.get(turn.turn_id, ())),
            "is_here": number == record.kept,
            "counts": number <= record.kept,
        }
        for number, turn in enumerate(record.turns, 1)
    ]


def _changed(files: list[str]) -> list[str]:
    return [f"changed {', '.join(files)}"] if files else []


def rewind(sessions: SessionList, options: argparse.Namespace, folder: Path) -> int:
    """To the end of an earlier turn."""
    return _go(sessions, options, folder, is_back=True)


def forward(sessions: SessionList, options: argparse.Namespace, folder: Path) -> int:
    """To the end of a later turn, the last one unless it is named."""
    return _go(sessions, options, folder, is_back=False)


def _go(sessions: SessionList, options: argparse.Namespace, folder: Path, *, is_back: bool) -> int:
    path = sessions.find(options.session)
    try:
        moved = move_session(path, options.turn, _journal(folder), is_back=is_back)
    except ChangedSinceError as error:
        print_changed_since(error, as_json=options.json)
        if not options.json:
            fork = f"`punie sessions fork {path.stem} --turn {options.turn or 'N'}`"
            print_error(
                f"the session stays where it is; {fork} goes on from there in a copy, with the files as they are."
            )
        return 1
    except ToolError as error:
        raise SessionError(str(error)) from None
    print(json.dumps(_moved(path, moved), indent=2) if options.json else safe_text(moved.told, single_line=True))
    if moved.warning:
        print_error(moved.warning)
    return 0


def _moved(path: Path, moved: MovedSession) -> dict[str, Any]:
    record, event = moved.record, moved.event
    return {
        "success": True,
        "session": path.stem,
        "turn": event.to_turn,
        "number": record.kept,
        "turns": len(record.turns),
        "undone": event.undone,
        "redone": event.redone,
    }


def _journal(folder: Path) -> Journal:
    try:
        return Journal(journal_folder(home_directory("state"), folder), folder)
    except OSError as error:
        raise SessionError(f"The journal cannot be used: {reason_of(error)}.") from None
