"""Streamed text that is shown at once: nothing of it is lost, and nothing passes anything else."""

from __future__ import annotations

from punie_tui.agent.events import Event, ReasoningStreamed, TextStreamed, TurnFinished, TurnStarted
from punie_tui.app.joined_events import joined


def test_only_neighbours_of_one_kind_and_turn_are_joined() -> None:
    events: list[Event] = [
        TurnStarted(turn_id="1", prompt="p", model="m"),
        TextStreamed(turn_id="1", text="a"),
        TextStreamed(turn_id="1", text="b"),
        ReasoningStreamed(turn_id="1", text="c"),
        TextStreamed(turn_id="1", text="d"),
        TextStreamed(turn_id="2", text="e"),
        TextStreamed(turn_id="2", text="f"),
        TurnFinished(turn_id="2", reason="done", answer="ef"),
        TurnFinished(turn_id="2", reason="done", answer="ef"),
    ]
    told = [(each.kind, each.turn_id, getattr(each, "text", None)) for each in joined(events)]
    assert told == [
        ("turn_started", "1", None),
        ("text_streamed", "1", "ab"),
        ("reasoning_streamed", "1", "c"),
        ("text_streamed", "1", "d"),
        ("text_streamed", "2", "ef"),
        ("turn_finished", "2", None),
        ("turn_finished", "2", None),
    ]
    assert [each.text for each in events if each.kind == "text_streamed"] == ["a", "b", "d", "e", "f"]
