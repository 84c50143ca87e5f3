"""The report of one test: its assertion with what differs, the local values, what it printed, and a debugger's stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from punie_tools.quality.pytest_run import DetailedOutcome, TestOutcome
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.actions import SCROLL_CALLS, ActionGroup, ActionGroups, bindings_of, movement

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tui.app.widgets.tests.known_tests import KnownTest
    from punie_tui.app.widgets.trace.rows import Row

_STYLES = {"": "", "strong": "bold", "good": "$text-success", "bad": "$text-error", "muted": "$secondary"}
_MOST_LISTED = 100
_LONGEST_SENT = 6_000

Lines = Iterator[tuple[str, str]]
"""Lines of safe text with a role each."""


REPORT_ACTIONS = ActionGroup(
    "The report",
    movement(SCROLL_CALLS, "scroll"),
)


class TestReport(VerticalScroll):
    """Scrolled by keyboard while it has the focus."""

    __test__ = False
    DEFAULT_CSS = """
    TestReport { background: $background; scrollbar-size-vertical: 1; padding: 0 1; }
    TestReport > Static { height: auto; }
    """
    ACTIONS: ClassVar[ActionGroups] = (REPORT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, key: str, test: KnownTest | None, tests: Sequence[KnownTest]) -> None:
        """Show a test; without one what a file, a class or parameters hold."""
        lines = list(_overview(key, tests) if test is None else _report(test, self._width))
        text = Content("\n").join(
            Content.styled(line, _STYLES[role]) if role else Content(line) for line, role in lines
        )
        self.query_one(Static).update(text)

    @property
    def _width(self) -> int:
        return max(self.size.width - 3, 20)


def _report(test: KnownTest, width: int) -> Lines:
    path, line = test.place
    yield safe_text(test.name, single_line=True), "strong"
    seconds = f" in {test.worst.duration:.2f} s" if test.outcomes and test.is_test and not test.is_running else ""
    at = f"  {safe_text(path, single_line=True)}:{line}" if line else ""
    yield f"{test.state}{seconds}{at}", "muted"
    # First, as the person asked for it last, and below it would not be seen on few rows.
    if test.debugged is not None:
        from punie_tui.app.widgets.trace.results import rows_of

        yield "", ""
        yield "debugger", "strong"
        yield from _flattened(rows_of("debug_test", test.debugged.model_dump(mode="json"), width), 0)
    for outcome in test.outcomes:
        yield from _outcome(outcome)
    if test.has_failed and test.is_test and not any(isinstance(outcome, DetailedOutcome) for outcome in test.outcomes):
        yield "", ""
        yield "r runs it alone and shows more.", "muted"


def _outcome(outcome: TestOutcome) -> Lines:
    if outcome.message:
        yield "", ""
        role = "bad" if outcome.outcome in ("failed", "error", "xpassed") else "muted"
        for text in safe_text(outcome.message).splitlines():
            yield text, role
    if outcome.is_of_collection:
        yield "", ""
        yield "So none of its tests ran.", "muted"
    if isinstance(outcome, DetailedOutcome) and outcome.diff:
        yield "", ""
        yield "difference  (- right of ==, + left of ==)", "strong"
        for text in safe_text(outcome.diff).splitlines():
            yield text, {"+": "good", "-": "bad"}.get(text[:1], "")
    if isinstance(outcome, DetailedOutcome) and outcome.locals:
        yield "", ""
        yield "locals", "strong"
        for name, value in outcome.locals:
            yield safe_text(f"{name} = {value}", single_line=True), ""
    if outcome.output:
        yield "", ""
        for text in safe_text(outcome.output).splitlines():
            yield text, "strong" if text.startswith("Captured ") and text.endswith(":") else "muted"


def _overview(key: str, tests: Sequence[KnownTest]) -> Lines:
    """How many there are, and what failed."""
    yield safe_text(key, single_line=True), "strong"
    failed = [test for test in tests if test.has_failed]
    yield f"{counted(sum(test.is_test for test in tests), 'test')}, {_told_of(tests, len(failed))}", "muted"
    for test in failed[:_MOST_LISTED]:
        yield "", ""
        yield f"✗ {safe_text(test.name[len(key) :].removeprefix('::'), single_line=True)}", "bad"
        yield f"  {safe_text(test.worst.message.partition(chr(10))[0], single_line=True)}", "muted"
    if len(failed) > _MOST_LISTED:
        yield f"… {len(failed) - _MOST_LISTED} more", "muted"


def _told_of(tests: Sequence[KnownTest], failed: int) -> str:
    """None failed only where some have run."""
    not_run = sum(test.state == "not run" for test in tests)
    if not_run == len(tests):
        return "not run"
    return f"{failed} failed, {not_run} not run" if not_run else f"{failed} failed"


def _flattened(rows: Sequence[Row], depth: int) -> Lines:
    for row in rows:
        text = "".join(part for part, _ in row.parts)
        yield "  " * depth + text, row.parts[0][1] if row.parts else ""
        yield from _flattened(row.children, depth + 1)


def fix_request(test: KnownTest) -> str:
    """What the model is asked for a failing test: the failure as it is known, no more than it can read at once."""
    path, line = test.place
    what = f"test {test.name}" if test.is_test else f"tests of {test.name}, which cannot be collected"
    parts = [f"Fix the failing {what} ({path}{f':{line}' if line else ''})."]
    for outcome in test.outcomes:
        parts += [each for each in (outcome.message, outcome.output) if each]
        if isinstance(outcome, DetailedOutcome):
            parts += [f"Difference (- right of ==, + left of ==):\n{outcome.diff}"] if outcome.diff else []
            parts += ["Local values:\n" + "\n".join(f"{name} = {value}" for name, value in outcome.locals)]
    if test.debugged is not None:
        parts.append(test.debugged.summary)
    text = "\n\n".join(parts)
    return text if len(text) <= _LONGEST_SENT else f"{text[:_LONGEST_SENT]}…"
