"""A server that misbehaves costs one clear line within the deadline, and never the next call."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.connection import ServerFailedError, ServerRefusedError, ServerSilentError
from punie_tools.lsp.disk import FileChange
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Patience, Server
from tests.tools.lsp.fake_client import (
    ECHO,
    HASTE,
    LONG_PATIENCE,
    PATIENCE,
    QUESTION,
    StartFake,
    ask,
    is_gone,
    never,
    started_in,
)


def assert_one_clear_line(error: ToolError, pattern: str) -> None:
    text = str(error)
    assert pattern in text
    assert "\n" not in text
    assert text.endswith(".")
    assert len(text) < 500
    assert text.startswith("The language server (pyright)")


def test_a_proper_server_is_asked_again_and_again(start_fake: StartFake, root: Path) -> None:
    server = start_fake("proper")
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
def test_a_server_that_breaks_is_replaced_within_the_call(start_fake: StartFake, root: Path, behaviour: str) -> None:
    server = start_fake(behaviour, patience=LONG_PATIENCE)
    assert ask(server) == ECHO
    assert server.restarts == 1
    assert len(started_in(root)) == 2


@pytest.mark.parametrize(("behaviour", "reason"), DYING.items())
def test_one_that_breaks_twice_is_named_in_one_clear_line(start_fake: StartFake, behaviour: str, reason: str) -> None:
    server = start_fake(behaviour, always=True, patience=LONG_PATIENCE)
    with pytest.raises(ServerFailedError) as caught:
        ask(server)
    assert_one_clear_line(caught.value, reason)
    assert server.pid is None


SILENT = ["silent", "half_a_body_then_silence", "half_a_header", "close_stdin", "flood_for_ever", "ignore_sigterm"]


@pytest.mark.parametrize("behaviour", SILENT)
def test_a_server_that_never_answers_costs_one_deadline(start_fake: StartFake, root: Path, behaviour: str) -> None:
    server = start_fake(behaviour)
    with pytest.raises(ServerSilentError) as caught:
        ask(server)
    assert_one_clear_line(caught.value, "it did not answer test/question within 0.4 s")
    assert ask(server) == ECHO
    assert len(started_in(root)) == 2


STUCK = ("silent", "stop_reading")


@pytest.mark.parametrize("behaviour", [*STUCK, "exit", "error", "no_json"])
def test_a_server_that_does_not_start_costs_one_deadline(start_fake: StartFake, root: Path, behaviour: str) -> None:
    server = start_fake(behaviour, "initialize", always=True, patience=HASTE)
    with pytest.raises(ServerFailedError) as caught:
        ask(server)
    assert len(started_in(root)) == (1 if behaviour in STUCK else 2)
    assert_one_clear_line(caught.value, "no such thing" if behaviour == "error" else "is gone: it ")
    assert server.pid is None


@pytest.mark.parametrize("behaviour", [*STUCK, "exit", "error"])
def test_after_a_server_that_did_not_start_the_next_call_works(
    start_fake: StartFake, root: Path, behaviour: str
) -> None:
    server = start_fake(behaviour, "initialize", patience=HASTE if behaviour in STUCK else PATIENCE)
    with suppress(ServerSilentError):
        ask(server)
    assert ask(server) == ECHO
    assert server.restarts == 1


def settle(server: LanguageServer, cancelled: threading.Event | None = None) -> None:
    cancelled = cancelled or never()
    server.call(lambda run: run.wait_until_settled(cancelled), cancelled)


def test_a_server_whose_progress_never_ends_counts_as_hung(start_fake: StartFake) -> None:
    server = start_fake("begin_progress", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it gave no sign for 0.4 s")
    settle(server)


def test_a_server_that_publishes_nothing_counts_as_hung(start_fake: StartFake) -> None:
    server = start_fake("silent", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it gave no sign for 0.4 s")
    settle(server)


def test_a_server_that_talks_but_is_never_done_is_ended_at_the_last_deadline(start_fake: StartFake) -> None:
    server = start_fake("flood_for_ever", "textDocument/didChange")
    with pytest.raises(ServerSilentError) as caught:
        settle(server)
    assert_one_clear_line(caught.value, "it was not done within 0.8 s")
    settle(server)


@pytest.mark.parametrize("behaviour", ["answer_twice", "other_ids"])
def test_answers_to_nothing_that_was_asked_are_dropped(start_fake: StartFake, behaviour: str) -> None:
    server = start_fake(behaviour, always=True)
    assert [ask(server) for _ in range(3)] == [ECHO] * 3
    assert server.restarts == 0


@pytest.mark.parametrize(
    ("behaviour", "text"), [("error", ": no such thing xxx"), ("odd_error", ": the request failed.")]
)
def test_a_refusal_is_told_and_the_server_works_on(
    start_fake: StartFake, root: Path, behaviour: str, text: str
) -> None:
    server = start_fake(behaviour, always=True)
    for _ in range(2):
        with pytest.raises(ServerRefusedError) as caught:
            ask(server)
        assert_one_clear_line(caught.value, text)
    assert len(started_in(root)) == 1


@pytest.mark.parametrize("behaviour", ["flood_notifications", "flood_stderr", "ask_and_read"])
def test_a_flood_is_drained(start_fake: StartFake, root: Path, behaviour: str) -> None:
    server = start_fake(behaviour, patience=Patience(answer=30))
    expected = 9_000 if behaviour == "ask_and_read" else ECHO
    memory = psutil.Process().memory_info().rss
    assert ask(server) == expected
    assert psutil.Process().memory_info().rss - memory < 100_000_000
    assert server.call(lambda run: run.request("test/other", 1, never()), never()) == {"echo": 1}
    assert len(started_in(root)) == 1


def test_what_the_server_asks_is_answered_and_what_we_do_not_know_refused(start_fake: StartFake) -> None:
    unheard, settings = ask(start_fake("ask_unknown"))
    assert unheard["id"] == "mine"
    assert unheard["result"] is None
    assert settings["id"] == 1
    assert settings["result"][0]["pythonPath"] == sys.executable
    assert settings["result"][1] is None


def test_a_server_that_reads_nothing_blocks_nobody_who_tells_it_something(start_fake: StartFake) -> None:
    server = start_fake("stop_reading")
    large = {"text": "x" * 500_000}

    def tell_and_ask(run: Server) -> None:
        run.request(QUESTION, {}, never())
        began = time.monotonic()
        for _ in range(10):
            run.tell_changes({"/" + "x" * 100_000: FileChange.CHANGED})
        assert time.monotonic() - began < 30
        run.request("test/other", large, never())

    with pytest.raises(ServerSilentError) as caught:
        server.call(tell_and_ask, never())
    assert_one_clear_line(caught.value, "it did not answer test/other within 0.4 s")
    assert server.call(lambda run: run.request("test/other", large, never()), never()) == {"echo": large}


def test_a_child_in_a_session_of_its_own_ends_with_the_server(start_fake: StartFake) -> None:
    server = start_fake("child")
    pid = ask(server)["child"]
    assert not is_gone(pid)
    server.close()
    assert is_gone(pid)


def test_an_orphan_that_holds_the_pipes_ends_too(start_fake: StartFake) -> None:
    server = start_fake("orphan", patience=Patience(answer=0.5))
    with suppress(ServerSilentError):
        ask(server)
    assert ask(server) == ECHO
