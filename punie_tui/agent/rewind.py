"""Going back to the end of an earlier turn, and forward again, with the files that the turns changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from punie_tools.changes.journal import Journal
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.errors import ToolError
from punie_tui.agent.events import SessionRewound
from punie_tui.agent.session_record import RecordedTurn, SessionError, SessionRecord


def rewind_files(record: SessionRecord, to_turn: str, journal: Journal | None) -> SessionRewound | None:
    """Make the files what they were at the end of a turn; the event that tells of it, None where the session is there.

    All turns on the way move, or none does, and with them what the person had punie change since. Raises SessionError,
    and ToolError where somebody else changed a file since.
    """
    places = {turn.turn_id: number for number, turn in enumerate(record.turns, 1)}
    if to_turn and to_turn not in places:
        raise SessionError(f"There is no turn {to_turn} in this session.")
    target = places[to_turn] if to_turn else 0
    if target == record.kept:
        return None
    if target < record.kept:
        return SessionRewound(to_turn=to_turn, undone=_undo(record, target, journal))
    return SessionRewound(to_turn=to_turn, redone=_redo(record, target, journal))


def told_refusal(error: ChangedSinceError) -> str:
    """What differs, and at its end, which a chat shows first, that nothing was done and what can be."""
    files = ", ".join(view.path for view in error.views)
    return (
        f"{error}\nThe session stays where it is: going there would lose what was changed since in {files}. "
        "Take that back first (/undo if punie changed it, else git or your editor), or fork there, by f in the list "
        "of turns: files then stay as they are."
    )


def has_forgotten_edits(turns: Sequence[RecordedTurn], journal: Journal | None) -> bool:
    """Whether one of the turns changed files that nobody can restore any more."""
    known = {turn.turn for turn in journal.turns()} if journal else set[str]()
    return any(turn.has_edits and turn.turn_id not in known for turn in turns)


def still_undone(turns: Sequence[RecordedTurn], journal: Journal | None) -> list[RecordedTurn]:
    """Those whose changes the person took back by hand, and which so stay taken back."""
    undone = _in_journal(journal, is_undone=True)
    return [turn for turn in turns if turn.turn_id in undone]


def _undo(record: SessionRecord, target: int, journal: Journal | None) -> list[str]:
    """The session's turns after the target, and what was done by hand since the first of them began."""
    if journal is None:
        return []
    turns = {turn.turn_id for turn in record.turns[target : record.kept]}
    by_hand, since = record.changed_by_hand, _began(record, target)
    wanted = [
        each.turn
        for each in reversed(journal.turns())
        if not each.is_undone and (each.turn in turns or (each.turn in by_hand and each.time >= since))
    ]
    _all_or_none(wanted, journal.undo, journal.redo)
    return wanted


def _redo(record: SessionRecord, target: int, journal: Journal | None) -> list[str]:
    """Only what the session took back itself: what the person undid by hand stays undone."""
    if journal is None:
        return []
    own = {turn.turn_id for turn in record.turns}
    turns = {turn.turn_id for turn in record.turns[record.kept : target]}
    until = _began(record, target)
    wanted = [
        each.turn
        for each in journal.turns()
        if each.is_undone
        and each.turn in record.taken_back
        and (each.turn in turns or (each.turn not in own and each.time < until))
    ]
    _all_or_none(wanted, journal.redo, journal.undo)
    return wanted


def _began(record: SessionRecord, place: int) -> float:
    """When the turn after so many began."""
    return record.turns[place].started.time.timestamp() if place < len(record.turns) else math.inf


def _in_journal(journal: Journal | None, *, is_undone: bool) -> set[str]:
    return {turn.turn for turn in journal.turns() if turn.is_undone is is_undone} if journal else set()


def _all_or_none(turns: Sequence[str], move: Callable[[str], object], back: Callable[[str], object]) -> None:
    moved: list[str] = []
    try:
        for turn in turns:
            move(turn)
            moved.append(turn)
    except ToolError:
        for turn in reversed(moved):
            back(turn)
        raise
