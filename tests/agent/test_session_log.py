"""Session files: whole lines, and what a torn one costs."""

from __future__ import annotations

from pathlib import Path

from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    SessionStarted,
    TextStreamed,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnStarted,
)
from punie_tui.agent.session_log import SessionLog, latest_session, load_session, sessions_folder

STARTED = SessionStarted(punie_version="0", workspace="/somewhere", model="nano")


def test_events_come_back_as_they_went(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    event = TextStreamed(turn_id="t", text="tab\tline\nescape\x1b[31m ünï 🦊")
    log.append(event)
    log.close()
    assert load_session(log.path) == [STARTED, event]
    assert log.path.read_bytes().count(b"\n") == 2


def test_a_torn_last_line_loses_only_itself_and_appending_goes_on(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    log.append(TextStreamed(text="kept"))
    log.close()
    log.path.write_bytes(log.path.read_bytes() + b'{"kind":"text_streamed","te')
    again = SessionLog(log.path)
    again.append(TextStreamed(text="after"))
    again.close()
    texts = [event.text for event in load_session(log.path) if isinstance(event, TextStreamed)]
    assert texts == ["kept", "after"]


def test_foreign_and_newer_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(STARTED.model_dump_json().encode() + b'\n\x00\xff\n[1]\n{"kind":"from_the_future"}\n\n')
    assert load_session(path) == [STARTED]


def test_the_newest_session_is_found_and_namesakes_are_apart(tmp_path: Path) -> None:
    folder = sessions_folder(tmp_path, Path("/a/project"))
    assert folder != sessions_folder(tmp_path, Path("/b/project"))
    assert latest_session(folder) is None
    logs = [SessionLog.create(folder, STARTED) for _ in range(2)]
    assert latest_session(folder) == logs[1].path
    for log in logs:
        log.close()


def test_a_conversation_is_rebuilt_from_its_events() -> None:
    conversation = Conversation.from_events(
        [
            TurnStarted(prompt="any type errors?", model="nano"),
            ToolRequested(call_id="c", tool="typecheck", arguments={"path": "src"}),
            ToolFinished(call_id="c", tool="typecheck", result={"error_count": 2}, summary="2 errors.", seconds=1),
            TurnFinished(reason="done", answer="2 errors."),
        ]
    )
    assert [(message.role, message.content) for message in conversation.messages] == [
        ("user", "any type errors?"),
        ("assistant", ""),
        ("tool", '{"error_count": 2}'),
        ("assistant", "2 errors."),
    ]
    assert conversation.messages[1].calls[0].arguments == {"path": "src"}
