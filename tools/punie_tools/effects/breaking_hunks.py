"""find_breaking_hunks: which hunks of the last turn broke a test, found by runs on a copy of the tree."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, computed_field

from punie_tools.changes.review import HunkPlace, Review
from punie_tools.changes.taking_back import without_hunks
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.effects.delta_debugging import smallest_part
from punie_tools.effects.effects import SECONDS_FOR_TESTS
from punie_tools.effects.overlay import Overlay, of_copy
from punie_tools.errors import ToolError
from punie_tools.quality.pytest_run import (
    PytestRunResult,
    TestOutcome,
    UnknownTestError,
    run_selection,
    selection_of,
)
from punie_tools.sentences import counted, first_of, shortened
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

Answer = Literal["found", "passes now", "failed before", "new"]
_Ending = Literal["passed", "failed", "failed otherwise", "unknown"]

_LEAST_SECONDS = 20.0
_TIMES_AS_LONG = 10
_BROKEN = ("failed", "error")
_EXCEPTION = re.compile(r"[\w.]+(?=: |$)")


class BreakingHunksResult(ToolResult):
    """`hunks` are the places of those that break the test together; one is the common case."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    test: str
    answer: Answer
    hunks: tuple[str, ...] = ()
    hunk_count: int
    run_count: int
    failure: str = ""
    review: Review = Field(exclude=True)
    """What the turn did to the files as they are now."""
    places: tuple[HunkPlace, ...] = ()

    @computed_field
    @property
    def summary(self) -> str:
        runs = f"{counted(self.run_count, 'run')}, {counted(self.hunk_count, 'hunk')} of the last turn"
        match self.answer:
            case "passes now":
                return f"{self.test} passes on a copy of the tree ({runs})."
            case "failed before":
                return f"{self.test} fails without the last turn's changes, too: {self.failure} ({runs})."
            case "new":
                return f"{self.test} is new in the last turn, and fails without its other changes ({runs})."
            case "found":
                together = " together" if len(self.hunks) > 1 else ""
                verb = "breaks" if len(self.hunks) == 1 else "break"
                return f"{first_of(self.hunks)}{together} {verb} {self.test} ({runs})."

    def told_of(self, place: HunkPlace) -> str:
        """What is to be said beside one of the hunks."""
        if self.answer == "new":
            return f"{self.test} fails by itself: {self.failure}"
        others = [named for each, named in zip(self.places, self.hunks, strict=True) if each != place]
        together = f" together with {first_of(others)}" if others else ""
        return f"breaks {self.test}{together}: {self.failure}"


def find_breaking_hunks(
    context: ToolContext, test: Annotated[str, Field(description="The node id of a test that fails now.")]
) -> BreakingHunksResult:
    """Find which hunks of the last turn that changed files make a test fail, on a copy of the tree.

    Parts of the change are tried by halving, and by delta debugging where hunks break it only together. A failure of
    another kind, as where a hunk lacks what it needs, does not count. The folder must be trusted.
    """
    if not context.workspace.is_trusted:
        raise ToolError("Running tests starts the project's own code, and this folder is not trusted; trust it first.")
    review = _review_of_last_turn(context)
    overlay = Overlay(context)
    try:
        return _Search(context, overlay, review, test).answer()
    finally:
        overlay.close()


TOOL = Tool(find_breaking_hunks, risk=Risk.RUNS)


def _review_of_last_turn(context: ToolContext) -> Review:
    """What the turn did, on the files as they are: what was changed elsewhere since is part of both sides."""
    journal = context.changes.journal if context.changes else None
    if journal is None:
        raise ToolError("No turn is remembered here, so none can be searched.")
    made = Review(journal.changes_of_last_turn())
    found = without_hunks(made, made.places, TreeAccess(context.workspace.root))
    if not found.changes:
        raise ToolError("Of what the last turn changed nothing stands any more.")
    return Review([change.reversed for change in found.changes])


