"""debug_test: where and with which values one test fails, or passes a breakpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.debug.breakpoints import resolved_breakpoints
from punie_tools.debug.conversation import SECONDS_TO_LOOK, Conversation, Plan
from punie_tools.debug.debug_result import DebugResult, checked_timeout, shown_plan
from punie_tools.debug.debuggee import AGENT, AGENT_FOLDER, debugger_variables, project_file_test, pydevd_folder
from punie_tools.debug.stop_report import run_fields, stop_fields
from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess
from punie_tools.quality.pytest_run import project_interpreter, selection_of, unknown_test
from punie_tools.quality.pytest_session import (
    AddedPlugin,
    PytestSession,
    Report,
    Selection,
    command_line,
    run_session,
    why_ended,
)
from punie_tools.quality.tests_in_sandbox import are_tests_confined
from punie_tools.sentences import counted, first_of, shortened
from punie_tools.tool import Risk, Tool, ToolContext

_VERBS = {"skipped": "was skipped", "error": "ended in an error", "xfailed": "failed as expected"}


class DebugTestResult(DebugResult):
    """`outcome` is pytest's word for the test, empty if it did not come to its end; `test` is its node id."""

    __test__ = False  # or pytest would collect it

    target: str
    test: str
    outcome: str

    @computed_field
    @property
    def summary(self) -> str:
        return f"{self.told(self.test or self.target)}."


def debug_test(
    context: ToolContext,
    target: Annotated[str, Field(description="A node id, or the name of a test; it must mean one test.")],
    breakpoints: Annotated[
        Sequence[str], Field(description="Each `file:line` or a function's name, and `if CONDITION` if wanted.")
    ] = (),
    expressions: Annotated[Sequence[str], Field(description="Evaluated in the frame where it stops.")] = (),
    timeout: Annotated[float, Field(description="Seconds until it is stopped where it is.")] = 60.0,
) -> DebugTestResult:
    """Run one test to its failure or to a breakpoint: the stack, the local values and what expressions give there.

    It stops in the innermost frame of the project's own code. Then the test runs on, so that its fixtures clean up.
    """
    if not context.workspace.is_trusted:
        raise ToolError("Debugging starts the project's own code, and this folder is not trusted; trust it first.")
    if not target.strip():
        raise ToolError("Debugging needs the name of one test.")
    seconds = checked_timeout(timeout)
    points = resolved_breakpoints(context, breakpoints)
    interpreter = project_interpreter(context.workspace)
    selection = _selection(context, target)
    is_project_file = project_file_test(context.workspace, interpreter)
    plan = Plan(points, expressions, seconds, is_project_file, ends_when_stopped=False)
    variables = debugger_variables(interpreter, has_breakpoints=bool(points), seeks_test=not selection.file)
    with Conversation(plan) as conversation:
        folders = (AGENT_FOLDER, pydevd_folder())
        added = AddedPlugin(AGENT, AGENT_FOLDER, variables, folders, conversation.channel, conversation.is_over)
        session, ran = run_session(context, interpreter, selection, seconds + SECONDS_TO_LOOK, added)
    _raise_if_not_one(target, session)
    report = _report(session)
    fields = stop_fields(conversation, points, context.workspace)
    if fields["stopped"] == "finished":
        fields["reason"] = _how_it_ended(report, ran.process, seconds)
    return DebugTestResult(
        target=target,
        test=report.node_id if report else next(iter(session.running), ""),
        outcome=report.outcome if report else "",
        output=report.output if report else "",
        **run_fields(ran),
        **fields,
    )


def _selection(context: ToolContext, target: str) -> Selection:
    return replace(selection_of(context.workspace, target, "", False), is_one_test=True)


def _preview(
    context: ToolContext, target: str, breakpoints: Sequence[str], expressions: Sequence[str], timeout: float
) -> str:
    """The command line that will run, and what will be evaluated in it."""
    command = command_line(project_interpreter(context.workspace), _selection(context, target), AGENT)
    return shown_plan(context.workspace, command, breakpoints, expressions)


TOOL = Tool(debug_test, risk=Risk.RUNS, preview=_preview, confined_in=are_tests_confined)


def _raise_if_not_one(target: str, session: PytestSession) -> None:
    if session.is_unknown:
        raise unknown_test(target, session)
    if session.ambiguous:
        found = counted(len(session.ambiguous), "test")
        raise ToolError(f"{target!r} means {found}; name one of them: {first_of(session.ambiguous, 5)}.")
    if session.total == 0 and not session.reports:
        raise ToolError(f"There is no test in {target!r}.")


def _report(session: PytestSession) -> Report | None:
    """The one that failed first; of several parameters the last that ran if none failed."""
    failed = [report for report in session.reports if report.outcome in ("failed", "error")]
    return next(iter(failed or session.reports[-1:]), None)


def _how_it_ended(report: Report | None, finished: FinishedProcess, seconds: float) -> str:
    if report is None:
        return f"did not come to its end: {why_ended(finished, seconds)}"
    reason = f" ({shortened(report.message)})" if report.message and report.outcome != "passed" else ""
    return f"{_VERBS.get(report.outcome, report.outcome)}{reason}"
