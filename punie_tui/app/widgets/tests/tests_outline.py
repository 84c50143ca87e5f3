"""The tree of the tests: what is known of them, what is folded, and which of them the cursor stands for."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from punie_tui.app.actions import Action, ActionGroups, bindings_of
from punie_tui.app.widgets.outline import Outline, outline_actions
from punie_tui.app.widgets.tests.known_tests import KnownTest, KnownTests, file_of
from punie_tui.app.widgets.tests.rows import rows_of_tests

TESTS_LIST_ACTIONS = outline_actions(
    "The tests", Action("tests.read", "enter", "choose", "read the report of the test", "Report")
)


class TestsOutline(Outline):
    """Shows what `tests` holds; whoever changes that calls `show_tests`."""

    __test__ = False
    ACTIONS: ClassVar[ActionGroups] = (TESTS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.tests = KnownTests()
        self.filter_text = ""
        self._folds: dict[str, bool] = {}

    def show_tests(self) -> None:
        """The cursor stays on its row."""
        self.show(rows_of_tests(self.tests, self._folds, self.filter_text))

    def filter(self, text: str) -> None:
        """Show only the tests that hold each of its words, and go to the first of them."""
        self.filter_text = text.strip()
        self.show_tests()
        first = next((test for test in self.tests.known() if test.holds(self.filter_text)), None)
        if self.filter_text and first is not None:
            self.go_to_test(first)

    @on(Outline.FoldWanted)
    def _fold(self, message: Outline.FoldWanted) -> None:
        message.stop()
        self._folds[message.key] = message.is_folded
        self.show_tests()

    @property
    def tests_here(self) -> list[KnownTest]:
        """All that the row under the cursor stands for."""
        return self.tests.below(self.current.key) if self.current else []

    @property
    def test_here(self) -> KnownTest | None:
        """What the row under the cursor stands for, if that is one test, or what could not be collected."""
        tests = self.tests_here
        named = self.tests.find(self.current.key) if self.current else None
        return named or (tests[0] if len(tests) == 1 else None)

    @property
    def place_here(self) -> tuple[str, int | None] | None:
        """The file and the line of the row under the cursor; None where there are no rows."""
        row, test = self.current, self.test_here
        if row is None or test is not None:
            return test.place if test else None
        return file_of(row.key), None if "::" not in row.key else next((each.line for each in self.tests_here), None)

    def go_to_failure(self, step: int) -> bool:
        """To the next test that failed, or the one before, around the ends; False where none has failed."""
        everything = [test for test in self.tests.known() if test.holds(self.filter_text)]
        failed = [test for test in everything if test.has_failed]
        if not failed:
            return False
        here = next((place for place, test in enumerate(failed) if self._is_at(test)), None)
        if here is None:
            begin = next((everything.index(test) for test in self.tests_here if test in everything), 0)
            here = sum(everything.index(test) < begin for test in failed) - (step > 0)
        self.go_to_test(failed[(here + step) % len(failed)])
        return True

    def _is_at(self, test: KnownTest) -> bool:
        return self.current is not None and self.current.key == test.name

    def go_to_test(self, test: KnownTest) -> None:
        """Put the cursor there, and unfold what it is in."""
        parts = test.name.partition("[")[0].split("::")
        for count in range(1, len(parts) + 1):
            self._folds.pop("::".join(parts[:count]), None)
            if not test.has_failed:
                self._folds["::".join(parts[:count])] = False
        self.show_tests()
        self.go_to(test.name)