@dataclass
class _Search:
    """The runs of one test on the tree with some of the hunks."""

    context: ToolContext
    overlay: Overlay
    review: Review
    test: str
    failure: TestOutcome | None = None
    failure_kind: tuple[str, str] = ("", "")
    seconds: float = SECONDS_FOR_TESTS
    endings: dict[frozenset[HunkPlace], _Ending] = field(default_factory=dict[frozenset[HunkPlace], "_Ending"])

    def answer(self) -> BreakingHunksResult:
        places = self.review.places
        now = self._ending(places)
        if now == "unknown":
            raise ToolError(f"There is no test {self.test!r}.")
        if now == "passed":
            return self._result("passes now")
        kept: list[HunkPlace] = []
        before = self._ending(kept)
        if before == "unknown":
            # The turn wrote the test itself: what it wrote there is no suspect.
            kept = [place for place in places if self._is_of_the_test(place)]
            before = self._ending(kept)
            if before == "failed" or len(kept) == len(places):
                return self._result("new", kept)
        elif before in ("failed", "failed otherwise"):
            return self._result("failed before")
        suspects = [place for place in places if place not in kept]
        guilty = smallest_part(suspects, lambda part: self._ending([*kept, *part]) == "failed")
        return self._result("found", guilty)

    def _ending(self, places: Collection[HunkPlace]) -> _Ending:
        """How the test ends with these hunks and no others of the turn."""
        key = frozenset(places)
        if key not in self.endings:
            self.context.raise_if_cancelled()
            self._tell(len(key))
            self.endings[key] = self._run(key)
            self.context.raise_if_cancelled()
        return self.endings[key]

    def _tell(self, count: int) -> None:
        runs, hunks = len(self.endings) + 1, len(self.review.places)
        likely = max(2 + 2 * (hunks - 1).bit_length(), runs)
        self.context.report_progress(runs - 1, likely, f"{self.test} with {count} of {counted(hunks, 'hunk')}")

    def _run(self, places: frozenset[HunkPlace]) -> _Ending:
        self.overlay.show_part(self.review.proposed_changes, self.review.changes_with(places))
        context = self.overlay.context(self.context.cancelled)
        try:
            selection = of_copy(selection_of(context.workspace, self.test, "", False), context)
            ran = run_selection(context, selection, target=self.test, timeout=self.seconds)
        except UnknownTestError:
            return "unknown"
        except ToolError:
            # A file that is not there without a hunk, or a conftest that cannot be imported then.
            if not self.endings:
                raise
            return "failed otherwise" if self._has_file(context) else "unknown"
        return self._ending_of(ran)

    def _ending_of(self, ran: PytestRunResult) -> _Ending:
        broken = [test for test in ran.tests if test.outcome in _BROKEN]
        failed = next((test for test in broken if test.name == self.test), None) or next(iter(broken), None)
        if not self.endings:
            # The first run is the one that fails as the person saw it.
            if ran.incomplete and failed is None:
                raise ToolError(f"{self.test} did not come to its end: {ran.incomplete}.")
            self.failure, self.failure_kind = failed, _kind(failed, ran)
            self.seconds = min(max(_LEAST_SECONDS, _TIMES_AS_LONG * ran.duration), self.seconds)
        if failed is None:
            return "failed otherwise" if ran.incomplete else "passed"
        return "failed" if _kind(failed, ran) == self.failure_kind else "failed otherwise"

    def _has_file(self, context: ToolContext) -> bool:
        return (context.workspace.root / self.test.partition("::")[0]).is_file()

    def _is_of_the_test(self, place: HunkPlace) -> bool:
        return self.review.files[place[0]].shown_path == self.test.partition("::")[0]

    def _result(self, answer: Answer, places: Sequence[HunkPlace] = ()) -> BreakingHunksResult:
        return BreakingHunksResult(
            test=self.test,
            answer=answer,
            hunks=tuple(self._named(place) for place in places),
            hunk_count=len(self.review.places),
            run_count=len(self.endings),
            failure=shortened(_first_line(self.failure)) if self.failure else "",
            review=self.review,
            places=tuple(places),
        )

    def _named(self, place: HunkPlace) -> str:
        return f"{self.review.files[place[0]].shown_path}:{self.review.hunk(place).new_start + 1}"


def _first_line(test: TestOutcome) -> str:
    return test.message.split("\n", 1)[0]


def _kind(test: TestOutcome | None, ran: PytestRunResult) -> tuple[str, str]:
    """Failures of one kind are the same: an assertion, whatever it compared, the same words of an error, no end."""
    if test is None or ran.incomplete:
        return ran.incomplete and "no end", ""
    line = _first_line(test)
    is_assertion = line.startswith(("assert ", "AssertionError")) or not _EXCEPTION.match(line)
    return test.outcome, "assert" if is_assertion else line
