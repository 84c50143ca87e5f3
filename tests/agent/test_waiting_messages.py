"""Messages that wait are kept in the session's file: in their order, once, and by no copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from punie_tui.agent.attachment import Attachment
from punie_tui.agent.events import MessageQueued, QueueChanged, SessionStarted, TurnStarted, TurnSteered
from punie_tui.agent.session import Session
from punie_tui.agent.session_log import SessionLog
from punie_tui.agent.session_record import SessionRecord, read_record
from punie_tui.agent.waiting_messages import WaitingMessages
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

STARTED = SessionStarted(punie_version="0", workspace="/somewhere", model="nano")
NOTE = Attachment(kind="output", name="ls", text="a\n")
ONE, TWO, THREE = (MessageQueued(text=text, message_id=text, attachments=(NOTE,)) for text in ("one", "two", "three"))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SessionLog]:
    with closing(SessionLog.create(tmp_path, STARTED)) as log:
        yield log


def texts(record: SessionRecord) -> list[str]:
    return [message.text for message in record.waiting]


def test_the_last_order_counts_and_each_message_is_written_once(log: SessionLog) -> None:
    waiting = WaitingMessages()
    assert not waiting.keep([ONE, TWO])
    waiting.begin(log)
    assert waiting.keep([TWO, ONE, THREE])
    waiting.write()
    assert not waiting.keep([TWO, ONE, THREE])
    waiting.write()
    waiting.keep([THREE, ONE])
    waiting.write()
    assert texts(read_record(log.path)) == ["three", "one"]
    assert read_record(log.path).waiting[0].attachments == (NOTE,)
    kinds = [line.partition(b",")[0] for line in log.path.read_bytes().splitlines()]
    assert kinds.count(b'{"kind":"message_queued"') == 3
    assert kinds.count(b'{"kind":"queue_changed"') == 3


def test_a_crash_between_the_two_lines_keeps_the_message_and_one_after_the_turn_began_does_not_send_it_twice() -> None:
    assert texts(SessionRecord([STARTED, ONE])) == ["one"]
    both = [STARTED, ONE, TWO, QueueChanged(waiting=["one", "two"])]
    assert texts(SessionRecord([*both, TurnStarted(turn_id="t", prompt="one", model="nano")])) == ["two"]
    turn = TurnStarted(turn_id="t", prompt="zero", model="nano")
    assert texts(SessionRecord([turn, *both, TurnSteered(turn_id="t", text="two")])) == ["one"]
    assert SessionRecord(both).turns == []


def test_what_waits_goes_along_into_another_session_and_no_longer_waits_in_this_one(
    log: SessionLog, tmp_path: Path
) -> None:
    waiting = WaitingMessages()
    waiting.begin(log)
    waiting.keep([ONE])
    waiting.write()
    with closing(SessionLog.create(tmp_path / "other", STARTED)) as other:
        waiting.go_to(other)
        waiting.keep([ONE])
        waiting.write()
        assert texts(read_record(other.path)) == ["one"]
    assert texts(read_record(log.path)) == []


def test_a_session_offers_what_waited_when_it_is_gone_on_with_and_a_copy_does_not(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    with closing(Session(root, ScriptedEngine([[TextDelta("a")]]), Settings())) as session:
        session.keep_waiting([ONE, TWO])
        list(session.run("zero"))
        name = session.session_id
        fork = session.sessions.fork(session.sessions.find(name))
    with closing(Session(root, ScriptedEngine([]), Settings())) as session:
        assert session.resume(name)
        assert [message.text for message in session.take_waiting()] == ["one", "two"]
        assert session.take_waiting() == ()
        # Whoever asks the session nothing more leaves them for the next time.
    with closing(Session(root, ScriptedEngine([]), Settings())) as session:
        assert session.resume(fork.stem)
        assert session.take_waiting() == ()
        assert session.resume(name)
        assert len(session.take_waiting()) == 2
