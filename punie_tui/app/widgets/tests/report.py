"""The report of one test: its assertion with what differs, the stack, the local values, and what it printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypedDict

from textual import on
from textual.binding import BindingType
from textual.message import Message

from punie_tools.quality.pytest_run import DetailedOutcome, TestFrame, TestOutcome
from punie_tools.sentences import counted, single_line
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.widgets.outline import Outline, OutlineRow
from punie_tui.app.widgets.trace.rows import Role, Row, row, wrapped
from punie_tui.app.widgets.transcript.file_links import first_place_in

if TYPE_CHECKING:
    from textual import events

    from punie_tools.debug.debug_result import DebugFrame
    from punie_tools.debug.debug_test import DebugTestResult
    from punie_tui.app.widgets.tests.known_tests import KnownTest

_BESIDE_THE_TEXT = 5
_NARROWEST = 10
_MOST_LISTED = 100
_LONGEST_SENT = 6_000
_ASIDE = "Use -v to get "
"""How pytest begins to tell about its own command line, which is not to be had here."""

_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
_BLANK = Row([])


class _Place(TypedDict):
    path: str
    line: int | None


REPORT_ACTIONS = ActionGroup(
    "The report",
    (Action("tests.open_place", "enter", "choose", "open the file at the line of the row", "Open"), *movement()),
)


class TestReport(Outline, inherit_bindings=False):
    """Rows, the cursor of which moves by keyboard while it has the focus."""

    __test__ = False
    DEFAULT_CSS = """
    TestReport > .outline--cursor { background: $background; text-style: none; }
    TestReport:focus > .outline--cursor {
        background: $block-cursor-background; text-style: $block-cursor-text-style;
    }
    """
    ACTIONS: ClassVar[ActionGroups] = (REPORT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class PlaceChosen(Message):
        """Enter was pressed on a row; `path` is empty where it leads nowhere."""

        path: str
        line: int | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._told: Sequence[Row] = ()
        self._tell_again = lambda: None

    @property
    def text(self) -> str:
        """What its rows say."""
        return "\n".join("".join(text for text, _ in each.parts) for each in self._told)

    def tell(self, key: str, test: KnownTest | None, tests: Sequence[KnownTest]) -> None:
        """Show a test; without one what a file, a class or parameters hold."""
        self._tell_again = lambda: self.tell(key, test, tests)
        width = max(self.size.width - _BESIDE_THE_TEXT, _NARROWEST)
        self._show(_overview(key, tests, width) if test is None else _report(test, width))

    def say(self, sentence: str) -> None:
        """In place of a report; safe text."""
        self._tell_again = lambda: self.say(sentence)
        self._show(wrapped(sentence, max(self.size.width - _BESIDE_THE_TEXT, _NARROWEST), "muted"))

    def _show(self, rows: Iterable[Row]) -> None:
        self._told = list(rows)
        self.show([OutlineRow(str(place), 0, tuple(each.parts)) for place, each in enumerate(self._told)])

    def on_resize(self, _event: events.Resize) -> None:
        self._tell_again()

    @on(Outline.Chosen)
    def _choose(self, message: Outline.Chosen) -> None:
        message.stop()
        chosen = self._told[int(message.key)]
        self.post_message(self.PlaceChosen(chosen.path, chosen.line))

    @on(Outline.Moved)
    def _move(self, message: Outline.Moved) -> None:
        message.stop()


def _report(test: KnownTest, width: int) -> Iterator[Row]:
    path, line = test.place
    yield from wrapped(test.name, width, "strong", path=path, line=line)
    seconds = f" in {test.worst.duration:.2f} s" if test.outcomes and test.is_test and not test.is_running else ""
    at = f"  {path}:{line}" if line else ""
    yield row(f"{test.state}{seconds}{at}", "muted", path=path, line=line)
    debugged = test.debugged
    # First, as the person asked for it last, and below it would not be seen on few rows.
    if debugged is not None:
        yield _BLANK
        yield from _debugged(debugged, test, width)
    for outcome in test.outcomes:
        yield from _outcome(outcome, debugged, width)
    if test.has_failed and test.is_test and not any(isinstance(outcome, DetailedOutcome) for outcome in test.outcomes):
        yield _BLANK
        yield row("r runs it alone and shows more.", "muted")


def _debugged(stop: DebugTestResult, test: KnownTest, width: int) -> Iterator[Row]:
    """What the debugger saw, in the words of the test's own outcome where these tell the same."""
    yield row("debugger", "strong")
    same = next((outcome for outcome in test.outcomes if _tells_the_same(stop, outcome)), None)
    if same is None:
        yield from wrapped(stop.summary, width, "bad", path=stop.file, line=stop.line)
    else:
        yield from _message(same, width, path=stop.file, line=stop.line)
    if stop.frames:
        yield from _stack(stop.frames)
    if stop.locals:
        yield row("locals", "strong")
        for value in stop.locals:
            yield from wrapped(f"  {value.as_row()}", width, path=stop.file, line=stop.line)
    if stop.expressions:
        yield row("expressions", "strong")
        for answer in stop.expressions:
            yield from wrapped(f"  {answer.as_row()}", width, "bad" if answer.error else "")
    for point in stop.breakpoints:
        if point.told:
            yield from wrapped(point.told, width, "muted", path=point.file, line=point.line)


