"""The one place that knows pydantic-monty: runs a program that reaches nothing but the functions it is given."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pydantic import BaseModel
from pydantic_monty import (
    NOT_HANDLED,
    ClassInstance,
    Monty,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySyntaxError,
    MontyTypingError,
    ResourceLimits,
)

from punie_tools.code.frozen_results import GUARDS, IS_RESULT, guarded
from punie_tools.code.hints import (
    attribute_hint,
    call_hint,
    module_hint,
    name_hint,
    part_hint,
    syntax_hint,
    system_hint,
)
from punie_tools.code.stubs import SandboxStub
from punie_tools.code.type_findings import certain_mistake
from punie_tools.errors import ToolCancelledError, ToolError

OUTPUT_LIMIT = 256 * 1024

_SECONDS_BETWEEN_LOOKS = 0.05
_MEMORY = 256 * 1024 * 1024
# It may as well have been the program that did not end.
_SHARE_WITHOUT_CHECK = 0.2
_LIMITS = ResourceLimits(
    max_memory=_MEMORY,
    max_recursion_depth=500,
    max_suspensions=100_000,
    max_total_sleep_secs=1.0,
)
_MISSING_ATTRIBUTE = re.compile(
    r"AttributeError: (?:type object |module )?'(\w+)'(?: object)? has no attribute '(\w+)'"
)
_MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '(\w+)[\w.]*'")
_MISSING_PART = re.compile(r"ImportError: cannot import name '(\w+)' from '([\w.]+)'")
_UNDEFINED_NAME = re.compile(r"NameError: name '(\w+)' is not defined")
_UNSUPPORTED = re.compile(r"NotImplementedError: The monty syntax parser does not yet support (.*)", re.DOTALL)

ReadAttribute = Callable[[BaseModel, str], None]


@dataclass(frozen=True)
class FinishedProgram:
    """What a program printed and what its last expression was; `error` is one line, empty if it ran to its end.

    `cause` is what a function raised, where the program ended at that or told it in an error of its own. `was_started`
    is false for a program that its check already found wrong.
    """

    output: str
    value: object
    is_output_cut: bool
    error: str = ""
    cause: ToolError | None = None
    was_started: bool = True


def run_code(
    code: str,
    functions: Mapping[str, Callable[..., object]],
    *,
    cancelled: threading.Event | None = None,
    on_attribute: ReadAttribute | None = None,
    stub: SandboxStub | None = None,
    seconds: float = 10.0,
) -> FinishedProgram:
    """Run a program whose only way out are the functions; results that are Pydantic models are read by attribute.

    A ToolError that a function raises is an ordinary RuntimeError in the program; any other exception ends the run
    and is raised here. `on_attribute` is told of each attribute read of a result. With a stub of the functions the
    program is checked first, and not started if it is certainly wrong; `seconds` limits what it computes. Raises
    ToolCancelledError.
    """
    run = _Run(functions, cancelled or threading.Event(), on_attribute, seconds)
    value: object = None
    error = ""
    cause: ToolError | None = None
    try:
        value = _fed_beside(code, run, stub)
    except _WrongProgramError as wrong:
        return FinishedProgram("", None, False, str(wrong), was_started=False)
    except MontyError as failure:
        error, cause = run.explain(failure), run.cause_of(failure)
    if run.cancelled.is_set():
        raise ToolCancelledError("Stopped.")
    if run.bug is not None:
        raise run.bug
    return FinishedProgram("".join(run.printed), value, run.room < 0, error, cause)


class _WrongProgramError(Exception):
    """The check found a mistake; the text names it."""


def _fed_beside(code: str, run: _Run, stub: SandboxStub | None) -> object:
    """Like `_fed`, on a thread of its own: no signal handler runs on a thread that waits in the sandbox's own code.

    Whatever interrupts the wait stops the program, and the calls that it makes, before it is raised here.
    """
    with ThreadPoolExecutor(1, "sandbox") as executor:
        feeding = executor.submit(_fed, code, run, stub)
        try:
            _watch(feeding, run)
        except BaseException:
            run.cancelled.set()
            _watch(feeding, run)
            raise
        return feeding.result()


def _watch(feeding: Future[object], run: _Run) -> None:
    """Wait for the end. A program that never calls a function notices no stop: its process is killed."""
    while not wait([feeding], _SECONDS_BETWEEN_LOOKS).done:
        if run.cancelled.is_set() and run.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGKILL)


def _fed(code: str, run: _Run, stub: SandboxStub | None) -> object:
    """The value of the last expression. Raises MontyError, _WrongProgramError."""
    if stub is None:
        return _feed(code, run, None)
    try:
        return _feed(code, run, stub)
    except MontyCrashedError:
        # The checker itself does not survive every program; one that did nothing yet gets its run without.
        if run.has_begun or run.cancelled.is_set():
            raise
        run.seconds *= _SHARE_WITHOUT_CHECK
        return _feed(code, run, None)


def _feed(code: str, run: _Run, stub: SandboxStub | None) -> object:
    with (
        Monty(min_processes=1, max_processes=1) as pool,
        pool.checkout(
            limits={**_LIMITS, "max_feed_duration_secs": run.seconds, "max_turn_duration_secs": run.seconds},
            type_check=stub is not None,
            type_check_stubs=stub.text if stub else None,
            type_check_format="json",
        ) as session,
        run.running_in(session.worker_pid),
    ):
        if guarded_code := guarded(code):
            session.feed_run(GUARDS, skip_type_check=True)
            code = guarded_code
        try:
            return session.feed_run(code, external_lookup=run.lookup(), print_callback=run.print, os=run.refuse)
        except MontyTypingError as findings:
            if stub and (mistake := certain_mistake(json.loads(findings.display()), code, stub)):
                raise _WrongProgramError(mistake) from None
        return session.feed_run(
            code, external_lookup=run.lookup(), print_callback=run.print, os=run.refuse, skip_type_check=True
        )


@dataclass
class _Run:
    """The host's side of one run."""

    functions: Mapping[str, Callable[..., object]]
    cancelled: threading.Event
    on_attribute: ReadAttribute | None
    seconds: float
    printed: list[str] = field(default_factory=list[str])
    room: int = OUTPUT_LIMIT
    has_begun: bool = False
    pid: int | None = None
    bug: Exception | None = None
    tool_errors: list[ToolError] = field(default_factory=list[ToolError])
    fields_of: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @contextmanager
    def running_in(self, pid: int | None) -> Generator[None]:
        """While the program's process may be killed."""
        self.pid = pid
        try:
            yield
        finally:
            self.pid = None

    def lookup(self) -> dict[str, Any]:
        functions = {name: self._guarded(function) for name, function in self.functions.items()}
        return {**functions, IS_RESULT: self.fields_of.__contains__}

    def print(self, _stream: Literal["stdout", "stderr"], text: str) -> None:
        self.has_begun = True
        if self.room > 0:
            self.printed.append(text[: self.room])
        self.room -= len(text)

    def wrapped(self, value: object) -> object:
        """The value as the program gets it: models by attribute, sequences as lists."""
        if isinstance(value, BaseModel):
            return _Readable(value, self)
        if isinstance(value, (list, tuple)):
            return [self.wrapped(item) for item in cast("Sequence[object]", value)]
        return value

    def explain(self, failure: MontyError) -> str:
        """One line that names the line of the program and what to do about it."""
        if isinstance(failure, MontyCrashedError) and failure.timed_out:
            return self._too_long
        if isinstance(failure, MontyCrashedError):
            return "The program was too much for its sandbox and was ended."
        if not isinstance(failure, (MontyRuntimeError, MontySyntaxError)):
            return _one_line(str(failure))
        # The program's own: a guard, which may have raised it, is another source.
        frames = [frame for frame in failure.traceback() if frame.filename == failure.traceback()[0].filename]
        where = f"line {frames[-1].line}: " if frames else ""
        source = (frames[-1].source_line or "") if frames else ""
        return where + _one_line(self._reason(failure.display("type-msg"), source))

    def cause_of(self, failure: MontyError) -> ToolError | None:
        """The last of the functions' errors that the program's own tells: the sandbox keeps nothing but their text."""
        told = str(failure)
        return next((error for error in reversed(self.tool_errors) if str(error) in told), None)

    @property
    def _too_long(self) -> str:
        return f"the program computed for more than {self.seconds:g} seconds."

    def _reason(self, message: str, source: str) -> str:
        if self.tool_errors and message == f"RuntimeError: {self.tool_errors[-1]}":
            return str(self.tool_errors[-1])
        if message.startswith("RuntimeError: a program "):
            return message.removeprefix("RuntimeError: ")
        if message.startswith("TimeoutError: feed time"):
            return self._too_long
        if message.startswith("MemoryError: memory limit"):
            return f"the program needed more than {_MEMORY >> 20} MB of memory."
        if unsupported := _UNSUPPORTED.match(message):
            return f"a program cannot use {unsupported[1]}; {syntax_hint(unsupported[1])}."
        if message.startswith("TimeoutError: sleep limit"):
            return "a program cannot wait long, and need not: a call returns when its tool is done."
        if message == "TypeError: 'list' object is not an iterator":
            return f"{message}; a generator expression is a list here: write next(iter(…))."
        message = message.removesuffix(" (unknown location)")
        hint = self._hint(message, source)
        return f"{message}; {hint}{'' if hint.endswith('?') else '.'}" if hint else message

    def _hint(self, message: str, source: str) -> str:
        tools = list(self.functions)
        if missing := _MISSING_ATTRIBUTE.match(message):
            if fields := self.fields_of.get(missing[1]):
                return f"it has {', '.join(fields)}"
            return attribute_hint(missing[1], missing[2], source)
        if module := _MISSING_MODULE.match(message):
            return module_hint(module[1], tools)
        if part := _MISSING_PART.match(message):
            return part_hint(part[2], part[1])
        if undefined := _UNDEFINED_NAME.match(message):
            return name_hint(undefined[1], tools, list(self.fields_of))
        if unknown := re.fullmatch(r"TypeError: Object of type (\w+) is not JSON serializable", message):
            return "make a dict of its fields" if unknown[1] in self.fields_of else ""
        return call_hint(message) if message.startswith("TypeError: ") else ""

    def refuse(self, name: str, args: tuple[object, ...], kwargs: Mapping[str, object], **_: object) -> object:
        """Answers what would reach files or the environment with what to do instead.

        A PermissionError would be swallowed where the program walks through a folder, which would look empty then.
        """
        if hint := system_hint(name, args):
            raise RuntimeError(hint)
        return NOT_HANDLED

    def _guarded(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.has_begun = True
            try:
                return self.wrapped(function(*args, **kwargs))
            except ToolError as error:
                self.tool_errors.append(error)
                raise RuntimeError(str(error)) from None
            except Exception as error:
                # A bug of the function is not the program's to catch: kept, and raised when the run is over.
                self.bug = self.bug or error
                raise

        return call


class _Readable(ClassInstance):
    """Lets a program read a model's fields, and nothing else of it.

    They are sent along at once, which is many times faster than one by one; with an observer each is asked for.
    """

    def __init__(self, model: BaseModel, run: _Run) -> None:
        names = [*type(model).model_fields, *type(model).model_computed_fields]
        self._run = run
        run.fields_of[type(model).__name__] = names
        if run.on_attribute is None:
            super().__init__(model, eager_attrs=names)
        else:
            super().__init__(model, lazy_attrs=names)

    def convert_value(self, /, name: str, value: Any) -> Any:
        return self._run.wrapped(value)

    def lookup_lazy_attrs(self, name: str) -> Any:
        converted = super().lookup_lazy_attrs(name)
        if self._run.on_attribute is not None:
            self._run.on_attribute(self.value, name)
        return converted


def _one_line(message: str) -> str:
    return " ".join(message.split())
