"""A server that misbehaves costs one clear line within the deadline, and never the next call."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.connection import ServerFailedError, ServerRefusedError, ServerSilentError
from punie_tools.lsp.disk import FileChange
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Patience, Server, ServerProgram
from punie_tools.workspace import Workspace

FAKE = Path(__file__).with_name("fake_server.py")
QUESTION = "test/question"
NOTICE = "test/notice"
PATIENCE = Patience(start=3.0, answer=0.4, silence=0.4, check=0.8)
HASTE = Patience(start=0.4, silence=0.4)
QUICK_ENOUGH = 4.0
"""Of a call with one restart, on a machine that does something else besides."""

Start = Callable[..., LanguageServer]


def never() -> threading.Event:
    return threading.Event()


def ask(server: LanguageServer, cancelled: threading.Event | None = None) -> Any:
    cancelled = cancelled or never()
    return server.call(lambda run: run.request(QUESTION, {"a": "é😀"}, cancelled), cancelled)


ECHO = {"echo": {"a": "é😀"}}


def started_in(root: Path) -> list[int]:
    starts = root.parent / "starts"
    return [int(line) for line in starts.read_text().split()] if starts.exists() else []


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def threads_of_servers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("The language server")]


@pytest.fixture
def start(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Make a LanguageServer on the fake server; afterwards nothing may be left of any of them."""
    folders = tmp_path / "temporary"
    folders.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders))
    servers: list[LanguageServer] = []

    def make(
        behaviour: str, at: str = QUESTION, *, always: bool = False, patience: Patience = PATIENCE
    ) -> LanguageServer:
        argv = (sys.executable, "-I", "-S", FAKE, behaviour, at, tmp_path / "starts", *(["always"] if always else []))
        program = ServerProgram(argv, Path(sys.executable))
        servers.append(LanguageServer(Workspace.at(root), program=lambda *_: program, patience=patience))
        return servers[-1]

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield make
    for server in servers:
        server.close()
    for thread in threads_of_servers():
        thread.join(2)
    assert threads_of_servers() == []
    assert [pid for pid in started_in(root) if not is_gone(pid)] == []
    assert [child for child in psutil.Process().children(recursive=True) if child.pid not in before] == []
    assert list(folders.iterdir()) == []
    # A pipe or process that nobody closed warns when it is collected, and warnings are errors.
    gc.collect()


def assert_one_clear_line(error: ToolError, pattern: str) -> None:
    text = str(error)
    assert pattern in text
    assert "\n" not in text
    assert text.endswith(".")
    assert len(text) < 500
    assert text.startswith("The language server (pyright)")


def test_a_proper_server_is_asked_again_and_again(start: Start, root: Path) -> None:
    server = start("proper")
    assert [ask(server) for _ in range(3)] == [ECHO] * 3
    assert len(started_in(root)) == 1
    assert server.pid == started_in(root)[0]
    assert server.restarts == 0


DYING = {
    "exit": "it ended with code 7",
    "sigkill": "it ended with code -9",
    "last_words": "it ended with code 134: ",
    "half_a_body": "a message was cut short",
    "half_a_header_then_end": "a header has no end",
    "header_without_colon": "a line that is no header",
    "header_without_length": "a message without a length",
    "header_without_end": "a header has no end",
    "length_negative": "a message of -1 bytes",
    "length_huge": "a message of 99999999999999999999 bytes",
    "length_no_number": "a length that is no number",
    "no_json": "Expecting value",
    "a_list": "a message is no object",
    "a_number": "a message is no object",
    "empty_body": "Expecting value",
    "invalid_utf8": "can't decode byte",
    "deeply_nested": "a message is not made as it must be",
    "publish_without_uri": "a message is not made as it must be",
    "publish_nothing": "a message is not made as it must be",
    "publish_odd_uri": "it broke the protocol",
    "log_nothing": "a message is not made as it must be",
    "ask_for_odd_settings": "a message is not made as it must be",
    "close_stdout": "it closed its pipe",
    "ask_without_reading": "it asks without reading the answers",
}
"""What breaks a server at once, with the reason that is given."""


@pytest.mark.parametrize("behaviour", DYING)
def test_a_server_that_breaks_is_replaced_within_the_call(start: Start, root: Path, behaviour: str) -> None:
    server = start(behaviour)
    began = time.monotonic()
    assert ask(server) == ECHO
    assert time.monotonic() - began < QUICK_ENOUGH
    assert server.restarts == 1
    assert len(started_in(root)) == 2


@pytest.mark.parametrize(("behaviour", "reason"), DYING.items())
def test_one_that_breaks_twice_is_named_in_one_clear_line(start: Start, behaviour: str, reason: str) -> None:
    server = start(behaviour, always=True)
    with pytest.raises(ServerFailedError) as caught:
        ask(server)
    assert_one_clear_line(caught.value, reason)
    assert server.pid is None


SILENT = ["silent", "half_a_body_then_silence", "half_a_header", "close_stdin", "flood_for_ever", "ignore_sigterm"]


