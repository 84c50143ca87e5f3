"""One call: find the tool, validate, approve, run, report. Several calls of one reply run side by side if they read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import diffs_of
from punie_tools.changes.review import ReviewResult
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolDeniedError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.tool import PartCallback, ReviewChanges, Risk, Tool, ToolContext, ToolError, ToolResult
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import RUNS_TESTS, ApprovalQuestion, Approver, Decision
from punie_tui.agent.events import (
    ApprovalRequested,
    Event,
    ToolApproved,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolProgressed,
    ToolRequested,
    ToolStarted,
)
from punie_tui.engine.protocol import ToolCall

_LOG = logging.getLogger(__name__)
_PARALLEL_CALLS = 4
_SECONDS_TO_STOP = 3.0

Emit = Callable[[Event], None]


class _DeniedError(ToolDeniedError):
    """The call may not run; `by` tells who said so, empty if nobody could be asked."""

    def __init__(self, reason: str, by: str) -> None:
        super().__init__(reason)
        self.by = by


@dataclass(frozen=True)
class Outcome:
    """What became of a call: a result, or the reason why there is none.

    A call that nobody could be asked about waits for the person; one that the policy forbids only the model reads of.
    A program fails where a call that it makes is denied, and then says of itself what became of that call;
    `is_denied_inside` tells it from one that was itself denied. One that goes on after that has a result.
    """

    call: ToolCall
    result: ToolResult | None = None
    error: str = ""
    is_denied: bool = False
    is_denied_inside: bool = False
    denied_on_the_way: tuple[Outcome, ...] = ()
    """Calls that a program with a result made."""
    is_against_policy: bool = False
    waits_for_person: bool = False
    review: ReviewResult | None = None
    """What the person let stand of a call's changes, where they reviewed them."""
    waited_seconds: float = 0.0
    """How long it waited for the person."""


@dataclass(frozen=True)
class ToolBench:
    """The tools a turn may use, and what they work on. `cancelled` stops every running one.

    Whoever made the language server closes it.
    """

    workspace: Workspace
    tools: Mapping[str, Tool]
    approver: Approver
    cancelled: threading.Event = field(default_factory=threading.Event)
    language_server: LanguageServer | None = None
    changes: SessionChanges | None = None
    on_part: PartCallback | None = None

    def find(self, name: str) -> Tool:
        """Raises ToolError for a name that no tool has."""
        if tool := self.tools.get(name):
            return tool
        raise ToolError(f"There is no tool {name!r}.")


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


def perform_call(call: ToolCall, bench: ToolBench, emit: Emit, parent_call_id: str | None = None) -> Outcome:
    """Run one call to its end and tell every step of it; never raises."""
    emit(
        ToolRequested(
            call_id=call.id, parent_call_id=parent_call_id, tool=call.tool, arguments=_json_arguments(call.arguments)
        )
    )
    watch = _Stopwatch()
    inner_denials: list[Outcome] = []
    try:
        tool = bench.find(call.tool)
        arguments = tool.validate(call.arguments)
        context = _context(call, tool, bench, emit, inner_denials, watch)
        reviews: list[ReviewResult] = []
        context = _approve(call, tool, arguments, context, bench, emit, reviews, watch)
        emit(ToolStarted(call_id=call.id))
        watch.restart()
        result = tool.function(context, **arguments)
    except _DeniedError as denial:
        emit(ToolDenied(call_id=call.id, reason=str(denial)))
        return Outcome(
            call,
            error=str(denial),
            is_denied=True,
            is_against_policy=denial.by == "policy",
            waits_for_person=not denial.by,
            waited_seconds=watch.waited,
        )
    except ToolError as error:
        failed = _failed(call, str(error), watch, emit)
        # One that the program caught and went on after is not why it failed.
        return next((_because_of(denial, failed) for denial in inner_denials if denial.error in failed.error), failed)
    except Exception:
        # A bug in a tool ends this call, not the app; its traceback goes to the log.
        _LOG.exception("tool %s failed", call.tool)
        return _failed(call, f"{call.tool} has a bug: it ended unexpectedly; the log holds the details.", watch, emit)
    emit(
        ToolFinished(
            call_id=call.id,
            tool=call.tool,
            result=result.model_dump(mode="json"),
            summary=result.summary,
            names_only_some=result.names_only_some,
            seconds=watch.seconds,
            review=reviews[0].model_dump(mode="json") if reviews else None,
        )
    )
    return Outcome(
        call,
        result=result,
        review=reviews[0] if reviews else None,
        waited_seconds=watch.waited,
        denied_on_the_way=tuple(inner_denials),
        is_against_policy=any(denial.is_against_policy for denial in inner_denials),
        waits_for_person=any(denial.waits_for_person for denial in inner_denials),
    )


def _failed(call: ToolCall, error: str, watch: _Stopwatch, emit: Emit) -> Outcome:
    emit(ToolFailed(call_id=call.id, tool=call.tool, error=error, seconds=watch.seconds))
    return Outcome(call, error=error, waited_seconds=watch.waited)


def _because_of(denial: Outcome, failed: Outcome) -> Outcome:
    return replace(
        failed,
        is_denied_inside=True,
        is_against_policy=denial.is_against_policy,
        waits_for_person=denial.waits_for_person,
    )


