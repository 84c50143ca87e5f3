"""What the person says while a turn runs: the model reads it at the next step, and a resumed session still knows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, TextStreamed, ToolFinished, TurnSteered
from punie_tui.agent.session import Session
from punie_tui.agent.session_markdown import session_markdown
from punie_tui.agent.steering import SteeringMessage
from punie_tui.app.session_page import session_page
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings


def open_session(folder: Path, *replies: Reply, writes_answers: bool = True) -> tuple[Session, ScriptedEngine]:
    engine = ScriptedEngine(replies, writes_answers=writes_answers)
    return Session(folder.resolve(), engine, Settings()), engine


def steered_after(session: Session, kind: type[Event], message: SteeringMessage) -> list[Event]:
    """The events of a turn that is steered when the first event of a kind comes."""
    events: list[Event] = []
    for event in session.run("go"):
        if isinstance(event, kind) and not any(isinstance(each, kind) for each in events):
            session.steer(message)
        events.append(event)
    return events


def test_it_is_read_after_the_result_at_hand_and_resumed_with_the_session(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    session, engine = open_session(tmp_path, [ToolCall("c", "list_files", {})], [TextDelta("fine")])
    with closing(session):
        events = steered_after(session, ToolFinished, SteeringMessage("only @a.py", ("@a.py",)))
        kinds = [event.kind for event in events]
        assert kinds[-3:] == ["turn_steered", "text_streamed", "turn_finished"]
        asked = engine.requests[1].messages
        assert [message.role for message in asked] == ["system", "user", "assistant", "tool", "user"]
        assert asked[-1].content == "only a.py"
        assert "x = 1" in asked[-1].whole
        live = list(asked)
        record = session.record()
        assert "> only @a.py" in session_markdown(record, "talk")
        assert '<div class="prompt">only @a.py</div>' in session_page(record, "talk")
    again, engine = open_session(tmp_path, [TextDelta("more")])
    with closing(again):
        assert again.resume()
        assert TurnSteered in {type(event) for event in again.earlier_events}
        list(again.run("and now?"))
        assert list(engine.requests[0].messages[: len(live)]) == live


def test_a_turn_that_would_end_goes_on_with_it(tmp_path: Path) -> None:
    session, engine = open_session(tmp_path, [TextDelta("one")], [TextDelta("two")])
    with closing(session):
        events = steered_after(session, TextStreamed, SteeringMessage("shorter"))
        assert [event.kind for event in events] == [
            "turn_started",
            "text_streamed",
            "turn_steered",
            "text_streamed",
            "turn_finished",
        ]
        assert [message.content for message in engine.requests[1].messages[1:]] == ["go", "one", "shorter"]
        assert Conversation.from_events(events).messages[1:3] == list(engine.requests[1].messages[2:])


def test_a_model_that_routes_reads_one_request(tmp_path: Path) -> None:
    session, engine = open_session(tmp_path, [ToolCall("c", "list_files", {})], writes_answers=False)
    with closing(session):
        assert not session.steer(SteeringMessage("and this"))
        assert "turn_steered" not in [event.kind for event in session.run("go")]
        assert len(engine.requests) == 1


def test_what_was_not_read_can_be_taken_back(tmp_path: Path) -> None:
    session, _engine = open_session(tmp_path, [TextDelta("one")])
    message = SteeringMessage("no, wait")
    with closing(session):
        session.steer(message)
        assert session.take_back_steering(message)
        assert not session.take_back_steering(message)
        assert "turn_steered" not in [event.kind for event in session.run("go")]


def test_a_steered_turn_is_trimmed_as_one() -> None:
    conversation = Conversation()
    conversation.add_prompt("old " * 400)
    conversation.add_reply("done", ())
    conversation.add_prompt("new " * 400)
    conversation.add_reply("half", ())
    conversation.add_steering("shorter")
    messages, trimmed = conversation.fitted(600)
    assert trimmed is not None
    assert [message.content.strip()[:7] for message in messages[1:]] == ["new new", "half", "shorter"]
