"""The calls of one reply: those that only read run side by side, everything else one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from punie_tools.errors import ToolError
from punie_tools.tool import Risk
from punie_tui.agent.events import Event
from punie_tui.agent.tool_step import Emit, Outcome, ToolBench, perform_call
from punie_tui.engine.protocol import ToolCall

_PARALLEL_CALLS = 4
_SECONDS_TO_STOP = 3.0
_SECONDS_BETWEEN_LOOKS = 0.05


def run_calls(calls: Sequence[ToolCall], bench: ToolBench) -> Iterator[Event | list[Outcome]]:
    """Run the calls of one reply; yields their events as they happen and last the outcomes, in the calls' order.

    Reading calls that follow each other run side by side, everything else one after the other.
    """
    outcomes: list[Outcome] = []
    for group in _groups(calls, bench):
        events: SimpleQueue[Event] = SimpleQueue()
        with _Pool(group, bench, events.put) as pool:
            yield from _drain(events, pool)
            outcomes += pool.outcomes()
        if bench.cancelled.is_set():
            break
    yield outcomes


def _groups(calls: Sequence[ToolCall], bench: ToolBench) -> Iterator[list[ToolCall]]:
    group: list[ToolCall] = []
    for call in calls:
        if not _only_reads(call, bench):
            if group:
                yield group
            yield [call]
            group = []
        else:
            group.append(call)
    if group:
        yield group


def _only_reads(call: ToolCall, bench: ToolBench) -> bool:
    """Whether the call may run beside others; a program may change things, whatever its own risk."""
    try:
        tool = bench.find(call.tool)
        risk = tool.risk_for(tool.validate(call.arguments), bench.workspace)
        return risk is Risk.READS and tool.name != "execute_code"
    except ToolError:
        return True


class _Pool:
    """A few threads for one group of calls, given up on when they do not stop in time."""

    def __init__(self, calls: Sequence[ToolCall], bench: ToolBench, emit: Emit) -> None:
        self._bench = bench
        self._executor = ThreadPoolExecutor(max_workers=min(len(calls), _PARALLEL_CALLS), thread_name_prefix="tool")
        self._calls = list(calls)
        self._futures = [self._executor.submit(perform_call, call, bench, emit) for call in calls]
        self._stop_by: float | None = None

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def is_running(self) -> bool:
        """False when all calls ended, or when the turn was stopped and they had their time to end."""
        if all(future.done() for future in self._futures):
            return False
        if self._bench.cancelled.is_set():
            self._stop_by = self._stop_by or time.monotonic() + _SECONDS_TO_STOP
            return time.monotonic() < self._stop_by
        return True

    def outcomes(self) -> list[Outcome]:
        return [
            future.result() if future.done() and not future.cancelled() else Outcome(call, error="Stopped.")
            for call, future in zip(self._calls, self._futures, strict=True)
        ]


def _drain(events: SimpleQueue[Event], pool: _Pool) -> Iterator[Event]:
    while pool.is_running():
        try:
            yield events.get(timeout=_SECONDS_BETWEEN_LOOKS)
        except Empty:
            continue
    while not events.empty():
        yield events.get()
