"""Sessions: saved as they go, resumed, and what trust changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from punie_tui.agent.events import ToolFinished
from punie_tui.agent.session import Session
from punie_tui.agent.session_log import load_session
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings

OpenSession = Callable[..., Session]


@pytest.fixture
def open_session() -> Iterator[OpenSession]:
    """Open sessions with scripted replies; all are closed in the end."""
    with ExitStack() as opened:

        def start(folder: Path, *replies: Reply, **options: bool) -> Session:
            engine = ScriptedEngine(replies, writes_answers=False)
            return opened.enter_context(closing(Session(folder.resolve(), engine, Settings(), **options)))

        yield start


def test_every_event_is_on_disk_when_it_is_told(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(tmp_path, [TextDelta("Hello")])
    for event in session.run("hi"):
        assert session.log is not None
        assert load_session(session.log.path)[-1] == event
    session.close()


def test_a_session_goes_on_where_it_ended(open_session: OpenSession, tmp_path: Path) -> None:
    first = open_session(tmp_path, [ToolCall("c", "list_files", {})])
    told = list(first.run("files?"))
    first.close()
    engine = ScriptedEngine([[TextDelta("again")]])
    second = Session(tmp_path.resolve(), engine, Settings())
    assert second.resume()
    assert list(second.earlier_events)[1:] == told
    list(second.run("and now?"))
    second.close()
    roles = [message.role for message in engine.requests[0].messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert second.log is not None
    assert first.log is not None
    assert second.log.path == first.log.path


def test_without_an_earlier_session_there_is_nothing_to_resume(open_session: OpenSession, tmp_path: Path) -> None:
    assert not open_session(tmp_path).resume()


def test_a_home_that_cannot_be_written_costs_the_record_only(
    open_session: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUNIE_HOME", str(tmp_path / "file"))
    session = open_session(tmp_path, [TextDelta("Hello")])
    assert list(session.run("hi"))[-1].kind == "turn_finished"
    assert "not saved" in caplog.text
    session.close()


def test_trusting_a_folder_lets_its_tests_run_without_asking(
    open_session: OpenSession, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"test_a.py": "def test_a():\n    assert True\n"})
    call = ToolCall("c", "pytest_run", {})
    denied = [event.kind for event in open_session(root, [call]).run("test")]
    assert "tool_denied" in denied
    session = open_session(root, [call])
    session.trust.trust()
    approved = [event for event in session.run("test") if event.kind == "tool_approved"]
    assert [event.by for event in approved] == ["trust"]
    again = open_session(root, [call])
    assert again.workspace.is_trusted
    elsewhere = make_repository({"test_a.py": ""}, name="elsewhere")
    assert not open_session(elsewhere).workspace.is_trusted


def test_yes_allows_edits(open_session: OpenSession, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    session = open_session(
        tmp_path, [ToolCall("c", "edit_file", {"path": "a.txt", "old": "x", "new": "y"})], allow_all=True
    )
    assert [event.by for event in session.run("go") if event.kind == "tool_approved"] == ["--yes"]
    assert (tmp_path / "a.txt").read_text() == "y"


def test_the_language_server_is_shared_by_the_turns_and_ends_with_the_session(
    open_session: OpenSession, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("x: int = 'a'\n")
    check = ToolCall("c", "typecheck", {"path": "."})
    session = open_session(tmp_path, [check], [check])
    results = [event.result for _ in range(2) for event in session.run("types?") if isinstance(event, ToolFinished)]
    assert [(each["error_count"], each["files_rechecked"]) for each in results] == [(1, 1), (1, 0)]
    servers = [child for child in psutil.Process().children() if any("langserver" in word for word in child.cmdline())]
    assert len(servers) == 1
    session.close()
    assert not psutil.pid_exists(servers[0].pid)
