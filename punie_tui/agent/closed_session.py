"""Going back to the end of a turn, and forward again, in a session that no program has open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from punie_tools.changes.journal import Journal
from punie_tui.agent.events import SessionClosed, SessionRewound
from punie_tui.agent.rewind import FORGOTTEN_EDITS, has_forgotten_edits, rewind_files, told_place, told_where
from punie_tui.agent.session_log import SessionInUseError, SessionLog
from punie_tui.agent.session_record import SessionError, SessionRecord, read_record


@dataclass(frozen=True)
class MovedSession:
    """Where a session stands after it went there. `warning` says what could not go along, if anything."""

    record: SessionRecord
    event: SessionRewound
    told: str
    warning: str


def move_session(path: Path, name: str, journal: Journal, *, is_back: bool) -> MovedSession:
    """Go back, or forward, to the end of the turn of a number or an id, with its files; without a name to the last one.

    All stays as it is where it raises: SessionError, and ToolError where a file was changed since.
    """
    try:
        log = SessionLog(path)
    except SessionInUseError:
        raise SessionError(f"Session {path.stem} is open in another punie; go to the turn there.") from None
    try:
        if log.problem:
            raise SessionError(f"Session {path.stem} cannot be written: {log.problem}.")
        return _move(log, read_record(path), name, journal, is_back=is_back)
    finally:
        log.close()


def _move(log: SessionLog, record: SessionRecord, name: str, journal: Journal, *, is_back: bool) -> MovedSession:
    start, cut_off = record.kept, record.end_of_cut_off_turn()
    to_turn = record.turn_id_of(name or str(len(record.turns)))
    target = record.place_of(to_turn)
    if target != start and (target < start) is not is_back:
        way = "forward" if is_back else "rewind"
        raise SessionError(f"The session stands {told_where(record)}; `punie sessions {way}` goes there.")
    event = rewind_files(record, to_turn, journal)
    if event is None:
        raise SessionError(f"The session stands {told_where(record)} already; nothing was done.")
    for each in (cut_off, event):
        if each is not None:
            log.append(each)
            record.add(each)
    log.append(SessionClosed())
    is_forgotten = has_forgotten_edits(record.turns_between(start, record.kept), journal)
    return MovedSession(
        record, event, told_place(record, journal, redo="punie redo"), FORGOTTEN_EDITS if is_forgotten else ""
    )
