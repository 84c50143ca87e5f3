"""Reading a long session takes work in proportion to its length, counted in calls of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    Event,
    PersonActed,
    SessionRewound,
    TextStreamed,
    ToolApproved,
    ToolFinished,
    ToolRequested,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from punie_tui.agent.mentioned_notes import attached_notes
from punie_tui.agent.session_record import SessionRecord
from punie_tui.app.replay import parts_of
from tests.counted_calls import calls_made_by

TURNS = 100


def turns(count: int, first: int = 0) -> Iterator[Event]:
    for number in range(first, first + count):
        turn, call = f"t{number}", f"c{number}"
        yield TurnStarted(turn_id=turn, prompt="and then?", model="nano")
        yield ToolRequested(turn_id=turn, call_id=call, tool="list_files", arguments={})
        yield ToolApproved(turn_id=turn, call_id=call, by="policy")
        yield ToolStarted(turn_id=turn, call_id=call)
        result = {"files": [f"{number}.py"], "file_count": 1, "truncated": False}
        yield ToolFinished(turn_id=turn, call_id=call, tool="list_files", result=result, summary="1 file.", seconds=0.1)
        yield TextStreamed(turn_id=turn, text="Done.")
        yield TurnFinished(turn_id=turn, reason="done", answer="Done.")
        yield PersonActed(text="Committed.")


def a_plain_session(count: int) -> list[Event]:
    return [*turns(count)]


def a_session_with_something_taken_back(count: int) -> list[Event]:
    """`taken_back` holds a turn that is still there while all the others come."""
    return [*turns(3), SessionRewound(to_turn="t1", undone=["t1", "t2"]), *turns(count, 3)]


@pytest.mark.parametrize("session", [a_plain_session, a_session_with_something_taken_back])
def test_twice_the_turns_take_twice_the_work(session: Callable[[int], list[Event]]) -> None:
    def resume(count: int) -> Callable[[], object]:
        read = session(count)

        def work() -> None:
            events = SessionRecord(read).events
            Conversation.from_events(events)
            attached_notes(events)
            parts_of(events)

        return work

    calls_made_by(resume(TURNS))
    assert calls_made_by(resume(2 * TURNS)) < 2.2 * calls_made_by(resume(TURNS))


def test_what_was_taken_back_with_turns_that_are_left_behind_is_not_made_again() -> None:
    record = SessionRecord(a_session_with_something_taken_back(1))
    assert [turn.turn_id for turn in record.turns] == ["t0", "t1", "t3"]
    assert record.taken_back == {"t1"}