@pytest.mark.parametrize("behaviour", SILENT)
def test_a_server_that_never_answers_costs_one_deadline(start: Start, root: Path, behaviour: str) -> None:
    server = start(behaviour)
    began = time.monotonic()
    with pytest.raises(ServerSilentError) as caught:
        ask(server)
    assert time.monotonic() - began < 2 * PATIENCE.answer + 1
    assert_one_clear_line(caught.value, "it did not answer test/question within 0.4 s")
    assert ask(server) == ECHO
    assert len(started_in(root)) == 2


STUCK = ("silent", "stop_reading")


@pytest.mark.parametrize("behaviour", [*STUCK, "exit", "error", "no_json"])
def test_a_server_that_does_not_start_costs_one_deadline(start: Start, root: Path, behaviour: str) -> None:
    server = start(behaviour, "initialize", always=True, patience=HASTE)
    began = time.monotonic()
    with pytest.raises(ServerFailedError) as caught:
        ask(server)
    assert time.monotonic() - began < 2 * HASTE.start + 1
    assert_one_clear_line(caught.value, "no such thing" if behaviour == "error" else "is gone: it ")
    assert server.pid is None


@pytest.mark.parametrize("behaviour", [*STUCK, "exit", "error"])
def test_after_a_server_that_did_not_start_the_next_call_works(start: Start, root: Path, behaviour: str) -> None:
    server = start(behaviour, "initialize", patience=HASTE if behaviour in STUCK else PATIENCE)
    with suppress(ServerSilentError):
        ask(server)
    assert ask(server) == ECHO
    assert server.restarts == 1


def settle(server: LanguageServer, cancelled: threading.Event | None = None) -> None:
    cancelled = cancelled or never()
    server.call(lambda run: run.wait_until_settled(cancelled), cancelled)


def test_a_server_whose_progress_never_ends_counts_as_hung(start: Start) -> None:
    server = start("begin_progress", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it gave no sign for 0.4 s")
    settle(server)


def test_a_server_that_publishes_nothing_counts_as_hung(start: Start) -> None:
    server = start("silent", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it gave no sign for 0.4 s")
    settle(server)


def test_a_server_that_talks_but_is_never_done_is_ended_at_the_last_deadline(start: Start) -> None:
    server = start("flood_for_ever", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it was not done within 0.8 s")
    settle(server)


@pytest.mark.parametrize("behaviour", ["answer_twice", "other_ids"])
def test_answers_to_nothing_that_was_asked_are_dropped(start: Start, behaviour: str) -> None:
    server = start(behaviour, always=True)
    assert [ask(server) for _ in range(3)] == [ECHO] * 3
    assert server.restarts == 0


@pytest.mark.parametrize(
    ("behaviour", "text"), [("error", ": no such thing xxx"), ("odd_error", ": the request failed.")]
)
def test_a_refusal_is_told_and_the_server_works_on(start: Start, root: Path, behaviour: str, text: str) -> None:
    server = start(behaviour, always=True)
    for _ in range(2):
        with pytest.raises(ServerRefusedError) as caught:
            ask(server)
        assert_one_clear_line(caught.value, text)
    assert len(started_in(root)) == 1


@pytest.mark.parametrize("behaviour", ["flood_notifications", "flood_stderr", "ask_and_read"])
def test_a_flood_is_drained(start: Start, root: Path, behaviour: str) -> None:
    server = start(behaviour, patience=Patience(answer=30))
    expected = 9_000 if behaviour == "ask_and_read" else ECHO
    memory = psutil.Process().memory_info().rss
    assert ask(server) == expected
    assert psutil.Process().memory_info().rss - memory < 100_000_000
    assert server.call(lambda run: run.request("test/other", 1, never()), never()) == {"echo": 1}
    assert len(started_in(root)) == 1


def test_what_the_server_asks_is_answered_and_what_we_do_not_know_refused(start: Start) -> None:
    unheard, settings = ask(start("ask_unknown"))
    assert unheard["id"] == "mine"
    assert unheard["result"] is None
    assert settings["id"] == 1
    assert settings["result"][0]["pythonPath"] == sys.executable
    assert settings["result"][1] is None


def test_a_server_that_reads_nothing_blocks_nobody_who_tells_it_something(start: Start) -> None:
    server = start("stop_reading")
    large = {"text": "x" * 10_000_000}

    def tell_and_ask(run: Server) -> None:
        run.request(QUESTION, {}, never())
        began = time.monotonic()
        for _ in range(10):
            run.tell_changes({"/" + "x" * 100_000: FileChange.CHANGED})
        assert time.monotonic() - began < 0.3
        run.request("test/other", large, never())

    with pytest.raises(ServerSilentError) as caught:
        server.call(tell_and_ask, never())
    assert_one_clear_line(caught.value, "it did not answer test/other within 0.4 s")
    assert server.call(lambda run: run.request("test/other", large, never()), never()) == {"echo": large}


def test_a_child_in_a_session_of_its_own_ends_with_the_server(start: Start) -> None:
    server = start("child")
    pid = ask(server)["child"]
    assert not is_gone(pid)
    server.close()
    assert is_gone(pid)


def test_an_orphan_that_holds_the_pipes_ends_too(start: Start) -> None:
    server = start("orphan", patience=Patience(answer=0.5))
    with suppress(ServerSilentError):
        ask(server)
    assert ask(server) == ECHO
