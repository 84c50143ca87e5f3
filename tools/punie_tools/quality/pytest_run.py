"""pytest_run: what the project's own pytest says, test by test."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.commands.change_watch import MOST_LISTED, ChangedFile, CommandChanges
from punie_tools.commands.confinement import BackendName
from punie_tools.commands.runner import CommandRun
from punie_tools.errors import ToolError
from punie_tools.quality.interpreter import Interpreter, interpreter_of
from punie_tools.quality.pytest_session import (
    Outcome,
    PytestSession,
    Report,
    Selection,
    TellTest,
    command_line,
    run_session,
    why_ended,
    why_incomplete,
)
from punie_tools.sentences import counted, first_of, shortened, single_line
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult
from punie_tools.workspace import Workspace

DEADLINE_SECONDS = 600.0
MOST_TESTS = 10_000

_NO_NETWORK = re.compile("Network is unreachable|Name or service not known|Temporary failure in name resolution")


class TestOutcome(BaseModel):
    """One outcome of one test. A test that passes and then fails to clean up has two, as pytest counts them.

    `line` is that of the failing assertion, else where the test begins; `message` is why it failed or was skipped.
    """

    __test__ = False  # or pytest would collect it
    model_config = ConfigDict(frozen=True)

    name: str
    outcome: Outcome
    duration: float
    file: str
    line: int | None
    message: str
    output: str = ""
    """What a failing test printed and logged, its head and its tail if it is long."""
    is_of_collection: bool = False
    """Whether it is about a file or class that could not be collected: then none of its tests ran."""


class TestBegun(BaseModel):
    """Told to `on_part` of the context: this test runs now."""

    __test__ = False
    model_config = ConfigDict(frozen=True)

    name: str


class TestFrame(BaseModel):
    """Where a failure came through; a file outside of the workspace is an absolute path."""

    __test__ = False
    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    function: str
    source: str

    @property
    def is_project(self) -> bool:
        """Whether it is code of the workspace, and no package that is installed there."""
        return not self.file.startswith("/") and "site-packages" not in self.file

    def as_row(self) -> str:
        return f"{self.file}:{self.line}  {self.function}  {self.source}"


class DetailedOutcome(TestOutcome):
    """Told to `on_part` as soon as the test has ended: with what a failure compared, and the names where it failed.

    In `diff` the right side stands as `-`, the left one as `+`; `locals` are names, each with a shortened repr; `stack`
    leads from where the failure began to the test.
    """

    diff: str = ""
    locals: tuple[tuple[str, str], ...] = ()
    stack: tuple[TestFrame, ...] = ()


class PytestRunResult(ToolResult):
    """Outcomes as pytest counts them. `incomplete` says why some tests did not run; it is empty if all did.

    `confined` tests wrote in the tree and in a temporary folder of their own only, and had no network but a loopback of
    their own. In a session undo takes back the `changed_files` (the first of `changed_count`), all but
    `not_journalled_count` of them. `put_back` names hooks and configuration of git that are as before again.
    """

    target: str
    keyword: str
    passed: int
    failed: int
    errors: int
    skipped: int
    xfailed: int
    xpassed: int
    duration: float
    tests: tuple[TestOutcome, ...]
    collection_errors: int = 0
    """Those of the errors that are no test's: a file or class could not be collected, such as for an import."""
    incomplete: str = ""
    truncated: bool = False
    confined: bool = False
    sandbox: BackendName = "none"
    sandbox_reason: str = ""
    put_back: tuple[str, ...] = ()
    changed_files: tuple[ChangedFile, ...] = ()
    changed_count: int = 0
    not_journalled_count: int = 0

    @computed_field
    @property
    def summary(self) -> str:
        if not self.headline:
            what = f" match {self.keyword!r}" if self.keyword else ""
            where = f" in {single_line(self.target)}" if self.target else "" if what else " were found"
            return f"No tests{what}{where}{f': {self.incomplete}' if self.incomplete else ''}."
        failures = [test for test in self.tests if test.outcome in ("failed", "error")]
        where = f": {first_of([_in_short(test) for test in failures])}" if failures else ""
        return f"{self.headline}{where}."

    @property
    def headline(self) -> str:
        """The counts, the time and what kept tests from running; empty where there is nothing to count."""
        counts = ", ".join(f"{count:,} {word}" for word, count in self._counts() if count)
        incomplete = f" ({self.incomplete})" if self.incomplete else ""
        return f"{counts} in {self.duration:.1f} s{incomplete}{self._hint}" if counts else ""

    @property
    def _hint(self) -> str:
        """How to give tests the network, if it seems to be what they lack."""
        failed = (test for test in self.tests if test.outcome in ("failed", "error"))
        if self.confined and any(_NO_NETWORK.search(test.message) for test in failed):
            return " (the sandbox has no network; `confine_tests = false` in your settings runs tests without it)"
        return ""

    def _counts(self) -> tuple[tuple[str, int], ...]:
        errors = self.errors - self.collection_errors
        return (
            ("passed", self.passed),
            ("failed", self.failed),
            ("error" if errors == 1 else "errors", errors),
            ("collection error" if self.collection_errors == 1 else "collection errors", self.collection_errors),
            ("skipped", self.skipped),
            ("xfailed", self.xfailed),
            ("xpassed", self.xpassed),
        )