def _tells_the_same(stop: DebugTestResult, outcome: TestOutcome) -> bool:
    """Whether the outcome's message is the reason of the stop; pytest leaves out what kind of error it is.

    They are of two runs, in which an object lies at two addresses.
    """
    message, reason = (_ADDRESS.sub("", single_line(text)) for text in (outcome.message, stop.reason))
    if not message or stop.stopped != "exception":
        return False
    # Each is cut at a length of its own, and where `CI` is set pytest itself leaves nothing out.
    if reason.endswith("…"):
        return message.removeprefix(f"{stop.exception_type.rpartition('.')[2]}: ").startswith(
            reason.removesuffix("…").partition(": ")[2]
        )
    return message.removesuffix("…") in reason


def _outcome(outcome: TestOutcome, stop: DebugTestResult | None, width: int) -> Iterator[Row]:
    """`stop` is what a debugger told of it already."""
    is_told = stop is not None and _tells_the_same(stop, outcome)
    if outcome.message and not is_told:
        yield _BLANK
        yield from _message(outcome, width, path=outcome.file, line=outcome.line)
    if outcome.is_of_collection:
        yield _BLANK
        yield row("So none of its tests ran.", "muted")
    if isinstance(outcome, DetailedOutcome):
        yield from _details(outcome, width, is_told=is_told)
    if outcome.output:
        yield _BLANK
        for text in outcome.output.splitlines():
            path, line = first_place_in(text)
            is_heading = text.startswith("Captured ") and text.endswith(":")
            yield from wrapped(text, width, "strong" if is_heading else "muted", path=path, line=line)


def _details(outcome: DetailedOutcome, width: int, *, is_told: bool) -> Iterator[Row]:
    """A debugger tells the stack and the values itself, those of the innermost frame."""
    place: _Place = {"path": outcome.file, "line": outcome.line}
    if outcome.diff:
        yield _BLANK
        yield row("difference  (- right of ==, + left of ==)", "strong", **place)
        for text in outcome.diff.splitlines():
            role: Role = "good" if text.startswith("+") else "bad" if text.startswith("-") else ""
            yield from wrapped(text, width, role, **place)
    if is_told:
        return
    if len(outcome.stack) > 1:
        yield _BLANK
        yield from _stack(outcome.stack)
    if outcome.locals:
        yield _BLANK
        yield row("locals", "strong")
        for name, value in outcome.locals:
            yield from wrapped(f"{name} = {value}", width, **place)


def _stack(frames: Iterable[DebugFrame | TestFrame]) -> Iterator[Row]:
    """The innermost first; the project's own code stands out."""
    yield row("stack", "strong")
    for frame in frames:
        yield row(f"  {frame.as_row()}", "" if frame.is_project else "muted", path=frame.file, line=frame.line)


def _message(outcome: TestOutcome, width: int, path: str, line: int | None) -> Iterator[Row]:
    lines = [text for text in outcome.message.splitlines() if not text.strip().startswith(_ASIDE)]
    role: Role = "bad" if outcome.outcome in ("failed", "error", "xpassed") else "muted"
    yield from wrapped("\n".join(lines).rstrip(), width, role, path=path, line=line)


def _overview(key: str, tests: Sequence[KnownTest], width: int) -> Iterator[Row]:
    """How many there are, and what failed."""
    yield from wrapped(key, width, "strong")
    failed = [test for test in tests if test.has_failed]
    yield row(f"{counted(sum(test.is_test for test in tests), 'test')}, {_told_of(tests, len(failed))}", "muted")
    for test in failed[:_MOST_LISTED]:
        path, line = test.place
        yield _BLANK
        yield from wrapped(f"✗ {test.name[len(key) :].removeprefix('::')}", width, "bad", path=path, line=line)
        yield row(f"  {test.worst.message.partition(chr(10))[0]}", "muted", path=path, line=line)
    if len(failed) > _MOST_LISTED:
        yield row(f"… {len(failed) - _MOST_LISTED} more", "muted")


def _told_of(tests: Sequence[KnownTest], failed: int) -> str:
    """None failed only where some have run."""
    not_run = sum(test.state == "not run" for test in tests)
    if not_run == len(tests):
        return "not run"
    return f"{failed} failed, {not_run} not run" if not_run else f"{failed} failed"


def fix_request(test: KnownTest) -> str:
    """What the model is asked for a failing test: the failure as it is known, no more than it can read at once."""
    path, line = test.place
    what = f"test {test.name}" if test.is_test else f"tests of {test.name}, which cannot be collected"
    parts = [f"Fix the failing {what} ({path}{f':{line}' if line else ''})."]
    for outcome in test.outcomes:
        parts += [each for each in (outcome.message, outcome.output) if each]
        if isinstance(outcome, DetailedOutcome):
            parts += [f"Difference (- right of ==, + left of ==):\n{outcome.diff}"] if outcome.diff else []
            values = "\n".join(f"{name} = {value}" for name, value in outcome.locals)
            parts += [f"Local values:\n{values}"] if values else []
    if (stop := test.debugged) is not None:
        if not any(_tells_the_same(stop, outcome) for outcome in test.outcomes):
            parts.append(stop.summary)
        elif stop.file:
            parts.append(f"The debugger stopped in {stop.function} ({stop.file}:{stop.line}).")
    text = "\n\n".join(parts)
    return text if len(text) <= _LONGEST_SENT else f"{text[:_LONGEST_SENT]}…"
