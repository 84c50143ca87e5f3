"""Turns where nano reads each request before a bigger model: nano is the real one, the bigger one a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, RequestRouted, TextStreamed, ToolFinished, ToolRequested, TurnFinished
from punie_tui.agent.session import Session
from punie_tui.agent.steering import SteeringMessage
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Engine, TextDelta, ToolCall
from punie_tui.engine.routed_engine import RoutedEngine
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = open_engine("nano")
    yield engine
    engine.close()


class _Kept(RoutedEngine):
    """Leaves nano open for the next test."""

    def close(self) -> None:
        pass


def open_session(root: Path, nano: Engine, *replies: Reply) -> tuple[Session, ScriptedEngine]:
    (root / "a.py").write_text("total = 1\n", encoding="utf-8")
    writer = ScriptedEngine(replies, model_name="big")
    return Session(root.resolve(), _Kept(nano, writer, 0.7), Settings()), writer


def end_of(events: list[Event]) -> TurnFinished:
    end = events[-1]
    assert isinstance(end, TurnFinished)
    return end


def routed(events: list[Event]) -> list[tuple[str, bool]]:
    return [(event.model, event.is_handed_over) for event in events if isinstance(event, RequestRouted)]


def test_a_sure_request_ends_with_its_results_summary_and_the_bigger_model_goes_on_from_it(
    tmp_path: Path, nano: Engine
) -> None:
    session, writer = open_session(tmp_path, nano, [TextDelta("One file, a.py.")])
    with closing(session):
        events = list(session.run("list all files"))
        assert routed(events) == [("nano", False)]
        assert [event.tool for event in events if isinstance(event, ToolRequested)] == ["list_files"]
        (finished,) = [event for event in events if isinstance(event, ToolFinished)]
        assert (end_of(events).reason, end_of(events).answer) == ("done", finished.summary)
        assert writer.requests == []

        events += list(session.run("explain what these are good for, and why"))
        assert routed(events)[1:] == [("big", True)]
        assert end_of(events).answer == "One file, a.py."
        (asked,) = writer.requests
        roles = [message.role for message in asked.messages]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
        assert "a.py" in asked.messages[3].content
        assert asked.messages[4].content == finished.summary
        # A session that is resumed knows the same.
        assert tuple(Conversation.from_events(events).messages[:5]) == asked.messages[1:]


def test_the_bigger_model_goes_on_from_a_call_of_nanos_that_failed(tmp_path: Path, nano: Engine) -> None:
    retry: Reply = [ToolCall("retry", "read_file", {"path": "a.py"})]
    session, writer = open_session(tmp_path, nano, retry, [TextDelta("It is a.py.")])
    with closing(session):
        events = list(session.run("open missing_module.py"))
        assert routed(events) == [("nano", False)]
        assert (end_of(events).reason, end_of(events).answer) == ("done", "It is a.py.")
        assert writer.requests[0].messages[-1].content.startswith("Error: ")


def test_the_bigger_model_goes_on_where_one_of_two_calls_failed(tmp_path: Path, nano: Engine) -> None:
    session, writer = open_session(tmp_path, nano, [TextDelta("Only a.py is there.")])
    with closing(session):
        events = list(session.run("open a.py and open missing_module.py"))
        assert [event.tool for event in events if isinstance(event, ToolRequested)] == ["read_file", "read_file"]
        assert (end_of(events).reason, end_of(events).answer) == ("done", "Only a.py is there.")
        assert len(writer.requests) == 1


def test_what_is_said_during_nanos_call_is_the_bigger_models_to_read(tmp_path: Path, nano: Engine) -> None:
    session, writer = open_session(tmp_path, nano, [TextDelta("Only that one.")])
    with closing(session):
        events: list[Event] = []
        for event in session.run("list all files"):
            if isinstance(event, ToolFinished):
                session.steer(SteeringMessage("which are empty?"))
            events.append(event)
        assert [event.text for event in events if isinstance(event, TextStreamed)] == ["Only that one."]
        assert [message.role for message in writer.requests[0].messages[1:]] == ["user", "assistant", "tool", "user"]
