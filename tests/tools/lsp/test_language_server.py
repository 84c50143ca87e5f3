"""One server for a tree: restarted three times at most, stopped and closed in any phase, and never left over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.lsp.connection import ServerFailedError
from punie_tools.lsp.language_server import MOST_RESTARTS, LanguageServer
from punie_tools.lsp.server import Patience, Server
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.tools.lsp.fake_client import ECHO, StartFake, ask, is_gone, never, started_in

AT_ONCE = 10
"""Long on any machine, and far from what waiting for the server would take."""
LONG = Patience(start=30, answer=30, silence=30, check=30)


def test_after_three_restarts_a_call_fails_at_once_and_says_so(start_fake: StartFake, root: Path) -> None:
    server = start_fake("exit", always=True)
    for _ in range((1 + MOST_RESTARTS) // 2):
        with pytest.raises(ServerFailedError, match=r"it ended with code 7\.$"):
            ask(server)
    assert server.restarts == MOST_RESTARTS
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(ServerFailedError, match=r"code 7\. It was restarted 3 times, which is enough\.$"):
            ask(server)
    assert time.monotonic() - began < AT_ONCE
    assert len(started_in(root)) == 1 + MOST_RESTARTS
    assert server.pid is None


def test_three_restarts_are_all_there_are_however_long_the_server_lives(start_fake: StartFake, root: Path) -> None:
    server = start_fake("proper")
    for number in range(1 + MOST_RESTARTS):
        assert ask(server) == ECHO
        assert server.restarts == number
        assert server.pid
        kill(server.pid)
    with pytest.raises(ServerFailedError, match="restarted 3 times"):
        ask(server)
    assert len(started_in(root)) == 1 + MOST_RESTARTS


def kill(pid: int) -> None:
    psutil.Process(pid).kill()


def test_a_server_that_was_killed_while_idle_is_replaced(start_fake: StartFake, root: Path) -> None:
    server = start_fake("proper")
    ask(server)
    kill(started_in(root)[0])
    assert ask(server) == ECHO
    assert server.restarts == 1


def test_a_new_configuration_is_no_restart_that_counts(start_fake: StartFake, root: Path) -> None:
    server = start_fake("proper")
    for number in range(MOST_RESTARTS + 2):
        (root / "pyrightconfig.json").write_text("{}" + " " * number, encoding="utf-8")
        assert ask(server) == ECHO
        assert len(started_in(root)) == number + 1
    assert server.restarts == 0
    assert [is_gone(pid) for pid in started_in(root)] == [True] * (MOST_RESTARTS + 1) + [False]


def test_a_program_that_cannot_be_started_is_one_clear_line(root: Path) -> None:
    def program(*_: object) -> None:
        raise ToolError("node is not there.")

    server = LanguageServer(Workspace.at(root), program=program)  # pyright: ignore[reportArgumentType]
    for _ in range(2):
        with pytest.raises(ToolError, match=r"node is not there\."):
            ask(server)
    assert server.pid is None


PHASES = {
    "start": ("silent", "initialize"),
    "files": ("silent", "textDocument/didChange"),
    "request": ("silent", "test/question"),
    "blocked": ("close_stdin", "test/question"),
    "settle": ("begin_progress", "textDocument/didChange"),
    "barrier": ("silent", "punie/barrier"),
}
"""What a call waits for, with the server that makes it wait there."""


def work_of(phase: str, cancelled: threading.Event) -> Callable[[Server], object]:
    def work(server: Server) -> object:
        if phase in ("settle", "barrier", "files"):
            server.wait_until_settled(cancelled)
        return server.request("test/question", {"text": "x" * (10_000_000 if phase == "blocked" else 1)}, cancelled)

    return work


class Asking:
    """A call in another thread, stuck in a phase."""

    def __init__(self, pool: ThreadPoolExecutor, server: LanguageServer, phase: str, root: Path) -> None:
        self.cancelled = threading.Event()
        self.answer: Future[object] = pool.submit(server.call, work_of(phase, self.cancelled), self.cancelled)
        wait_for(lambda: (root.parent / "reached").exists())


def wait_for(is_reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("phase", PHASES)
def test_a_stop_is_quick_in_every_phase_and_the_next_call_works(start_fake: StartFake, root: Path, phase: str) -> None:
    server = start_fake(*PHASES[phase], patience=LONG)
    with ThreadPoolExecutor() as pool:
        asking = Asking(pool, server, phase, root)
        began = time.monotonic()
        asking.cancelled.set()
        with pytest.raises(ToolCancelledError):
            asking.answer.result(10)
        assert time.monotonic() - began < AT_ONCE
    if phase in ("start", "files"):
        assert server.pid is None
        assert ask(server) == ECHO
    elif phase != "blocked":
        cancelled = never()
        assert server.call(lambda run: run.request("test/other", 1, cancelled), cancelled) == {"echo": 1}
    assert server.restarts == 0


@pytest.mark.parametrize("phase", PHASES)
def test_close_ends_a_call_in_every_phase(start_fake: StartFake, root: Path, phase: str) -> None:
    server = start_fake(*PHASES[phase], patience=LONG, always=True)
    with ThreadPoolExecutor() as pool:
        asking = Asking(pool, server, phase, root)
        began = time.monotonic()
        server.close()
        assert [is_gone(pid) for pid in started_in(root)] == [True]
        with pytest.raises(ServerFailedError, match=r"is gone: it was closed\."):
            asking.answer.result(10)
        assert time.monotonic() - began < AT_ONCE
    with pytest.raises(ServerFailedError, match=r"is gone: it was closed\."):
        ask(server)
    assert len(started_in(root)) == 1


def test_one_call_is_served_after_the_other(start_fake: StartFake) -> None:
    server = start_fake("proper")
    inside = 0
    most = 0

    def work(run: Server) -> object:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        answer = run.request("test/question", {}, never())
        inside -= 1
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.call(work, never()), range(40)))
    assert answers == [{"echo": {}}] * 40
    assert most == 1


def test_who_waits_for_a_turn_can_be_stopped(start_fake: StartFake, root: Path) -> None:
    server = start_fake("silent", patience=LONG)
    with ThreadPoolExecutor() as pool:
        asking = Asking(pool, server, "request", root)
        cancelled = threading.Event()
        second = pool.submit(ask, server, cancelled)
        cancelled.set()
        with pytest.raises(ToolCancelledError):
            second.result(AT_ONCE)
        asking.cancelled.set()
    assert server.restarts == 0


def test_who_waits_for_a_turn_learns_of_the_end(start_fake: StartFake, root: Path) -> None:
    server = start_fake("silent", patience=LONG)
    with ThreadPoolExecutor() as pool:
        Asking(pool, server, "request", root)
        second = pool.submit(ask, server)
        server.close()
        with pytest.raises(ServerFailedError, match="it was closed"):
            second.result(2)


def test_a_stop_while_a_dead_server_is_replaced_does_not_use_up_a_restart(start_fake: StartFake, root: Path) -> None:
    server = start_fake("exit_then_silent", "initialize", always=True, patience=LONG)
    cancelled = threading.Event()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(ask, server, cancelled)
        wait_for(lambda: len(started_in(root)) == 2)
        cancelled.set()
        with pytest.raises(ToolCancelledError):
            answer.result(2)
    assert server.restarts == 0
    assert ask(server) == ECHO
    assert server.restarts == 1


def test_types_are_checked_by_the_command_once_the_server_is_beyond_help(start_fake: StartFake, root: Path) -> None:
    (root / "app.py").write_text("x: int = ''\n", encoding="utf-8")
    server = start_fake("exit", "initialize", always=True)
    context = ToolContext(Workspace.at(root), language_server=server)
    result = find_tool("typecheck").run(context, {}).model_dump()
    assert result["error_count"] == 1
    assert not result["is_warm"]
    assert result["note"] == (
        "The language server (pyright) is gone: it ended with code 7. The pyright command answered instead."
    )


def test_a_stopped_check_does_not_go_on_with_the_command(start_fake: StartFake, root: Path) -> None:
    context = ToolContext(Workspace.at(root), language_server=start_fake("silent", "initialize", patience=LONG))
    with ThreadPoolExecutor() as pool:
        result = pool.submit(find_tool("typecheck").run, context, {})
        wait_for(lambda: (root.parent / "reached").exists())
        began = time.monotonic()
        context.cancelled.set()
        with pytest.raises(ToolCancelledError):
            result.result(10)
        assert time.monotonic() - began < AT_ONCE
