"""Programs observed on stand-ins: what they read counts, also when they fail later."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from punie_tools.code.monty_adapter import run_code
from punie_tools.code.sandbox import observe_program
from punie_tools.errors import ToolCancelledError
from punie_tools.files.grep import GrepMatch, GrepResult
from punie_tools.registry import find_tool

RESULT = GrepResult(
    pattern="x",
    matches=tuple(GrepMatch(file=f"{name}.py", line=1, column=2, text="x") for name in "ab"),
    match_count=2,
    file_count=2,
)


def stand_in(arguments: Mapping[str, Any]) -> GrepResult:
    return RESULT.model_copy(update={"pattern": arguments["pattern"]})


@pytest.mark.parametrize(
    ("code", "fields_read", "error"),
    [
        ("r = grep('x')\nprint(len(r.matches))", {"matches"}, ""),
        ("print([m.file for m in grep(pattern='x').matches if m.line])", {"matches", "file", "line"}, ""),
        ("grep('x').summary", {"summary"}, ""),
        ("grep('x')", set[str](), ""),
        ("r = grep('x')\nr.match_count\nr.nothing\nr.file_count", {"match_count"}, "no attribute 'nothing'"),
        ("getattr(grep('x'), 'file_count')", {"file_count"}, ""),
        ("oops(", set[str](), "SyntaxError"),
    ],
)
def test_what_a_program_reads(code: str, fields_read: set[str], error: str) -> None:
    observed = observe_program(code, {"grep": (find_tool("grep"), stand_in)})
    assert observed.fields_read == fields_read
    assert error in observed.error
    assert bool(error) == bool(observed.error)


def test_a_bug_in_a_function_is_not_the_program_s_to_catch() -> None:
    def broken() -> None:
        raise ZeroDivisionError("our bug")

    with pytest.raises(ZeroDivisionError, match="our bug"):
        run_code("try:\n    broken()\nexcept Exception:\n    pass", {"broken": broken})


def test_plain_values_cross_both_ways() -> None:
    seen: list[object] = []

    def keep(value: object) -> dict[str, object]:
        seen.append(value)
        return {"given": value}

    finished = run_code("keep([1, {'a': (2, None)}])['given'][0]", {"keep": keep})
    assert finished.value == 1
    assert seen == [[1, {"a": (2, None)}]]


@contextmanager
def signalled(begun: threading.Event, handle: Callable[[], None]) -> Generator[None]:
    """Once the program runs, SIGINT is sent; its handler must have run while the program still does."""
    handled = threading.Event()
    in_time: list[bool] = []

    def on_signal(*_: object) -> None:
        handled.set()
        handle()

    def interrupt() -> None:
        begun.wait(60)
        os.kill(os.getpid(), signal.SIGINT)
        in_time.append(handled.wait(20))
        if not in_time[0]:
            for worker in psutil.Process().children():
                worker.kill()

    previous = signal.signal(signal.SIGINT, on_signal)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGINT, previous)
    assert in_time == [True]


def test_a_signal_on_the_callers_thread_can_stop_a_program_that_never_ends() -> None:
    begun, cancelled = threading.Event(), threading.Event()
    with signalled(begun, cancelled.set), pytest.raises(ToolCancelledError):
        run_code("begin()\nwhile True: pass", {"begin": begun.set}, cancelled=cancelled, seconds=300)


def test_an_exception_of_a_signals_handler_ends_the_program_and_what_it_calls() -> None:
    begun, cancelled = threading.Event(), threading.Event()
    workers: list[psutil.Process] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    def begin() -> bool:
        workers.extend(psutil.Process().children())
        begun.set()
        return cancelled.wait(60)

    with signalled(begun, interrupt), pytest.raises(KeyboardInterrupt):
        run_code("begin()\nwhile True: pass", {"begin": begin}, cancelled=cancelled, seconds=300)
    assert workers
    assert psutil.wait_procs(workers, timeout=5)[1] == []
