"""The talk with the debugger in a child: set breakpoints, wait for the first stop, look around, and let it end."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from punie_tools.debug.breakpoints import Breakpoint
from punie_tools.debug.dap_connection import Body, DapConnection, DebuggeeGoneError, DebuggerRefusedError
from punie_tools.debug.debuggee import AGENT

SECONDS_TO_END = 10.0
"""For what runs on after a stop, such as the rest of a test and the cleaning up of its fixtures."""
SECONDS_TO_LOOK = 60.0

_SECONDS_TO_ANSWER = 10.0
_SECONDS_TO_STOP = 2.0
_MOST_FRAMES = 50
_MOST_LOCALS = 50
# How the debugger names a frame of an error that came before, and what it says of an error without a message.
_EARLIER = re.compile(r"\[Chained Exc: (?P<error>.*)\] (?P<function>.*)", re.DOTALL)
_NO_MESSAGE = "exception: no description"
_HIDDEN_TYPES = frozenset({"module", "function", "type", "ABCMeta", "EnumMeta", "EnumType"})


@dataclass(frozen=True)
class Plan:
    """What to do with the program. With `ends_when_stopped` it goes no further than to the stop."""

    breakpoints: Sequence[Breakpoint]
    expressions: Sequence[str]
    seconds: float
    is_project_file: Callable[[str], bool]
    ends_when_stopped: bool


@dataclass(frozen=True)
class SeenFrame:
    """`earlier_error` is the message of the error that this frame is about, if it is not the one that stopped it."""

    function: str
    file: str
    line: int
    is_project: bool
    number: int
    earlier_error: str | None


@dataclass(frozen=True)
class SeenValue:
    """`text` is the error's if `is_error`."""

    name: str
    type: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Stop:
    """The first stop of the program. `frame` is the innermost of the project's code, if any is on the stack."""

    kind: Literal["breakpoint", "exception", "deadline"]
    thread: str
    exception_type: str
    message: str
    frames: tuple[SeenFrame, ...]
    frame: SeenFrame | None
    locals: tuple[SeenValue, ...]
    expressions: tuple[SeenValue, ...]
    is_all: bool
    condition_error: str
    """Why the condition of the breakpoint gives no answer; it stops there all the same."""


