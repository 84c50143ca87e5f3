"""The tests of the project: a tree with live outcomes, the report of the one under the cursor, and runs by key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pydantic import BaseModel
from textual import on, work
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Input

from punie_tools.debug.debug_test import DebugTestResult
from punie_tools.errors import ToolCancelledError
from punie_tools.quality.collected_files import CollectedFiles
from punie_tools.quality.pytest_run import PytestRunResult, TestBegun, TestOutcome
from punie_tools.quality.written_tests import WrittenTest, tests_in, written_tests
from punie_tools.tool import Tool
from punie_tui.agent.person_calls import NOT_TRUSTED
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline
from punie_tui.app.widgets.review.rows import Note
from punie_tui.app.widgets.tests.changed_files import ChangedFiles
from punie_tui.app.widgets.tests.heading import NO_TESTS, TestsHeading, told_counts, told_result, told_run
from punie_tui.app.widgets.tests.known_tests import KnownTests
from punie_tui.app.widgets.tests.report import TestReport, fix_request
from punie_tui.app.widgets.tests.running_tests import RunningTests, TestRun
from punie_tui.app.widgets.tests.tests_outline import TestsOutline

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tools.changes.review import Review
    from punie_tools.tool import ToolResult
    from punie_tui.agent.session import Session

ReviewHunks: TypeAlias = "Callable[[Review, Sequence[Note]], None]"


TESTS_ACTIONS = ActionGroup(
    "Tests",
    (
        Action("tests.stop", "escape", "stop", "stop the run", "Stop", has_priority=True),
        Action("tests.leave", "escape", "leave", "out of the report, or the filter, or back", "Back"),
        Action("tests.close", "q", "dismiss", "back; what runs goes on"),
        Action("tests.run_this", "r", "run_this", "run what is under the cursor: test, class or file", "Run this"),
        Action("tests.run_all", "a", "run_all", "run all", "All"),
        Action("tests.run_failed", "f", "run_failed", "run what failed", "Failed"),
        Action("tests.filter", "slash", "filter", "filter as you type; Enter keeps it, Esc clears it", "Filter"),
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


_POLLED = "The system's file watches have run out, so changes cannot be told one from another: nothing is watched."


class TestsScreen(Page[None]):
    """Stays alive while it is left, and so does what it runs; it is stopped by Escape here, and with the app."""

    __test__ = False
    DEFAULT_CSS = """
    TestsScreen > #tests-body { height: 1fr; layout: horizontal; }
    TestsScreen Outline { width: 1fr; height: 1fr; }
    TestsScreen TestReport { width: 1fr; height: 1fr; border-left: vkey $border-blurred; }
    TestsScreen TestReport:focus { border-left: vkey $border; }
    TestsScreen.-narrow > #tests-body { layout: vertical; }
    TestsScreen.-narrow TestReport { border-left: none; border-top: hkey $border-blurred; }
    TestsScreen.-narrow TestReport:focus { border-top: hkey $border; }
    TestsScreen.-low TestReport { display: none; border: none; }
    TestsScreen > Input, TestsScreen > Input:focus { display: none; height: 1; border: none; padding: 0 1; }
    TestsScreen.-filters > Input { display: block; }
    TestsScreen.-low KeyRow { display: none; }
    TestsScreen.-low.-reads TestReport { display: block; }
    TestsScreen.-low.-reads TestsOutline { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TESTS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class TestsRead(Message):
        """The tests that are written in these files, or in all."""

        tests: list[WrittenTest]
        files: list[str] | None = None

    def __init__(
        self,
        session: Session,
        folder: Path,
        *,
        ask_trust: Callable[[], None],
        send: Callable[[str], None],
        review: ReviewHunks,
        is_polling: Callable[[], bool],
    ) -> None:
        """`ask_trust` lets the person trust the folder; `send` hands a request to the model.

        `review` shows the last turn, with notes beside its hunks. `is_polling` says whether it is only known that files
        may have changed, and not which.
        """
        super().__init__()
        self._is_polling = is_polling
        self._review = review
        self._session = session
        self._folder = folder
        self._ask_trust = ask_trust
        self._send = send
        self._runs = RunningTests(self, session, self.take)
        self._last_taken: ToolResult | None = None
        self._told: Sequence[str] = ()
        self._seconds: float | None = None
        """How long the last run took."""
        self._has_read = False
        self._shown_report = ""
        self._leaving = threading.Event()
        self._is_watching = False
        self._changed = ChangedFiles(folder)
        self._last_run: TestRun | None = None
        self.runs_ended = 0

    @property
    def tests(self) -> KnownTests:
        return self._outline.tests

    @property
    def has_run(self) -> bool:
        """Whether tests run at this moment."""
        return self._runs.current is not None

    @property
    def has_read(self) -> bool:
        """Whether the tests in the files are known."""
        return self._has_read

    def compose(self) -> ComposeResult:
        yield TestsHeading(id="tests-heading", markup=False)
        with Container(id="tests-body"):
            yield TestsOutline(id="tests-outline")
            yield TestReport(id="tests-report")
        yield Input(placeholder="words of a name, or `failed`; Enter keeps, Esc clears", id="tests-filter")
        yield KeyRow()

    def on_mount(self) -> None:
        self._outline.focus()
        self._show_heading()
        self._read_tests()

    def on_unmount(self) -> None:
        self._leaving.set()
        self._runs.stop()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        self.call_after_refresh(self._show_heading)

    def on_screen_resume(self) -> None:
        self._take_last_run()
        self._show_heading()

    @property
    def _outline(self) -> TestsOutline:
        return self.query_one(TestsOutline)

    @property
    def _report(self) -> TestReport:
        return self.query_one(TestReport)

    @property
    def _filter(self) -> Input:
        return self.query_one(Input)

    def session_changed(self) -> None:
        """The folder's trust may be another one."""
        self._told = ()
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
        self.tests.take_written(message.tests, message.files)
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
        if not self._is_watching and self._is_polling():
            self._tell(_POLLED)
            return
        self._is_watching = not self._is_watching
        self._changed.forget()
        self._tell("Each change of a file runs the tests that it can reach." if self._is_watching else "")

    def workspace_changed(self, paths: frozenset[str]) -> None:
        """What files changed, by their absolute paths; none where only polling tells that some may have."""
        if not paths and self._is_watching:
            self._is_watching = False
            self._tell(_POLLED)
        files = self._changed.in_folder(paths)
        if self._has_read and (python_files := sorted(file for file in files if file.endswith(".py"))):
            self._read_changed(python_files)
        if self._is_watching:
            self._changed.add(files)
            self._run_changed()

    def _run_changed(self) -> None:
        if not self.has_run and (wanted := self._changed.take(self._last_run)):
            self._start("pytest_affected", {"paths": wanted}, f"what {', '.join(wanted)} can reach")

    # Runs.

    def action_run_this(self) -> None:
        if row := self._outline.current:
            self._start("pytest_run", {"target": row.key}, row.key)

    def action_run_all(self) -> None:
        self._start("pytest_run", {}, "all tests")

    def action_run_failed(self) -> None:
        """Those that pytest itself remembers as failed."""
        if not any(test.has_failed for test in self.tests.known()):
            self._tell("No test has failed.")
            return
        self._start("pytest_run", {"last_failed": True}, "what failed")

    def action_run_affected(self) -> None:
        self._start("pytest_affected", {}, "what the changes can reach")

    def action_debug(self) -> None:
        """Run the test under the cursor to where it fails, and show the stack and the values there."""
        test = self._outline.test_here
        if test is None or not test.is_test:
            self._tell("Put the cursor on one test that can run: debugging is about one.")
            return
        self._start("debug_test", {"target": test.name}, f"debugging {test.name}")

    def action_bisect(self) -> None:
        """Find which hunks of the last turn broke the test under the cursor, and review them."""
        test = self._outline.test_here
        if test is None or not test.has_failed:
            self._tell("Put the cursor on a test that failed, to find which hunk of the last turn broke it.")
            return
        from punie_tools.effects.breaking_hunks import TOOL

        self._start(TOOL, {"test": test.name}, f"bisecting {test.name}")

    def _start(self, tool: str | Tool, arguments: dict[str, object], title: str) -> None:
        if self.has_run:
            self._tell("Tests are running; Esc stops them.")
            return
        self._told = ()
        self._runs.start(TestRun(tool, arguments, title))
        self.refresh_bindings()
        self._show_heading()

    def take(self, parts: Sequence[BaseModel]) -> None:
        """Show what a run tells of its tests, in its order."""
        for part in parts:
            if isinstance(part, TestBegun):
                self.tests.begin(part.name)
            elif isinstance(part, TestOutcome):
                self.tests.take(part)
                if self._runs.current is not None:
                    self._runs.current.failed += part.outcome in ("failed", "error")
        if parts:
            self._show_tests()
        self._show_heading()

    @on(RunningTests.Ended)
    def _end(self, message: RunningTests.Ended) -> None:
        self._runs.end()
        self._last_run = message.run
        run, outcome = message.run, message.outcome
        result = self._last_taken = outcome.result
        was_everything = False
        outcomes: tuple[TestOutcome, ...] = ()
        if isinstance(result, PytestRunResult):
            self._seconds = result.duration
            outcomes = result.tests
            was_everything = run.is_everything and not result.incomplete and not result.truncated
        self.tests.end(outcomes, was_everything=was_everything)
        if isinstance(result, DebugTestResult):
            self._take_debugged(run.target, result)
        if isinstance(run.tool, Tool) and result:
            self._take_bisected(result)
        told = told_result(result, run.target) if result else [outcome.error]
        self._told = ["Stopped."] if run.cancelled.is_set() else told
        self._show_tests()
        self.refresh_bindings()
        self.runs_ended += 1
        if run.cancelled.is_set():
            self._changed.forget()
        if self._is_watching:
            self._run_changed()

    def _take_last_run(self) -> None:
        """What the chat ran while the person was elsewhere; what runs here is newer."""
        last = self._session.known.last_run
        if not self.has_run and last is not None and last is not self._last_taken:
            self._last_taken, self._seconds = last, last.duration
            self.tests.end(last.tests, was_everything=False)
            self._show_tests()

    def _take_debugged(self, target: str, result: DebugTestResult) -> None:
        test = self.tests.find(result.test) or self.tests.find(target)
        if test is not None:
            self.tests.take_debugged(test, result)
            self._outline.go_to_test(test)
            self._report.action_move_to_end(-1)

    def _take_bisected(self, result: ToolResult) -> None:
        """Show the hunks, unless the person went elsewhere meanwhile; the heading tells them in any case."""
        from punie_tools.effects.breaking_hunks import BreakingHunksResult

        if not isinstance(result, BreakingHunksResult) or not result.places or not self.is_current:
            return
        notes = [Note(place, result.told_of(place), is_worse=True) for place in result.places]
        self._review(result.review, notes)

    # What the person does with the tests.

    def action_stop(self) -> None:
        self._runs.stop()
        self._show_heading()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stop is there while something runs, and only then takes Escape, but not from who types a filter."""
        return self._runs.can_be_stopped and not self._filter.has_focus if action == "stop" else True

    def action_leave(self) -> None:
        """Out of the report, or the filter, which is then empty, or back to where the person came from."""
        if self._report.has_focus:
            self.action_other_pane()
        elif self.has_class("-filters"):
            self.remove_class("-filters")
            self._filter.value = ""
            self._outline.focus()
        else:
            self.dismiss()

    def action_other_pane(self) -> None:
        """Between the tests and the report."""
        is_reading = not self._report.has_focus
        self.set_class(is_reading, "-reads")
        (self._report if is_reading else self._outline).focus()

    def action_filter(self) -> None:
        """Show only the tests whose names or outcomes hold the words that are typed."""
        self.remove_class("-reads")
        self.add_class("-filters")
        self._filter.focus()

    @on(Input.Changed)
    def _filter_tests(self, message: Input.Changed) -> None:
        self._told = self._told if self.has_run else ()
        self._outline.filter(message.value)
        self._show_tests()

    @on(Input.Submitted)
    def _keep_filter(self) -> None:
        self._outline.focus()

    @on(TestReport.PlaceChosen)
    def _open_place(self, message: TestReport.PlaceChosen) -> None:
        if message.path:
            self._open(message.path, message.line)
        else:
            self._tell("This row is about no line of a file.")

    def _open(self, path: str, line: int | None) -> None:
        open_context = self._session.context_of_person
        app_of(self).push_screen(FileViewerScreen(self._folder, path, line, open_context=open_context))

    @on(Outline.Chosen)
    def _read_report(self, _message: Outline.Chosen) -> None:
        self.action_other_pane()

    @on(Outline.Moved)
    def _show_report(self) -> None:
        self._told = self._told if self.has_run else ()
        row = self._outline.current
        if row is None:
            return
        if row.key != self._shown_report:
            self._shown_report = row.key
            self._report.action_move_to_end(-1)
        self._report.tell(row.key, self._outline.test_here, self._outline.tests_here)
        self._show_heading()

    def action_next_failure(self, step: int) -> None:
        if not self._outline.go_to_failure(step):
            self._tell("No test has failed.")

    def action_open(self) -> None:
        if place := self._outline.place_here:
            self._open(*place)

    def action_fix(self) -> None:
        """Hand the failure to the model, and go where it answers."""
        test = self._outline.test_here
        if test is None or not test.has_failed:
            self._tell("Put the cursor on a test that failed, to hand it to the model.")
            return
        self._send(fix_request(test))
        self.dismiss()

    def action_trust(self) -> None:
        self._ask_trust()

    def action_help(self) -> None:
        show_keys(self)

    # What is shown.

    def _show_tests(self) -> None:
        self._outline.show_tests()
        row = self._outline.current
        if row is not None:
            self._report.tell(row.key, self._outline.test_here, self._outline.tests_here)
        elif self._has_read and not self.tests.files:
            self._report.say(NO_TESTS)
        self._show_heading()

    def _tell(self, text: str) -> None:
        self._told = [text] if text else []
        self._show_heading()

    def _show_heading(self) -> None:
        self.query_one(TestsHeading).show(self._state(), is_watching=self._is_watching)

    def _state(self) -> Sequence[str]:
        if self._runs.current is not None:
            return told_run(self._runs.current)
        if self._told:
            return self._told
        if not self._session.trust.is_trusted:
            return [f"{self._session.trust.lapse} {NOT_TRUSTED}".strip()]
        if not self._has_read:
            return ["reading the files …"]
        return told_counts(self.tests, self._outline.filter_text, self._seconds)
