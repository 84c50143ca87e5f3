"""The row above the tests: what runs, what came of it, or how many there are and how they ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted

if TYPE_CHECKING:
    from punie_tui.app.widgets.tests.known_tests import KnownTests, State
    from punie_tui.app.widgets.tests.running_tests import TestRun

_BAR_CELLS = 10
_TOLD: tuple[State, ...] = ("failed", "error", "collection error", "passed", "skipped", "xfailed", "xpassed")


class TestsHeading(Static):
    """One row."""

    __test__ = False
    DEFAULT_CSS = """
    TestsHeading { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, state: str, *, is_watching: bool) -> None:
        """`state` may be foreign text."""
        told = safe_text(state, single_line=True)
        self.update(Content.styled("Tests", "bold") + Content(f"{' (watching)' * is_watching}  {told}"))


def told_run(run: TestRun) -> str:
    """How far it is."""
    return f"{_bar(run)}  {run.title}"


def told_counts(tests: KnownTests) -> str:
    """How many tests there are, and how many of them ended how."""
    if not tests.files:
        return "none are written here, as far as the files tell; a runs pytest"
    states: Counter[State] = Counter(test.state for test in tests.known() if test.is_test or test.has_failed)
    return ", ".join([f"{len(tests)} in {counted(len(tests.files), 'file')}", *_in_words(states)])


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
