"""The tests of the project: a tree with live outcomes, the report of the one under the cursor, and runs by key."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pydantic import BaseModel
from textual import on, work
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from punie_tools.debug.debug_test import DebugTestResult
from punie_tools.errors import ToolCancelledError
from punie_tools.quality.collected_files import CollectedFiles
from punie_tools.quality.pytest_run import PytestRunResult, TestBegun, TestOutcome
from punie_tools.quality.written_tests import WrittenTest, tests_in, written_tests
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tools.tool import Tool
from punie_tui.agent.person_calls import NOT_TRUSTED, CallWatch
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline, outline_actions
from punie_tui.app.widgets.review.rows import Note
from punie_tui.app.widgets.tests.known_tests import KnownTest, KnownTests, file_of
from punie_tui.app.widgets.tests.report import TestReport, fix_request
from punie_tui.app.widgets.tests.rows import rows_of_tests

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tools.changes.review import Review
    from punie_tools.tool import ToolResult
    from punie_tui.agent.events import Event
    from punie_tui.agent.session import Session
    from punie_tui.agent.tool_step import Outcome

_SECONDS_BETWEEN_DRAINS = 1 / 15
_BAR_CELLS = 10

ReviewHunks: TypeAlias = "Callable[[Review, Sequence[Note]], None]"


@dataclass
class _Run:
    """What runs: a tool with its arguments, and how the person is told of it."""

    tool: str | Tool
    arguments: dict[str, object]
    title: str
    cancelled: threading.Event
    done: int = 0
    total: int | None = None

    @property
    def is_everything(self) -> bool:
        return self.tool == "pytest_run" and not self.arguments


TESTS_LIST_ACTIONS = outline_actions(
    "The tests", Action("tests.read", "enter", "choose", "read the report of the test", "Report")
)
TESTS_ACTIONS = ActionGroup(
    "Tests",
    (
        Action("tests.stop", "escape", "stop", "stop the run", "Stop", has_priority=True),
        Action("tests.leave", "escape", "leave", "out of the report, or back", "Back"),
        Action("tests.close", "q", "dismiss", "back; what runs goes on"),
        Action("tests.run_this", "r", "run_this", "run what is under the cursor: test, class or file", "Run this"),
        Action("tests.run_all", "a", "run_all", "run all", "All"),
        Action("tests.run_failed", "f", "run_failed", "run what failed", "Failed"),
        Action("tests.run_affected", "c", "run_affected", "run what the uncommitted changes can reach", "Affected"),
        Action("tests.watch", "w", "watch", "watch: at each change run what it can reach", "Watch"),
        Action("tests.debug", "d", "debug", "debug: run to the failure, show stack and values", "Debug"),
        Action("tests.bisect", "b", "bisect", "bisect: find the hunks of the last turn that broke the test", "Bisect"),
        Action("tests.fix", "x", "fix", "fix this: hand the failure to the model", "Fix this"),
        Action("tests.open", "o", "open", "open the file at the line", "Open"),
        Action("tests.next_failure", "n", "next_failure(1)", "next failure", line="next and previous failure"),
        Action("tests.previous_failure", "p", "next_failure(-1)", "previous failure", line="next and previous failure"),
        Action("tests.other_pane", "tab,shift+tab", "other_pane", "to the report, or back to the tests"),
        Action("tests.trust", "ctrl+t", "trust", "trust this folder, or no longer"),
        Action("tests.keys", "question_mark,f1", "help", "these keys", "Keys"),
    ),
    about="The tests of the project with their outcomes, and the report of the one under the cursor.",
)


class TestsOutline(Outline):
    """Names in the footer what Enter does here."""

    __test__ = False
    ACTIONS: ClassVar[ActionGroups] = (TESTS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class TestsScreen(Page[None]):
    """Stays alive while it is left, and so does what it runs; it is stopped by Escape here, and with the app."""

    __test__ = False
    DEFAULT_CSS = """
    TestsScreen > #tests-heading {
        height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
    }
    TestsScreen > #tests-body { height: 1fr; layout: horizontal; }
    TestsScreen Outline { width: 1fr; height: 1fr; }
    TestsScreen TestReport { width: 1fr; height: 1fr; border-left: vkey $border-blurred; }
    TestsScreen TestReport:focus { border-left: vkey $border; }
    TestsScreen.-narrow > #tests-body { layout: vertical; }
    TestsScreen.-narrow TestReport { border-left: none; border-top: hkey $border-blurred; }
    TestsScreen.-narrow TestReport:focus { border-top: hkey $border; }
    TestsScreen.-low TestReport { display: none; border: none; }
    TestsScreen.-low KeyRow { display: none; }
    TestsScreen.-low.-reads TestReport { display: block; }
    TestsScreen.-low.-reads Outline { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TESTS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class TestsRead(Message):
        """The tests that are written in these files, or in all."""

        tests: list[WrittenTest]
        files: list[str] | None = None

    @dataclass
    class RunEnded(Message):
        """A run came to its end, whichever."""

        run: _Run
        outcome: Outcome

    def __init__(
        self,
        session: Session,
        folder: Path,
        *,
        ask_trust: Callable[[], None],
        send: Callable[[str], None],
        review: ReviewHunks,
    ) -> None:
        """`ask_trust` lets the person trust the folder; `send` hands a request to the model.

        `review` shows the last turn, with notes beside its hunks.
        """
        super().__init__()
        self._review = review
        self._session = session
        self._folder = folder
        self._ask_trust = ask_trust
        self._send = send
        self._tests = KnownTests()
        self._folds: dict[str, bool] = {}
        self._run: _Run | None = None
        self._last_taken: ToolResult | None = None
        self._told = ""
        self._has_read = False
        self._shown_report = ""
        self._parts: deque[BaseModel] = deque()
        self._leaving = threading.Event()
        self._is_watching = False
        self._changed: set[str] = set()
        self._written_by_tests: set[str] = set()
        self.runs_ended = 0

    @property
    def tests(self) -> KnownTests:
        return self._tests

    @property
    def has_run(self) -> bool:
        """Whether tests run at this moment."""
        return self._run is not None

    @property
    def has_read(self) -> bool:
        """Whether the tests in the files are known."""
        return self._has_read

    def compose(self) -> ComposeResult:
        yield Static(id="tests-heading", markup=False)
        with Container(id="tests-body"):
            yield TestsOutline(id="tests-outline")
            yield TestReport(id="tests-report")
        yield KeyRow()

    def on_mount(self) -> None:
        self._outline.focus()
        self._ticker = self.set_interval(_SECONDS_BETWEEN_DRAINS, self._drain, pause=True)
        self._show_heading()
        self._read_tests()

    def on_unmount(self) -> None:
        self._leaving.set()
        if self._run:
            self._run.cancelled.set()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        self.call_after_refresh(self._show_heading)

    def on_screen_resume(self) -> None:
        self._take_last_run()
        self._show_heading()

    @property
    def _outline(self) -> Outline:
        return self.query_one(Outline)

    @property
    def _report(self) -> TestReport:
        return self.query_one(TestReport)

    def session_changed(self) -> None:
        """The folder's trust may be another one."""
        self._told = ""
        self._show_heading()

    # What stands in the files.

    @work(thread=True, exclusive=True, group="written-tests")
    def _read_tests(self) -> None:
        try:
            found = list(written_tests(self._folder, self._leaving))
        except ToolCancelledError:
            return
        self.post_message(self.TestsRead(found))

    @on(TestsRead)
    def _take_written(self, message: TestsRead) -> None:
        self._has_read = True
        self._tests.take_written(message.tests, message.files)
        self._show_tests()

    @work(thread=True, group="changed-tests")
    def _read_changed(self, files: list[str]) -> None:
        collected = CollectedFiles.of(self._folder)
        held = [file for file in files if collected.holds(file)]
        found = [test for file in held for test in tests_in(self._folder, file)]
        self.post_message(self.TestsRead(found, held))

    # Watching.

    def action_watch(self) -> None:
        """Run what a change can reach, at each change, or no longer."""
        self._is_watching = not self._is_watching
        self._changed.clear()
        self._tell("Each change of a file runs the tests that it can reach." if self._is_watching else "")

    def workspace_changed(self, paths: frozenset[str]) -> None:
        """What files changed, by their absolute paths; none where only polling tells that some may have."""
        if not paths and self._is_watching:
            self._is_watching = False
            self._tell("The system's file watches have run out, so changes cannot be told one from another.")
        files = {file for path in paths if (file := self._watched_file(path))}
        if self._has_read and (python_files := sorted(file for file in files if file.endswith(".py"))):
            self._read_changed(python_files)
        if self._is_watching:
            self._changed |= files
            self._run_changed()

    def _watched_file(self, path: str) -> str:
        """The path from the root; empty for what is hidden."""
        inside = path.removeprefix(f"{self._folder}/")
        return "" if inside == path or inside.startswith(".") or "/." in inside else inside

    def _run_changed(self) -> None:
        """What tests write themselves would have them run for ever."""
        changed = sorted(self._changed - self._written_by_tests)
        if self._run is not None or not changed:
            return
        self._changed.clear()
        wanted = [file for file in changed if file.endswith(".py") or (self._folder / file).is_file()]
        if wanted:
            self._start("pytest_affected", {"paths": wanted}, f"what {', '.join(wanted)} can reach")

    # Runs.

    def action_run_this(self) -> None:
        if row := self._outline.current:
            self._start("pytest_run", {"target": row.key}, row.key)

    def action_run_all(self) -> None:
        self._start("pytest_run", {}, "all tests")

    def action_run_failed(self) -> None:
        """Those that pytest itself remembers as failed."""
        if not any(test.has_failed for test in self._tests.tests()):
            self._tell("No test has failed.")
            return
        self._start("pytest_run", {"last_failed": True}, "what failed")

    def action_run_affected(self) -> None:
        self._start("pytest_affected", {}, "what the changes can reach")

    def action_debug(self) -> None:
        """Run the test under the cursor to where it fails, and show the stack and the values there."""
        test = self._current_test()
        if test is None:
            self._tell("Put the cursor on one test: debugging is about one.")
            return
        self._start("debug_test", {"target": test.name}, f"debugging {test.name}")

    def action_bisect(self) -> None:
        """Find which hunks of the last turn broke the test under the cursor, and review them."""
        test = self._current_test()
        if test is None or not test.has_failed:
            self._tell("Put the cursor on a test that failed, to find which hunk of the last turn broke it.")
            return
        from punie_tools.effects.breaking_hunks import TOOL

        self._start(TOOL, {"test": test.name}, f"bisecting {test.name}")

    def _start(self, tool: str | Tool, arguments: dict[str, object], title: str) -> None:
        if self._run is not None:
            self._tell("Tests are running; Esc stops them.")
            return
        self._told = ""
        self._run = _Run(tool, arguments, title, threading.Event())
        self._ticker.resume()
        self._perform(self._run)
        self.refresh_bindings()
        self._show_heading()

    @work(thread=True, group="test-run")
    def _perform(self, run: _Run) -> None:
        def note(event: Event) -> None:
            if event.kind == "tool_progressed":
                run.done, run.total = event.done, event.total
                run.title = event.text if isinstance(run.tool, Tool) else run.title

        watch = CallWatch(run.cancelled, on_event=note, on_part=self._parts.append)
        self.post_message(self.RunEnded(run, self._session.person_calls.run(run.tool, run.arguments, watch)))

    def _drain(self) -> None:
        """Take what the run has told since the last time, however much it is."""
        parts = [self._parts.popleft() for _ in range(len(self._parts))]
        if parts:
            self.take(parts)
        self._show_heading()

    def take(self, parts: Sequence[BaseModel]) -> None:
        """Show what a run tells of its tests, in its order."""
        for part in parts:
            if isinstance(part, TestBegun):
                self._tests.begin(part.name)
            elif isinstance(part, TestOutcome):
                self._tests.take(part)
        self._show_tests()

    @on(RunEnded)
    def _end(self, message: RunEnded) -> None:
        self._drain()
        self._ticker.pause()
        run, outcome, self._run = message.run, message.outcome, None
        result = self._last_taken = outcome.result
        was_everything = False
        outcomes: tuple[TestOutcome, ...] = ()
        if isinstance(result, PytestRunResult):
            outcomes = result.tests
            self._written_by_tests |= {file.path for file in result.changed_files}
            was_everything = run.is_everything and not result.incomplete and not result.truncated
        self._tests.end(outcomes, was_everything=was_everything)
        if isinstance(result, DebugTestResult):
            self._take_debugged(str(run.arguments["target"]), result)
        if isinstance(run.tool, Tool) and result:
            self._take_bisected(result)
        self._tell("Stopped." if run.cancelled.is_set() else result.summary if result else outcome.error)
        self._show_tests()
        self.refresh_bindings()
        self.runs_ended += 1
        if run.cancelled.is_set():
            self._changed.clear()
        if self._is_watching:
            self._run_changed()

    def _take_last_run(self) -> None:
        """What the chat ran while the person was elsewhere; what runs here is newer."""
        last = self._session.known.last_run
        if self._run is None and last is not None and last is not self._last_taken:
            self._last_taken = last
            self._tests.end(last.tests, was_everything=False)
            self._show_tests()

    def _take_debugged(self, target: str, result: DebugTestResult) -> None:
        test = self._tests.find(result.test) or self._tests.find(target)
        if test is not None:
            test.debugged = result
            self._go_to(test)
            self._report.scroll_home(animate=False)

    def _take_bisected(self, result: ToolResult) -> None:
        """Show the hunks, unless the person went elsewhere meanwhile; the heading tells them in any case."""
        from punie_tools.effects.breaking_hunks import BreakingHunksResult

        if not isinstance(result, BreakingHunksResult) or not result.places or not self.is_current:
            return
        notes = [Note(place, result.told_of(place), is_worse=True) for place in result.places]
        self._review(result.review, notes)

    # What the person does with the tests.

    def action_stop(self) -> None:
        if self._run is not None:
            self._run.cancelled.set()
            self._show_heading()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stop is there while something runs, and only then takes Escape."""
        return self._run is not None and not self._run.cancelled.is_set() if action == "stop" else True

    def action_leave(self) -> None:
        """Out of the report, or back to where the person came from."""
        if self._report.has_focus:
            self.action_other_pane()
        else:
            self.dismiss()

    def action_other_pane(self) -> None:
        """Between the tests and the report."""
        is_reading = not self._report.has_focus
        self.set_class(is_reading, "-reads")
        (self._report if is_reading else self._outline).focus()

    @on(Outline.Chosen)
    def _read_report(self, _message: Outline.Chosen) -> None:
        self.action_other_pane()

    @on(Outline.FoldWanted)
    def _fold(self, message: Outline.FoldWanted) -> None:
        self._folds[message.key] = message.is_folded
        self._show_tests()

    @on(Outline.Moved)
    def _show_report(self) -> None:
        self._told = "" if self._run is None else self._told
        row = self._outline.current
        if row is None:
            return
        if row.key != self._shown_report:
            self._shown_report = row.key
            self._report.scroll_home(animate=False)
        self._report.show(row.key, self._tests.below(row.key))
        self._show_heading()

    def action_next_failure(self, step: int) -> None:
        failed = [test for test in self._tests.tests() if test.has_failed]
        if not failed:
            self._tell("No test has failed.")
            return
        names = [test.name for test in failed]
        row = self._outline.current
        here = names.index(row.key) if row and row.key in names else None
        if here is None:
            everything = [test.name for test in self._tests.tests()]
            place = next((everything.index(test.name) for test in self._tests.below(row.key)), 0) if row else 0
            here = sum(everything.index(name) < place for name in names) - (step > 0)
        self._go_to(failed[(here + step) % len(failed)])

    def _go_to(self, test: KnownTest) -> None:
        """Put the cursor there, and unfold what it is in."""
        parts = test.name.partition("[")[0].split("::")
        for count in range(1, len(parts) + 1):
            self._folds.pop("::".join(parts[:count]), None)
            if not test.has_failed:
                self._folds["::".join(parts[:count])] = False
        self._show_tests()
        self._outline.go_to(test.name)

    def action_open(self) -> None:
        row = self._outline.current
        if row is None:
            return
        test = self._current_test()
        path, line = test.place if test else (file_of(row.key), self._line_of(row.key))
        open_context = self._session.context_of_person
        app_of(self).push_screen(FileViewerScreen(self._folder, path, line, open_context=open_context))

    def action_fix(self) -> None:
        """Hand the failure to the model, and go where it answers."""
        test = self._current_test()
        if test is None or not test.has_failed:
            self._tell("Put the cursor on a test that failed, to hand it to the model.")
            return
        self._send(fix_request(test))
        self.dismiss()

    def action_trust(self) -> None:
        self._ask_trust()

    def action_help(self) -> None:
        show_keys(self)

    def _current_test(self) -> KnownTest | None:
        row = self._outline.current
        tests = self._tests.below(row.key) if row else []
        return tests[0] if len(tests) == 1 else None

    def _line_of(self, key: str) -> int | None:
        return None if "::" not in key else next((test.line for test in self._tests.below(key)), None)

    # What is shown.

    def _show_tests(self) -> None:
        self._outline.show(rows_of_tests(self._tests, self._folds))
        row = self._outline.current
        if row is not None:
            self._report.show(row.key, self._tests.below(row.key))
        self._show_heading()

    def _tell(self, text: str) -> None:
        self._told = text
        self._show_heading()

    def _show_heading(self) -> None:
        heading = Content.styled("Tests", "bold") + Content(f"{' (watching)' * self._is_watching}  {self._state()}")
        self.query_one("#tests-heading", Static).update(heading)

    def _state(self) -> str:
        if self._run is not None:
            return safe_text(f"{_bar(self._run)}  {self._run.title}", single_line=True)
        if self._told:
            return safe_text(self._told, single_line=True)
        if not self._session.trust.is_trusted:
            return safe_text(f"{self._session.trust.lapse} {NOT_TRUSTED}".strip(), single_line=True)
        return self._counts()

    def _counts(self) -> str:
        if not self._has_read:
            return "reading the files …"
        if not len(self._tests):
            return "none are written here, as far as the files tell; a runs pytest"
        states = [test.state for test in self._tests.tests()]
        told = [
            f"{states.count(state)} {state}" for state in ("failed", "error", "passed", "skipped") if state in states
        ]
        return ", ".join([f"{len(states)} in {counted(len(self._tests.files), 'file')}", *told])


def _bar(run: _Run) -> str:
    if run.cancelled.is_set():
        return "stopping …"
    if not run.total:
        return "starting …"
    filled = min(_BAR_CELLS * run.done // run.total, _BAR_CELLS)
    return f"{'━' * filled}{'─' * (_BAR_CELLS - filled)} {run.done}/{run.total}"
