"""Going back to the end of an earlier turn, and forward again, with the files that the turns changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from punie_tools.changes.journal import Journal
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.errors import ToolError
from punie_tui.agent.events import SessionRewound
from punie_tui.agent.session_record import RecordedTurn, SessionRecord

FORGOTTEN_EDITS = "Some of these turns changed files too long ago to be undone; those files stay."


def rewind_files(record: SessionRecord, to_turn: str, journal: Journal | None) -> SessionRewound | None:
    """Make the files what they were at the end of a turn; the event that tells of it, None where the session is there.

    All turns on the way move, or none does, and with them what the person had punie change since. Raises SessionError,
    and ToolError where somebody else changed a file since.
    """
    target = record.place_of(to_turn)
    if target == record.kept:
        return None
    if target < record.kept:
        return SessionRewound(to_turn=to_turn, undone=_undo(record, target, journal))
    return SessionRewound(to_turn=to_turn, redone=_redo(record, target, journal))


def told_where(record: SessionRecord) -> str:
    """`at the end of turn 2 of 3`."""
    return f"at the end of turn {record.kept} of {len(record.turns)}" if record.kept else "before the first turn"


def told_place(record: SessionRecord, journal: Journal | None, *, redo: str) -> str:
    """Where the session stands, and what of it was taken back by hand and so stays so; `redo` makes that again."""
    undone = still_undone(record.current_turns, journal)
    place = told_where(record)
    forward = " The later turns wait until you ask for something new." if record.kept < len(record.turns) else ""
    if not undone:
        return f"The session and its files stand {place}.{forward}"
    numbers = [str(record.turns.index(turn) + 1) for turn in undone]
    turns = f"turn {numbers[0]}" if len(undone) == 1 else f"turns {', '.join(numbers)}"
    again = ", ".join(f"{redo} {turn.turn_id}" for turn in undone)
    return (
        f"The session stands {place}, and its files do but for what {turns} changed: you took that back yourself. "
        f"To have it again: {again}.{forward}"
    )


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
