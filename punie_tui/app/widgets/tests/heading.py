"""The row above the tests: what runs, what came of it, or how many there are and how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from punie_tools.quality.pytest_affected import PytestAffectedResult
from punie_tools.quality.pytest_run import PytestRunResult
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted

if TYPE_CHECKING:
    from punie_tools.tool import ToolResult
    from punie_tui.app.widgets.tests.known_tests import KnownTests, State
    from punie_tui.app.widgets.tests.running_tests import TestRun

NO_TESTS = "No tests are written here, as far as the files tell; a runs pytest."
_BAR_CELLS = 10
_TOLD: tuple[State, ...] = ("failed", "error", "collection error", "passed", "skipped", "xfailed", "xpassed")


class TestsHeading(Static):
    """One row."""

    __test__ = False
    DEFAULT_CSS = """
    TestsHeading { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, told: Sequence[str], *, is_watching: bool) -> None:
        """The first that fits, else as much of the last as does: of several the longest comes first.

        It may be foreign text.
        """
        title = Content.styled("Tests", "bold") + Content(f"{' (watching)' * is_watching}  ")
        room = self.content_size.width - title.cell_length
        texts = [Content(safe_text(text, single_line=True)) for text in told]
        self.update(title + next((text for text in texts if text.cell_length <= room), texts[-1]))


def told_run(run: TestRun) -> Sequence[str]:
    """How far it is, and at last what it is."""
    failed = f"{run.failed:,} failed  " if run.failed else ""
    return [f"{_bar(run)}  {failed}{run.seconds:.0f} s  {run.title}"]


def told_result(result: ToolResult, target: str) -> Sequence[str]:
    """What came of a run of `target`. The tree shows what failed where, and the report why."""
    match result:
        case PytestAffectedResult() if result.headline:
            return [result.summary, f"{result.selection}: {result.headline}", result.headline]
        case PytestRunResult() if result.headline:
            return [result.summary, result.headline]
        case _:
            return [result.summary, result.summary.replace(target, name_alone(target)) if target else result.summary]


def name_alone(name: str) -> str:
    """A node id without its file and class."""
    base, bracket, parameters = name.partition("[")
    return f"{base.rpartition('::')[2]}{bracket}{parameters}"


def told_counts(tests: KnownTests, filter_text: str, seconds: float | None = None) -> Sequence[str]:
    """How many tests there are, and how many of them ended how; with a filter of those that pass it.

    `seconds` is how long the last run took, if there was one.
    """
    if not tests.files:
        return [NO_TESTS]
    shown = [test for test in tests.known() if test.holds(filter_text)]
    states: Counter[State] = Counter(test.state for test in shown if test.is_test or test.has_failed)
    total = sum(test.is_test for test in shown)
    among = f"{total:,} of {len(tests):,} with {filter_text!r}" if filter_text else f"{total:,}"
    files = counted(len({test.file for test in shown}), "file")
    told = _in_words(states)
    took = f"  last run {seconds:.1f} s" if seconds is not None else ""
    counts = [", ".join([f"{among} in {files}", *told]), ", ".join([among, *told]), ", ".join(told) or among]
    return [*(f"{each}{took}" for each in counts), counts[-1]]


def _in_words(states: Counter[State]) -> list[str]:
    nouns: list[State] = ["error", "collection error"]
    return [
        counted(states[state], state) if state in nouns else f"{states[state]} {state}"
        for state in _TOLD
        if states[state]
    ]


def _bar(run: TestRun) -> str:
    if run.cancelled.is_set():
        return "stopping …"
    if not run.total:
        return "starting …"
    filled = min(_BAR_CELLS * run.done // run.total, _BAR_CELLS)
    return f"{'━' * filled}{'─' * (_BAR_CELLS - filled)} {run.done}/{run.total}"