class Conversation:
    """Runs on a thread of its own, beside the one that attends to the child; ends when the child does."""

    def __init__(self, plan: Plan) -> None:
        self.channel, self._own_end = socket.socketpair()
        """The child's end; whoever starts the child closes it."""
        self.stop: Stop | None = None
        self.is_at_deadline = False
        self.is_over = threading.Event()
        """Set when there is no more to say: the program has ended, or is to be ended."""
        self._has_ended = threading.Event()
        self._plan = plan
        self._connection = DapConnection(self._own_end)
        self._thread = threading.Thread(target=self._run, name="debugger", daemon=True)

    @property
    def seconds(self) -> float:
        """How long the program may run before it is stopped where it is."""
        return self._plan.seconds

    def __enter__(self) -> Conversation:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """The child has ended, or was never started."""
        self._has_ended.set()
        self.channel.close()
        with suppress(OSError):
            self._own_end.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._own_end.close()

    def _run(self) -> None:
        ends_at = time.monotonic() + self._plan.seconds
        try:
            self._talk(ends_at)
        except DebuggeeGoneError:
            # It ends by itself, or has closed what it does not know; it has its time to.
            self._has_ended.wait(max(SECONDS_TO_END, ends_at - time.monotonic()))
        except (DebuggerRefusedError, TimeoutError):
            """It does not answer; there is nothing to wait for."""
        self.is_over.set()

    def _talk(self, ends_at: float) -> None:
        self._configure()
        stopped = self._first_stop(ends_at - time.monotonic())
        with suppress(DebuggerRefusedError):
            if stopped is not None:
                self._look(stopped)
        self._let_it_end()

    def _configure(self) -> None:
        seconds = self._plan.seconds
        self._connection.request("initialize", {"adapterID": "punie", "pathFormat": "path"}, seconds)
        self._connection.request(
            "attach", {"justMyCode": False, "variablePresentation": {"all": "inline", "special": "hide"}}, seconds
        )
        for _, points in self._by_file():
            self._set_breakpoints(points)
        self._connection.request("configurationDone", {}, _SECONDS_TO_ANSWER)

    def _by_file(self) -> list[tuple[str, list[Breakpoint]]]:
        points = sorted(self._plan.breakpoints, key=lambda point: str(point.file))
        return [(file, list(group)) for file, group in groupby(points, key=lambda point: str(point.file))]

    def _set_breakpoints(self, points: list[Breakpoint]) -> None:
        wanted = [
            {"line": point.line, **({"condition": point.condition} if point.condition else {})} for point in points
        ]
        body = {"source": {"path": str(points[0].file)}, "breakpoints": wanted}
        self._connection.request("setBreakpoints", body, _SECONDS_TO_ANSWER)

    def _first_stop(self, seconds: float) -> Body | None:
        """None if the program still runs at its deadline and cannot be stopped. Raises DebuggeeGoneError."""
        try:
            return self._connection.event("stopped", seconds)
        except TimeoutError:
            self.is_at_deadline = True
        with suppress(TimeoutError, DebuggerRefusedError):
            # Answered by a thread of the debugger: the main thread, which is to stop, does not answer any more.
            call = {"expression": f"__import__({AGENT!r}).stop_main_thread()", "context": "repl"}
            self._connection.request("evaluate", call, _SECONDS_TO_STOP)
            return self._connection.event("stopped", _SECONDS_TO_STOP)
        return None

    def _look(self, stopped: Body) -> None:
        """Keep what is to be seen there; raises TimeoutError, with what was seen kept, where no answer comes."""
        thread = stopped.get("threadId")
        frames = self._frames(thread)
        frame = next((frame for frame in frames if frame.is_project), None)
        kind: Literal["breakpoint", "exception", "deadline"] = (
            "deadline" if self.is_at_deadline else "exception" if stopped.get("reason") == "exception" else "breakpoint"
        )
        error_type, message = self._error(thread) if kind == "exception" else ("", "")

        def keep(
            values: list[SeenValue], answers: list[SeenValue], condition_error: str = "", *, has_all: bool = True
        ) -> None:
            self.stop = Stop(
                kind=kind,
                thread=self._thread_name(thread),
                exception_type=error_type,
                message=message,
                frames=tuple(frames[:_MOST_FRAMES]),
                frame=frame,
                locals=tuple(values[:_MOST_LOCALS]),
                expressions=tuple(answers),
                is_all=has_all and len(values) <= _MOST_LOCALS and len(frames) <= _MOST_FRAMES,
                condition_error=condition_error,
            )

        keep([], [], has_all=False)
        seen_from = frame or (frames[0] if frames else None)
        if seen_from is None:
            return
        values = self._locals(seen_from)
        keep(values, [])
        condition_error = self._condition_error(frames[0]) if kind == "breakpoint" else ""
        answers: list[SeenValue] = []
        for expression in self._plan.expressions:
            # What is kept if the program is stuck in this one, which is ended then.
            keep(values, [*answers, SeenValue(expression, "", "TimeoutError: it does not end", True)], condition_error)
            answers.append(self._value_of(expression, seen_from))
        keep(values, answers, condition_error)

    def _frames(self, thread: object) -> list[SeenFrame]:
        """From the innermost to the outermost of the project; then those of the errors that came before, if any did."""
        body = self._connection.request("stackTrace", {"threadId": thread}, _SECONDS_TO_ANSWER)
        frames = [self._frame(found) for found in body.get("stackFrames", [])]
        shown: list[SeenFrame] = []
        for earlier_error, stack in groupby(frames, key=lambda frame: frame.earlier_error):
            calls = list(stack)
            if earlier_error is not None:
                calls.reverse()
            last = max((number for number, frame in enumerate(calls) if frame.is_project), default=-1)
            # Frames inside the project's innermost one that only serve the stop itself.
            shown += [frame for frame in calls[: last + 1] if AGENT not in frame.file]
        return shown

    def _frame(self, found: Body) -> SeenFrame:
        source: Body = found.get("source") or {}
        file = str(source.get("path") or "")
        is_project = self._plan.is_project_file(file)
        name = str(found.get("name"))
        earlier = _EARLIER.fullmatch(name)
        return SeenFrame(
            function=earlier["function"] if earlier else name,
            file=file,
            line=int(found.get("line") or 0),
            is_project=is_project,
            number=int(found["id"]),
            earlier_error=earlier["error"] if earlier else None,
        )

    def _error(self, thread: object) -> tuple[str, str]:
        body = self._connection.request("exceptionInfo", {"threadId": thread}, _SECONDS_TO_ANSWER)
        # With some versions of Python a remark in parentheses follows.
        name = str(body.get("exceptionId") or "").split(" ")[0]
        message = str(body.get("description") or "")
        return name, "" if message == _NO_MESSAGE else message

    def _thread_name(self, thread: object) -> str:
        threads: list[Body] = self._connection.request("threads", {}, _SECONDS_TO_ANSWER).get("threads", [])
        return next((str(found.get("name")) for found in threads if found.get("id") == thread), "")

    def _locals(self, frame: SeenFrame) -> list[SeenValue]:
        scopes = self._connection.request("scopes", {"frameId": frame.number}, _SECONDS_TO_ANSWER)
        reference = next(scope["variablesReference"] for scope in scopes["scopes"] if scope["name"] == "Locals")
        body = self._connection.request("variables", {"variablesReference": reference}, _SECONDS_TO_ANSWER)
        found: list[Body] = body.get("variables", [])
        values = [
            SeenValue(str(value["name"]), str(value.get("type") or ""), str(value.get("value") or ""))
            for value in found
        ]
        is_module = frame.function == "<module>"
        return [value for value in values if _is_wanted(value, is_module)]

    def _value_of(self, expression: str, frame: SeenFrame) -> SeenValue:
        call = f"__import__({AGENT!r}).evaluate({expression!r})"
        body = {"expression": call, "frameId": frame.number, "context": "watch"}
        try:
            answer = self._connection.request("evaluate", body, _SECONDS_TO_ANSWER)
        except DebuggerRefusedError as error:
            return SeenValue(expression, "", str(error), is_error=True)
        return SeenValue(expression, str(answer.get("type") or ""), str(answer.get("result") or ""))

    def _condition_error(self, frame: SeenFrame) -> str:
        here = [point for point in self._plan.breakpoints if (str(point.file), point.line) == (frame.file, frame.line)]
        answers = [self._value_of(point.condition, frame) for point in here if point.condition]
        return next((answer.text for answer in answers if answer.is_error), "")

    def _let_it_end(self) -> None:
        """A test runs on, so that its fixtures clean up; what stops it again is passed by."""
        if self.is_at_deadline or (self._plan.ends_when_stopped and self.stop and self.stop.kind == "breakpoint"):
            return
        ends_at = time.monotonic() + SECONDS_TO_END
        for file, _ in self._by_file():
            self._connection.request(
                "setBreakpoints", {"source": {"path": file}, "breakpoints": []}, _SECONDS_TO_ANSWER
            )
        while True:
            self._connection.request("continue", {"threadId": "*"}, _SECONDS_TO_ANSWER)
            self._connection.event("stopped", ends_at - time.monotonic())


def _is_wanted(value: SeenValue, is_module: bool) -> bool:
    if value.name.startswith(("@py_", "__")) and (value.name.endswith("__") or value.name.startswith("@")):
        return False
    return not (is_module and value.type in _HIDDEN_TYPES)
