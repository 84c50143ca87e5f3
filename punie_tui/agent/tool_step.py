"""One call: find the tool, validate, approve, run, report."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import preview_of
from punie_tools.changes.review import ReviewResult
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolDeniedError, bug_in
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.symbols.tree_names import TreeNameReader
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


class _InnerDeniedError(ToolDeniedError):
    """A call that a running one made was denied."""

    def __init__(self, denial: Outcome) -> None:
        super().__init__(denial.error)
        self.denial = denial


@dataclass(frozen=True)
class ToolBench:
    """The tools a turn may use, and what they work on. `cancelled` stops every running one.

    Whoever made the language server closes it. With `names` a model is held to what the workspace has.
    """

    workspace: Workspace
    tools: Mapping[str, Tool]
    approver: Approver
    cancelled: threading.Event = field(default_factory=threading.Event)
    language_server: LanguageServer | None = None
    changes: SessionChanges | None = None
    on_part: PartCallback | None = None
    names: TreeNameReader | None = None

    def find(self, name: str) -> Tool:
        """Raises ToolError for a name that no tool has."""
        if tool := self.tools.get(name):
            return tool
        raise ToolError(f"There is no tool {name!r}.")


def perform_call(call: ToolCall, bench: ToolBench, emit: Emit, parent_call_id: str | None = None) -> Outcome:
    """Run one call to its end and tell every step of it; never raises."""
    emit(
        ToolRequested(
            call_id=call.id, parent_call_id=parent_call_id, tool=call.tool, arguments=_json_arguments(call.arguments)
        )
    )
    return _RunningCall(call, bench, emit).to_its_end()


class _RunningCall:
    """One call, with what its steps share."""

    def __init__(self, call: ToolCall, bench: ToolBench, emit: Emit) -> None:
        self._call = call
        self._bench = bench
        self._emit = emit
        self._watch = _Stopwatch()
        self._inner_denials: list[Outcome] = []
        self._review: ReviewResult | None = None

    def to_its_end(self) -> Outcome:
        try:
            result = self._result()
        except _DeniedError as denial:
            return self._denied(denial)
        except ToolError as error:
            failed = self._failed(str(error))
            # A denial that the program caught and went on after is not why it failed.
            cause = error.__cause__
            return _because_of(cause.denial, failed) if isinstance(cause, _InnerDeniedError) else failed
        except Exception:
            # A bug in a tool ends this call, not the app; its traceback goes to the log.
            _LOG.exception("tool %s failed", self._call.tool)
            return self._failed(bug_in(self._call.tool))
        return self._finished(result)

    def _result(self) -> ToolResult:
        tool = self._bench.find(self._call.tool)
        arguments = tool.validate(self._call.arguments)
        context = self._approved(tool, arguments, self._context(tool))
        self._emit(ToolStarted(call_id=self._call.id))
        self._watch.restart()
        return tool.function(context, **arguments)

    # How it ends.

    def _denied(self, denial: _DeniedError) -> Outcome:
        self._emit(ToolDenied(call_id=self._call.id, reason=str(denial)))
        return Outcome(
            self._call,
            error=str(denial),
            is_denied=True,
            is_against_policy=denial.by == "policy",
            waits_for_person=not denial.by,
            waited_seconds=self._watch.waited,
        )

    def _failed(self, error: str) -> Outcome:
        self._emit(ToolFailed(call_id=self._call.id, tool=self._call.tool, error=error, seconds=self._watch.seconds))
        return Outcome(self._call, error=error, waited_seconds=self._watch.waited)

    def _finished(self, result: ToolResult) -> Outcome:
        self._emit(
            ToolFinished(
                call_id=self._call.id,
                tool=self._call.tool,
                result=result.model_dump(mode="json"),
                summary=result.summary,
                names_only_some=result.names_only_some,
                seconds=self._watch.seconds,
                review=self._review.model_dump(mode="json") if self._review else None,
            )
        )
        return Outcome(
            self._call,
            result=result,
            review=self._review,
            waited_seconds=self._watch.waited,
            denied_on_the_way=tuple(self._inner_denials),
            is_against_policy=any(denial.is_against_policy for denial in self._inner_denials),
            waits_for_person=any(denial.waits_for_person for denial in self._inner_denials),
        )

    # What it may use.

    def _context(self, tool: Tool) -> ToolContext:
        """Which of the calls that it makes are denied is kept for its own outcome."""

        def report_progress(done: int, total: int | None, text: str) -> None:
            self._emit(ToolProgressed(call_id=self._call.id, done=done, total=total, text=text))

        inner_numbers = count(1)

        def call_tool(name: str, arguments: Mapping[str, object]) -> ToolResult:
            if name == tool.name:
                raise ToolError(f"{name} cannot call itself.")
            return self._inner_result(
                ToolCall(id=f"{self._call.id}.{next(inner_numbers)}", tool=name, arguments=arguments)
            )

        return ToolContext(
            workspace=self._bench.workspace,
            cancelled=self._bench.cancelled,
            report_progress=report_progress,
            call_tool=call_tool,
            language_server=self._bench.language_server,
            changes=self._bench.changes,
            on_part=self._bench.on_part,
        )

    def _inner_result(self, inner: ToolCall) -> ToolResult:
        """Of a call that this one makes. Raises ToolError where there is none."""
        outcome = perform_call(inner, self._bench, self._emit, parent_call_id=self._call.id)
        self._watch.waited += outcome.waited_seconds
        if outcome.is_denied:
            self._inner_denials.append(outcome)
            raise _InnerDeniedError(outcome)
        if outcome.result is None:
            raise ToolError(outcome.error)
        return outcome.result

    # Whether it may run.

    def _approved(self, tool: Tool, arguments: Mapping[str, Any], context: ToolContext) -> ToolContext:
        """Raises _DeniedError. A call that was approved to run code has the folder's trust for that one call."""
        risk = tool.risk_for(arguments, self._bench.workspace)
        decision = self._decision(tool, risk, arguments, context)
        if not decision.is_allowed:
            raise _DeniedError(decision.reason or "denied", decision.by)
        if risk is Risk.READS:
            return context
        self._emit(ToolApproved(call_id=self._call.id, by=decision.by))
        is_trusted = risk is not Risk.EDITS or self._bench.approver.is_folder_trusted()
        context = replace(context, workspace=replace(self._bench.workspace, is_trusted=is_trusted))
        return replace(context, review=self._reviewer(tool, risk)) if decision.wants_review else context

    def _decision(self, tool: Tool, risk: Risk, arguments: Mapping[str, Any], context: ToolContext) -> Decision:
        """What the approver knows, else what the person says; each call that they were not asked about is a step."""
        approver = self._bench.approver
        decision = approver.standing_decision(tool.name, risk, is_confined=tool.is_confined(self._bench.workspace))
        if decision and not (decision.is_allowed and approver.is_stepping):
            return decision
        preview = tool.preview(context, arguments)
        shown = "Nothing would change." if preview is None else preview
        if decision is None and preview is None and risk is Risk.EDITS and tool.is_reviewable:
            # There is nothing to ask about. If a file changes meanwhile, so that there is, the review asks.
            decision = Decision(is_allowed=True, by="policy", wants_review=True)
        if decision is None:
            note = approver.trust_lapse if tool.name in RUNS_TESTS else ""
            question = ApprovalQuestion(self._call.id, tool.name, risk, shown, note, tool.is_reviewable)
            decision = approver.remembered_decision(question)
            if decision is None:
                return self._answer_aloud(question)
        if not (decision.is_allowed and approver.is_stepping):
            return decision
        edits = tool.is_reviewable and risk is Risk.EDITS and preview is not None
        question = ApprovalQuestion(
            self._call.id, tool.name, risk, shown or "(no arguments)", can_be_reviewed=edits, is_step=True
        )
        answer = self._answer_aloud(question)
        if not answer.is_allowed:
            return answer
        return replace(decision, by=answer.by, wants_review=decision.wants_review or answer.wants_review)

    def _reviewer(self, tool: Tool, risk: Risk) -> ReviewChanges:
        """Asks the person about the changes themselves, once these are known."""

        def review(changes: Sequence[FileChange]) -> Sequence[FileChange]:
            shown = preview_of(changes) or ""
            question = ApprovalQuestion(
                self._call.id, tool.name, risk, shown, can_be_reviewed=tool.is_reviewable, proposal=tuple(changes)
            )
            decision = self._answer(question)
            if not decision.is_allowed:
                raise _DeniedError(decision.reason or "denied", decision.by)
            if decision.review is None:
                # Whoever cannot ask about a part asked about all.
                return changes
            standing = decision.review.standing_changes
            if not standing:
                raise _DeniedError(f"the person let nothing of it stand: {decision.review.result.summary}", "person")
            self._review = self._review or decision.review.result
            return standing

        return review

    def _answer_aloud(self, question: ApprovalQuestion) -> Decision:
        """The person's, and everybody is told that they are asked."""
        self._emit(
            ApprovalRequested(call_id=question.call_id, risk=question.risk, detail=question.shown, note=question.note)
        )
        return self._answer(question)

    def _answer(self, question: ApprovalQuestion) -> Decision:
        asked = time.monotonic()
        decision = self._bench.approver.ask(question, self._bench.cancelled.is_set)
        self._watch.waited += time.monotonic() - asked
        return Decision.stopped() if self._bench.cancelled.is_set() else decision


def _because_of(denial: Outcome, failed: Outcome) -> Outcome:
    return replace(
        failed,
        is_denied_inside=True,
        is_against_policy=denial.is_against_policy,
        waits_for_person=denial.waits_for_person,
    )


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
