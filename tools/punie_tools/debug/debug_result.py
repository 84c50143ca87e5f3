"""What a debugged program showed where it stopped; the results of debug_test and debug_run have it in common."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punie_tools.commands.change_watch import ChangedFile
from punie_tools.commands.confinement import BackendName
from punie_tools.errors import ToolError
from punie_tools.quality.tests_in_sandbox import confinement_for_tests
from punie_tools.safe_text import safe_text
from punie_tools.sentences import shortened
from punie_tools.tool import ResultRow, ToolResult
from punie_tools.workspace import Workspace

_LONGEST_TIMEOUT = 3600

StopKind = Literal["breakpoint", "exception", "deadline", "finished"]


class DebugFrame(ResultRow):
    """One call on the stack. `is_project` tells the project's own code from packages and the standard library.

    `earlier_error` is set in the frames of an error that was handled when this one was raised: its message.
    """

    function: str
    file: str
    line: int
    source: str
    is_project: bool
    earlier_error: str | None = None

    def as_row(self) -> str:
        earlier = "" if self.earlier_error is None else f"  (before: {shortened(self.earlier_error, 80)})"
        return f"{self.file}:{self.line}  {self.function}  {self.source}{earlier}"


class DebugVariable(ResultRow):
    """A name in the frame; `value` is its repr, shortened, or why there is none."""

    name: str
    type: str
    value: str

    def as_row(self) -> str:
        return f"{self.name}: {self.type} = {self.value}"


class DebugExpression(ResultRow):
    """An expression that was asked for, with its value, or the error that it raised."""

    expression: str
    type: str
    value: str
    error: str

    def as_row(self) -> str:
        told = f" raises {self.error}" if self.error else f": {self.type} = {self.value}"
        return f"{self.expression}{told}"


class DebugBreakpoint(BaseModel):
    """Where a breakpoint was put; `note` says why that is another line than the one that was asked for."""

    model_config = ConfigDict(frozen=True)

    asked: str
    file: str
    line: int
    note: str
    is_hit: bool

    @property
    def told(self) -> str:
        """What a person should know of it; empty where it was hit at the line that was asked for."""
        note = self.note or ("" if self.is_hit else "not reached")
        return f"breakpoint {self.asked}: {note}" if note else ""


class DebugResult(ToolResult):
    """`stopped` says why it stopped first: at a breakpoint, where it failed, at the deadline, or not at all.

    `frames` begins with the innermost, up to the outermost of the project; `locals` and `expressions` are those of the
    innermost frame of the project, which `file` and `line` name. A `confined` program wrote in the tree and in a
    temporary folder of its own only, and had no network but a loopback of its own. In a session undo takes back the
    `changed_files` (the first of `changed_count`), all but `not_journalled_count` of them. `put_back` names hooks and
    configuration of git that the program changed and that are as before again.
    """

    stopped: StopKind
    reason: str
    exception_type: str = ""
    file: str = ""
    line: int | None = None
    function: str = ""
    thread: str = ""
    frames: tuple[DebugFrame, ...] = ()
    locals: tuple[DebugVariable, ...] = ()
    expressions: tuple[DebugExpression, ...] = ()
    breakpoints: tuple[DebugBreakpoint, ...] = ()
    output: str = ""
    duration: float = 0.0
    truncated: bool = False
    confined: bool = False
    sandbox: BackendName = "none"
    sandbox_reason: str = ""
    put_back: tuple[str, ...] = ()
    changed_files: tuple[ChangedFile, ...] = ()
    changed_count: int = 0
    not_journalled_count: int = 0

    def told(self, what: str) -> str:
        """The sentence about what happened to the program or test, without what it ended like."""
        place = f" in {self.function} ({self.file}:{self.line})" if self.file else ""
        match self.stopped:
            case "breakpoint":
                return f"{what} stopped at a breakpoint{place}: {self._values()}"
            case "exception":
                return f"{what} failed{place}: {shortened(self.reason, 200)}"
            case "deadline":
                return f"{what} was still running at the deadline{place or f': {self.reason}'}"
            case _:
                missed = "" if not self.breakpoints else ", and no breakpoint was reached"
                return f"{what} {self.reason}{missed}"

    def _values(self) -> str:
        names = [f"{variable.name} = {shortened(variable.value, 40)}" for variable in self.locals[:4]]
        more = ", …" if len(self.locals) > 4 else ""
        return ", ".join(names) + more if names else "no local names"


def checked_timeout(seconds: float) -> float:
    """Raises ToolError for a number that is no time to wait."""
    if not math.isfinite(seconds) or not 0 < seconds <= _LONGEST_TIMEOUT:
        raise ToolError(f"The timeout must be more than 0 and at most {_LONGEST_TIMEOUT} seconds, not {seconds:g}.")
    return seconds


def shown_plan(
    workspace: Workspace, command: Sequence[str], breakpoints: Sequence[str], expressions: Sequence[str]
) -> str:
    """What an approval shows; conditions and expressions are code that runs in the program, beside the command."""
    confinement = confinement_for_tests(workspace)
    reason = safe_text(confinement.reason, single_line=True)
    held = [] if confinement.backend else [f"Not confined ({reason}): it can do whatever you can."]
    stops = [f"stop at {text}" for text in breakpoints]
    return "\n".join([*held, shlex.join(command), *stops, *(f"evaluate {text}" for text in expressions)])
