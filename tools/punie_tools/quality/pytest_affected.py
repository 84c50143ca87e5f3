"""pytest_affected: the tests that a change can reach, and no others."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.changed_files import changed_files
from punie_tools.quality.affected_tests import AffectedTests, affected_tests
from punie_tools.quality.pytest_run import (
    DEADLINE_SECONDS,
    PytestRunResult,
    project_interpreter,
    run_selection,
)
from punie_tools.quality.pytest_session import Selection, command_line
from punie_tools.sentences import counted, first_of, single_line
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext

MOST_FILES_LISTED = 1_000


class SelectedTests(BaseModel):
    """A test file that was run; `because` leads from it, import by import, to a file that changed."""

    model_config = ConfigDict(frozen=True)

    file: str
    because: tuple[str, ...]


class PytestAffectedResult(PytestRunResult):
    """What was run and why, and what was left out; outcomes as `pytest_run` gives them."""

    changed: tuple[str, ...]
    selected: tuple[SelectedTests, ...]
    selected_count: int
    left_out: tuple[str, ...]
    left_out_count: int
    untraced: tuple[str, ...] = ()
    """Changed files that no code names; no test was run for them."""
    everything_because: str = ""
    """The changed file that concerns all tests, if there is one: then all were run."""

    @computed_field
    @property
    def summary(self) -> str:
        has_run = bool(self.changed and (self.everything_because or self.selected_count))
        return f"{self.selection}: {super().summary}" if has_run else f"{self.selection}."

    @property
    def selection(self) -> str:
        """Which tests were run for what."""
        if not self.changed:
            return "Nothing is changed, so there is no test to run"
        changes = f"{counted(len(self.changed), 'changed file')}"
        untraced = f"; no code names {first_of(self.untraced)}" if self.untraced else ""
        if self.everything_because:
            return f"{single_line(self.everything_because)} concerns all tests"
        if not self.selected_count:
            return f"No test can reach the {changes}; {counted(self.left_out_count, 'test file')} left out{untraced}"
        ran = f"{counted(self.selected_count, 'test file')} can reach the {changes}"
        return f"{ran}, {self.left_out_count:,} left out{untraced}"


def pytest_affected(
    context: ToolContext,
    paths: Annotated[
        list[str] | None, Field(description="The changed files; without them those that git sees as changed.")
    ] = None,
) -> PytestAffectedResult:
    """Run only the tests that the changed files can reach through imports, and say which were left out.

    A test file runs if it changed or imports something that did, however far away, also by way of conftest files.
    """
    if not context.workspace.is_trusted:
        raise ToolError("Running tests starts the project's own code, and this folder is not trusted; trust it first.")
    plan = _plan(context, paths)
    if plan.selection is None:
        return _result(plan, _nothing_ran())
    return _result(plan, run_selection(context, plan.selection, timeout=DEADLINE_SECONDS))


def affected_selection(context: ToolContext, paths: Sequence[str]) -> tuple[Selection | None, AffectedTests]:
    """What to run for changed files, which may be gone, and why; None where no test can reach them."""
    plan = _plan_for(context, sorted(paths))
    return plan.selection, plan.tests


def _preview(context: ToolContext, paths: list[str] | None = None) -> str:
    """The command line that will run."""
    plan = _plan(context, paths)
    if plan.selection is None:
        return "nothing: no test can reach the changed files"
    return shlex.join(command_line(project_interpreter(context.workspace), plan.selection))


TOOL = Tool(pytest_affected, risk=Risk.RUNS, preview=_preview)


@dataclass(frozen=True)
class _Plan:
    changed: tuple[str, ...]
    tests: AffectedTests
    selection: Selection | None


def _plan(context: ToolContext, paths: list[str] | None) -> _Plan:
    return _plan_for(context, changed_files(context) if paths is None else _given(context, paths))


def _plan_for(context: ToolContext, changed: Sequence[str]) -> _Plan:
    tests = affected_tests(context.workspace.root, changed, context.cancelled)
    if tests.everything_because:
        selection = Selection(("--continue-on-collection-errors",))
    elif tests.chains:
        # All of them: an empty command line is what the project itself calls all.
        # One file that cannot be imported must not keep the others from running.
        files = [f"./{file}" for file in tests.chains] if tests.left_out else []
        selection = Selection(("--continue-on-collection-errors", *files))
    else:
        selection = None
    return _Plan(tuple(changed), tests, selection)


def _given(context: ToolContext, paths: list[str]) -> list[str]:
    """The files that were named, and those in the folders that were. A file that is gone is named by its old path."""
    root = context.workspace.root
    found: set[str] = set()
    for path in paths:
        resolved = context.workspace.resolve(path, must_exist=not path.endswith(".py"))
        inside = [each for each in resolved.rglob("*") if each.is_file()] if resolved.is_dir() else [resolved]
        found.update(each.relative_to(root).as_posix() for each in inside)
    return sorted(found)


def _result(plan: _Plan, ran: PytestRunResult) -> PytestAffectedResult:
    selected = [
        SelectedTests(file=spelled(file), because=tuple(map(spelled, chain)))
        for file, chain in plan.tests.chains.items()
    ]
    return PytestAffectedResult(
        **ran.model_dump(exclude={"summary"}),
        changed=tuple(map(spelled, plan.changed)),
        selected=tuple(selected[:MOST_FILES_LISTED]),
        selected_count=len(selected),
        left_out=tuple(map(spelled, plan.tests.left_out[:MOST_FILES_LISTED])),
        left_out_count=len(plan.tests.left_out),
        untraced=tuple(map(spelled, plan.tests.untraced)),
        everything_because=spelled(plan.tests.everything_because),
    )


def _nothing_ran() -> PytestRunResult:
    counts = dict.fromkeys(("passed", "failed", "errors", "skipped", "xfailed", "xpassed"), 0)
    return PytestRunResult(target="", keyword="", duration=0.0, tests=(), **counts)