def pytest_run(
    context: ToolContext,
    target: Annotated[str, Field(description="A path, a node id, or the name of a test; empty runs all.")] = "",
    keyword: Annotated[str, Field(description="Only tests that match this pytest -k expression.")] = "",
    last_failed: Annotated[bool, Field(description="Only tests that failed in the last run.")] = False,
) -> PytestRunResult:
    """Run the project's tests with its own pytest: every outcome, with file, line and message of each failure."""
    return run_tests(context, target, keyword, last_failed, timeout=DEADLINE_SECONDS)


def run_tests(context: ToolContext, target: str, keyword: str, last_failed: bool, *, timeout: float) -> PytestRunResult:
    """As `pytest_run`, stopping after `timeout` seconds with what is known by then."""
    if not context.workspace.is_trusted:
        raise ToolError("Running tests starts the project's own code, and this folder is not trusted; trust it first.")
    selection = selection_of(context.workspace, target, keyword, last_failed)
    return run_selection(context, selection, target=target, keyword=keyword, timeout=timeout)


def run_selection(
    context: ToolContext, selection: Selection, *, target: str = "", keyword: str = "", timeout: float
) -> PytestRunResult:
    """Run what is selected; target and keyword are how the person named it. The folder is trusted."""
    interpreter = project_interpreter(context.workspace)
    selection = replace(selection, wants_details=selection.wants_details or context.on_part is not None)
    session = PytestSession(context.report_progress, _teller(context))
    session, ran = run_session(context, interpreter, selection, timeout, session=session)
    if session.is_unknown:
        raise unknown_test(target, session)
    return _result(context.workspace, target, keyword, session, ran, timeout)


def _teller(context: ToolContext) -> TellTest | None:
    """Hands each test over as it begins and as it ends, where somebody watches."""
    on_part = context.on_part
    if on_part is None:
        return None

    def tell(node_id: str, reports: Sequence[Report] | None, seconds: float) -> None:
        if reports is None:
            on_part(TestBegun(name=node_id))
        for report in reports or ():
            on_part(_outcome(report, context.workspace, seconds))

    return tell


def _preview(context: ToolContext, target: str, keyword: str, last_failed: bool) -> str:
    """The command line that will run."""
    interpreter = project_interpreter(context.workspace)
    return shlex.join(command_line(interpreter, selection_of(context.workspace, target, keyword, last_failed)))


TOOL = Tool(pytest_run, risk=Risk.RUNS, preview=_preview)


def project_interpreter(workspace: Workspace) -> Interpreter:
    """Raises ToolError, with what mends it, if the project has no Python that can be started."""
    interpreter = interpreter_of(workspace)
    if interpreter is None:
        raise ToolError(
            "There is no Python for this project; make it an environment: "
            "python3 -m venv .venv && .venv/bin/python -m pip install pytest"
        )
    if not interpreter.is_startable:
        raise ToolError(
            f"The project's environment {interpreter.environment} is broken: its Python is gone; make it anew."
        )
    return interpreter


def selection_of(workspace: Workspace, target: str, keyword: str, last_failed: bool) -> Selection:
    """What a target means: a path, a node id or the name of a test. Raises ToolError for a path that is not there."""
    # One file that cannot be imported must not keep the others from running.
    going_on = "--continue-on-collection-errors"
    options = (going_on, *(("-k", keyword) if keyword else ()), *(("--last-failed",) if last_failed else ()))
    if not target or target == ".":
        return Selection(options)
    path, _, names = target.partition("::")
    if not _is_path(workspace, path):
        return Selection(options, names=target)
    resolved = workspace.resolve(path)
    argument = f"./{resolved.relative_to(workspace.root)}"
    return Selection((*options, argument), names=names, file=argument if resolved.is_file() else "")