def _context(
    call: ToolCall, tool: Tool, bench: ToolBench, emit: Emit, inner_denials: list[Outcome], watch: _Stopwatch
) -> ToolContext:
    """What the call may use; which of the calls that it makes are denied is kept in `inner_denials`."""

    def report_progress(done: int, total: int | None, text: str) -> None:
        emit(ToolProgressed(call_id=call.id, done=done, total=total, text=text))

    inner_numbers = count(1)

    def call_tool(name: str, arguments: Mapping[str, object]) -> ToolResult:
        if name == tool.name:
            raise ToolError(f"{name} cannot call itself.")
        inner = ToolCall(id=f"{call.id}.{next(inner_numbers)}", tool=name, arguments=arguments)
        outcome = perform_call(inner, bench, emit, parent_call_id=call.id)
        watch.waited += outcome.waited_seconds
        if outcome.is_denied:
            inner_denials.append(outcome)
            raise ToolDeniedError(outcome.error)
        if outcome.result is None:
            raise ToolError(outcome.error)
        return outcome.result

    return ToolContext(
        workspace=bench.workspace,
        cancelled=bench.cancelled,
        report_progress=report_progress,
        call_tool=call_tool,
        language_server=bench.language_server,
        changes=bench.changes,
        on_part=bench.on_part,
    )


def _approve(
    call: ToolCall,
    tool: Tool,
    arguments: Mapping[str, Any],
    context: ToolContext,
    bench: ToolBench,
    emit: Emit,
    reviews: list[ReviewResult],
    watch: _Stopwatch,
) -> ToolContext:
    """Raises _DeniedError. A call that was approved to run code has the folder's trust for that one call."""
    risk = tool.risk_for(arguments, bench.workspace)
    decision = _decide(call, tool, risk, arguments, context, bench, emit, watch)
    if not decision.is_allowed:
        raise _DeniedError(decision.reason or "denied", decision.by)
    if risk is Risk.READS:
        return context
    emit(ToolApproved(call_id=call.id, by=decision.by))
    is_trusted = risk is not Risk.EDITS or bench.approver.is_folder_trusted()
    context = replace(context, workspace=replace(bench.workspace, is_trusted=is_trusted))
    if not decision.wants_review:
        return context
    return replace(context, review=_reviewer(call, tool, risk, bench, reviews, watch))


def _decide(
    call: ToolCall,
    tool: Tool,
    risk: Risk,
    arguments: Mapping[str, Any],
    context: ToolContext,
    bench: ToolBench,
    emit: Emit,
    watch: _Stopwatch,
) -> Decision:
    """What the approver knows, else what the person says; each call that they were not asked about is a step."""
    approver = bench.approver
    decision = approver.standing_decision(tool.name, risk, is_confined=tool.is_confined(bench.workspace))
    if decision and not (decision.is_allowed and approver.is_stepping):
        return decision
    preview = tool.preview(context, arguments)
    shown = "Nothing would change." if preview is None else preview
    if decision is None and preview is None and risk is Risk.EDITS and tool.is_reviewable:
        # There is nothing to ask about. If a file changes meanwhile, so that there is, the review asks.
        decision = Decision(is_allowed=True, by="policy", wants_review=True)
    if decision is None:
        note = approver.trust_lapse if tool.name in RUNS_TESTS else ""
        question = ApprovalQuestion(call.id, tool.name, risk, shown, note, tool.is_reviewable)
        decision = approver.remembered_decision(question)
        if decision is None:
            return _ask_aloud(question, bench, emit, watch)
    if not (decision.is_allowed and approver.is_stepping):
        return decision
    question = ApprovalQuestion(call.id, tool.name, risk, shown or "(no arguments)", is_step=True)
    answer = _ask_aloud(question, bench, emit, watch)
    return replace(decision, by=answer.by) if answer.is_allowed else answer


def _reviewer(
    call: ToolCall, tool: Tool, risk: Risk, bench: ToolBench, reviews: list[ReviewResult], watch: _Stopwatch
) -> ReviewChanges:
    """Asks the person about the changes themselves, once these are known."""

    def review(changes: Sequence[FileChange]) -> Sequence[FileChange]:
        question = ApprovalQuestion(call.id, tool.name, risk, diffs_of(changes).text, proposal=tuple(changes))
        decision = _ask(question, bench, watch)
        if not decision.is_allowed:
            raise _DeniedError(decision.reason or "denied", decision.by)
        if decision.review is None:
            # Whoever cannot ask about a part asked about all.
            return changes
        standing = decision.review.standing_changes
        if not standing:
            raise _DeniedError(f"the person let nothing of it stand: {decision.review.result.summary}", "person")
        reviews.append(decision.review.result)
        return standing

    return review


def _ask_aloud(question: ApprovalQuestion, bench: ToolBench, emit: Emit, watch: _Stopwatch) -> Decision:
    emit(ApprovalRequested(call_id=question.call_id, risk=question.risk, detail=question.shown, note=question.note))
    return _ask(question, bench, watch)


def _ask(question: ApprovalQuestion, bench: ToolBench, watch: _Stopwatch) -> Decision:
    asked = time.monotonic()
    decision = bench.approver.ask(question, bench.cancelled.is_set)
    watch.waited += time.monotonic() - asked
    if bench.cancelled.is_set():
        return Decision.stopped()
    return decision


class _Stopwatch:
    """How long a call itself takes: the time that it waits for the person is not its own."""

    def __init__(self) -> None:
        self.waited = 0.0
        self.restart()

    def restart(self) -> None:
        self._started, self._waited_before = time.monotonic(), self.waited

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started - (self.waited - self._waited_before)


def _json_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in arguments.items()}


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
        self._emit = emit
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
            yield events.get(timeout=0.05)
        except Empty:
            continue
    while not events.empty():
        yield events.get()
