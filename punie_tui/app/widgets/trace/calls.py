"""The calls of a session as its events tell of them: a list of calls, with those of a program below it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tui.agent.events import (
        Event,
        PersonCalled,
        ToolDenied,
        ToolFailed,
        ToolFinished,
        ToolProgressed,
        ToolRequested,
    )
    from punie_tui.app.widgets.trace.rows import Row

State = Literal["waiting", "runs", "asks", "done", "failed", "denied", "stopped"]


@dataclass(frozen=True)
class CallParts:
    """The rows below a call."""

    arguments: list[Row]
    result: list[Row]


@dataclass
class TracedCall:
    """A call as far as it is known. `seconds` is None while it runs.

    `key` is its alone in the pane, while a model may use the id of a call again. `tokens` is what the call and its
    result take in a prompt. `rows` is None until they are made: the arguments that its own row has no room for, and
    what it gave. `folds` holds the rows below it that the person folded or unfolded.
    """

    key: str
    tool: str
    arguments: Mapping[str, Any]
    is_of_person: bool = False
    is_folded: bool = False
    state: State = "waiting"
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    progress: ToolProgressed | None = None
    end: ToolFinished | ToolFailed | ToolDenied | None = None
    tokens: int = 0
    inner: list[TracedCall] = field(default_factory=list["TracedCall"])
    rows: CallParts | None = None
    folds: dict[str, bool] = field(default_factory=dict[str, bool])

    @cached_property
    def title(self) -> str:
        """The call with all its arguments on a line of safe text."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return safe_text(f"{self.tool}({arguments})", single_line=True)

    @cached_property
    def searched(self) -> str:
        return self.title.lower()

    def with_inner(self) -> Iterator[TracedCall]:
        """It and all below it."""
        yield self
        for call in self.inner:
            yield from call.with_inner()

    def elapsed(self) -> float:
        """Seconds that it took, or takes by now."""
        return time.monotonic() - self.started if self.seconds is None else self.seconds


class TracedCalls:
    """All calls, the oldest first."""

    def __init__(self) -> None:
        self.outer: list[TracedCall] = []
        self._known: dict[str, TracedCall] = {}
        self._numbers = count(1)

    def __iter__(self) -> Iterator[TracedCall]:
        for call in self.outer:
            yield from call.with_inner()

    @property
    def is_any_running(self) -> bool:
        return any(call.state == "runs" for call in self._known.values())

    def forget(self) -> None:
        self.outer.clear()
        self._known.clear()

    def handle(self, event: Event, *, is_of_person: bool = False) -> TracedCall | None:
        """Take what an event tells; the call that it is about, if any."""
        match event.kind:
            case "turn_started":
                for call in self.outer:
                    call.is_folded = True
            case "tool_requested":
                return self._add(event, is_of_person=is_of_person)
            case "approval_requested":
                return self._change(event.call_id, "asks")
            case "tool_started":
                if call := self._change(event.call_id, "runs"):
                    call.started = time.monotonic()
                return call
            case "tool_progressed":
                if call := self._known.get(event.call_id):
                    call.progress = event
                return call
            case "tool_finished" | "tool_failed" | "tool_denied":
                return self._end(event)
            case "person_called":
                self._add(event, is_of_person=True)
                return self._end(event.end)
            case "turn_finished":
                self._stop_all()
            case _:
                pass
        return None

    def add_earlier(self, events: Sequence[Event]) -> None:
        """Calls before all that stand here, folded."""
        earlier = TracedCalls()
        earlier._numbers = self._numbers
        for event in events:
            earlier.handle(event)
        earlier._stop_all()
        for call in earlier:
            call.is_folded = True
        self.outer[:0] = earlier.outer

    def _add(self, event: ToolRequested | PersonCalled, *, is_of_person: bool) -> TracedCall:
        call = TracedCall(f"call {next(self._numbers)}", event.tool, event.arguments, is_of_person)
        parent = self._known.get(event.parent_call_id or "") if event.kind == "tool_requested" else None
        (parent.inner if parent else self.outer).append(call)
        self._known[event.call_id] = call
        return call

    def _change(self, call_id: str, state: State) -> TracedCall | None:
        if call := self._known.get(call_id):
            call.state = state
        return call

    def _end(self, event: ToolFinished | ToolFailed | ToolDenied) -> TracedCall | None:
        from punie_tui.agent.conversation import content_of, tokens_of_call
        from punie_tui.engine.protocol import ToolCall

        call = self._known.pop(event.call_id, None)
        if call is None:
            return None
        call.end, call.rows = event, None
        call.seconds = 0.0 if event.kind == "tool_denied" else event.seconds
        call.state = "done" if event.kind == "tool_finished" else "failed" if event.kind == "tool_failed" else "denied"
        call.tokens = tokens_of_call(ToolCall(event.call_id, call.tool, call.arguments), content_of(event))
        return call

    def _stop_all(self) -> None:
        """The turn is over; what the person runs beside it is not."""
        for name, call in list(self._known.items()):
            if not call.is_of_person:
                call.state, call.seconds = "stopped", call.elapsed()
                del self._known[name]