def _is_path(workspace: Workspace, path: str) -> bool:
    """Whether a target's first part means a file or folder, even one that is not there."""
    without_parameters = path.partition("[")[0]
    if "/" in without_parameters or path.endswith((".py", ".txt")):
        return True
    try:
        workspace.resolve(path)
    except ToolError:
        return False
    return True


class UnknownTestError(ToolError):
    """No test has the name that was asked for."""


def unknown_test(target: str, session: PytestSession) -> UnknownTestError:
    """The error to raise, with the nearest name."""
    suggestion = f"; did you mean {session.nearest!r}?" if session.nearest else "."
    failed = session.not_imported
    hint = f" ({counted(len(failed), 'module')} could not be imported: {first_of(failed)})" if failed else ""
    return UnknownTestError(f"There is no test {target!r}{hint}{suggestion}")


def _result(
    workspace: Workspace, target: str, keyword: str, session: PytestSession, ran: CommandRun, timeout: float
) -> PytestRunResult:
    finished, changes = ran.process, ran.changes or CommandChanges()
    tests = [_outcome(report, workspace, session.seconds_by_test[report.node_id]) for report in session.reports]
    if not session.has_ended:
        reason = f"{why_ended(finished, timeout)} while this test ran"
        tests += [_cut_short(node_id, workspace, session, reason) for node_id in session.running]
    counts = Counter(test.outcome for test in tests)
    return PytestRunResult(
        success=session.has_ended,
        target=target,
        keyword=keyword,
        passed=counts["passed"],
        failed=counts["failed"],
        errors=counts["error"],
        skipped=counts["skipped"],
        xfailed=counts["xfailed"],
        xpassed=counts["xpassed"],
        duration=round(finished.seconds if session.seconds is None else session.seconds, 3),
        tests=_capped(tests),
        collection_errors=sum(test.is_of_collection and test.outcome == "error" for test in tests),
        incomplete=why_incomplete(session, finished, timeout),
        truncated=len(tests) > MOST_TESTS,
        confined=ran.confinement.backend is not None,
        sandbox=ran.confinement.name,
        sandbox_reason=ran.confinement.reason,
        put_back=ran.put_back,
        changed_files=changes.files[:MOST_LISTED],
        changed_count=len(changes.files),
        not_journalled_count=len(changes.not_journalled),
    )


def _outcome(report: Report, workspace: Workspace, seconds: float) -> TestOutcome:
    """With its details where these were wanted; the result of the run itself does without them."""
    return DetailedOutcome(
        name=report.node_id,
        outcome=report.outcome,
        duration=round(seconds, 3),
        file=_name(report.file, workspace),
        line=report.line,
        message=report.message,
        output=report.output,
        diff=report.diff,
        locals=report.locals,
        stack=tuple(
            TestFrame(file=_name(file, workspace), line=line, function=function, source=source)
            for file, line, function, source in report.stack
        ),
        is_of_collection=report.is_of_collection,
    )


def _cut_short(node_id: str, workspace: Workspace, session: PytestSession, reason: str) -> TestOutcome:
    """A test that was still running when the process ended."""
    return TestOutcome(
        name=node_id,
        outcome="error",
        duration=round(session.seconds_by_test.get(node_id, 0.0), 3),
        file=_name(node_id.partition("::")[0], workspace),
        line=None,
        message=reason,
    )


def _name(file: str, workspace: Workspace) -> str:
    path = workspace.root / file
    return workspace.relative(path) if path.is_relative_to(workspace.root) else file


def _capped(tests: list[TestOutcome]) -> tuple[TestOutcome, ...]:
    """At most so many, in their order; what did not pass is kept first."""
    if len(tests) <= MOST_TESTS:
        return tuple(tests)
    wanted = sorted(range(len(tests)), key=lambda number: tests[number].outcome == "passed")[:MOST_TESTS]
    return tuple(tests[number] for number in sorted(wanted))


def _in_short(test: TestOutcome) -> str:
    """Where it failed, so that one can go there, and why."""
    first_line = test.message.split("\n", 1)[0]
    place, name = "", test.name
    if test.line:
        place, name = f"{test.file}:{test.line}", test.name.removeprefix(test.file).removeprefix("::")
    reason = f"({shortened(first_line, 100)})" if first_line else ""
    return " ".join(part for part in (place, name, reason) if part)
