"""Snapshots of the screens: a few fixed events, at both sizes, dark and light."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static, TextArea

import punie_tui.app
from punie_tools.actions.code_actions import CodeAction
from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.changes.tree_access import FileImage
from punie_tools.files.edit_file import EditFileResult
from punie_tools.files.list_files import ListFilesResult
from punie_tools.quality.pytest_run import DetailedOutcome, PytestRunResult, TestBegun, TestOutcome
from punie_tools.quality.ruff_check import RuffCheckResult, RuffViolation
from punie_tools.quality.typecheck import TypeCheckResult, TypeFinding
from punie_tools.quality.written_tests import WrittenTest
from punie_tools.tool import Risk, ToolResult
from punie_tui.agent.approval import ApprovalQuestion, AskPerson
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.events import (
    ApprovalRequested,
    ChoicesOffered,
    Event,
    PrefillProgressed,
    SessionClosed,
    SessionRenamed,
    SessionStarted,
    TextStreamed,
    TokenUsage,
    ToolFailed,
    ToolFinished,
    ToolRequested,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    TurnSteered,
    event_line,
)
from punie_tui.agent.prompt_history import PromptHistory, prompt_history_file
from punie_tui.agent.session import Session
from punie_tui.agent.session_log import sessions_folder
from punie_tui.agent.tool_step import Outcome
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.arguments import ArgumentsScreen
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.file_history import FileHistoryScreen
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.fixes import FixesScreen
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.leader import LeaderScreen
from punie_tui.app.screens.left_once import Dialog, Page
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.models import ModelsScreen
from punie_tui.app.screens.notes import NotesScreen
from punie_tui.app.screens.palette import Palette
from punie_tui.app.screens.review import HunkEditor, ReviewScreen
from punie_tui.app.screens.review_effects import EffectWatch
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import (
    CommitScreen,
    DiffReviewScreen,
    PastReviewScreen,
    StagedReviewScreen,
    TreeReviewScreen,
)
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.turns import TurnsScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.turn_runner import PendingApproval, PendingChoice
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.app.widgets.chat.popup import ChoicePopup
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.repo.panel import RepoPanel
from punie_tui.app.widgets.review.rows import Note
from punie_tui.app.widgets.trace.pane import TracePane
from punie_tui.commands import trust
from punie_tui.engine.model_servers import USUAL_PORTS, ModelServer
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.own_files import home_directory
from punie_tui.settings import load_settings
from tests.conftest import git

LEDGER = Path(__file__).parents[1] / "fixtures" / "ledger"
WIDE, NARROW = (120, 40), (80, 24)
DARK, LIGHT = "punie-dark", "punie-light"
EVERY_LOOK = [
    pytest.param(WIDE, DARK, id="wide-dark"),
    pytest.param(WIDE, LIGHT, id="wide-light"),
    pytest.param(NARROW, DARK, id="narrow-dark"),
    pytest.param(NARROW, LIGHT, id="narrow-light"),
]
TINY = pytest.param((20, 5), DARK, id="tiny-dark")
BOTH_SIZES = [look for look in EVERY_LOOK if look.id != "narrow-light"]
"""Both sizes, and the other colours once: of a picture whose parts stand in others at every look."""

TYPES = TypeCheckResult(
    path="src",
    error_count=2,
    warning_count=0,
    files_checked=3,
    errors=(
        TypeFinding(
            file="src/ledger/accounts.py",
            line=32,
            column=16,
            severity="error",
            code="reportReturnType",
            message='Type "Decimal | None" is not assignable to return type "Decimal"\n  "None" is not "Decimal"',
        ),
        TypeFinding(
            file="src/ledger/report.py",
            line=16,
            column=37,
            severity="error",
            code="reportArgumentType",
            message='Argument of type "str" cannot be assigned to parameter "width" of type "int"',
        ),
    ),
)
LINT = RuffCheckResult(
    path=".",
    violation_count=1,
    fixable_count=1,
    fixed_count=0,
    violations=(
        RuffViolation(
            file="src/ledger/accounts.py",
            line=5,
            column=8,
            code="F401",
            message="`os` imported but unused",
            fixable=True,
        ),
    ),
)
EDIT = EditFileResult(
    path="src/ledger/report.py",
    diff="--- a/src/ledger/report.py\n+++ b/src/ledger/report.py\n@@ -14,3 +14,3 @@\n def print_report():\n"
    '-    heading = "Balances"\n+    heading = "All balances"\n     print(heading)\n',
    added=1,
    removed=1,
    replacements=1,
)


def outcome(name: str, result: str, message: str = "", line: int = 12) -> TestOutcome:
    file = "tests/test_accounts.py"
    return TestOutcome(name=f"{file}::{name}", outcome=result, duration=0.02, file=file, line=line, message=message)  # type: ignore[arg-type]


TESTS = PytestRunResult(
    target="",
    keyword="",
    passed=2,
    failed=1,
    errors=0,
    skipped=1,
    xfailed=0,
    xpassed=0,
    duration=0.41,
    tests=(
        outcome("test_an_account_starts_at_zero", "passed"),
        outcome("test_only_positive_amounts[-5]", "failed", "assert Decimal('-5') >= 0", 33),
        outcome("test_post", "passed"),
        outcome("test_slow", "skipped", "too slow"),
    ),
)


def turn(prompt: str, tool: str, arguments: dict[str, Any], result: ToolResult, call_id: str = "c1") -> list[Event]:
    usage = TokenUsage(prompt_tokens=42, generated_tokens=20, generation_seconds=0.1, seconds=0.7)
    return [
        TurnStarted(prompt=prompt, model="nano"),
        ToolRequested(call_id=call_id, tool=tool, arguments=arguments),
        ToolStarted(call_id=call_id),
        ToolFinished(
            call_id=call_id,
            tool=tool,
            result=result.model_dump(mode="json"),
            summary=result.summary,
            names_only_some=result.names_only_some,
            seconds=0.6,
        ),
        TurnFinished(reason="done", answer=result.summary, usage=usage),
    ]


WRITTEN = """Two things stand out.

1. `balance` may return **None**
2. the width is text

```python
def balance(self, name: str) -> Decimal:
    return self.balances[name]
```
"""

EXPLAINED = """See src/ledger/accounts.py:12 for the balance.

| name | does | where |
|---|---|---|
| post | adds an amount, if it is positive, to the balance of an account | src/ledger/accounts.py:3 |

# Why

> a balance may be `None`
> - [x](README.md)

```python
def balance(self, name: str) -> Decimal:
    return self.balances[name]  # 1 of 2
```

Done."""

ANSWERED: list[Event] = [
    TurnStarted(prompt="what would you mend first?", model="nano"),
    TextStreamed(text=WRITTEN),
    TurnFinished(reason="done", answer=WRITTEN),
    TurnStarted(prompt="read [bold]no such[/bold] file", model="nano"),
    ToolRequested(call_id="c9", tool="read_file", arguments={"path": "nothing.py"}),
    ToolFailed(call_id="c9", tool="read_file", error="There is no nothing.py.", seconds=0.0),
    TurnFinished(reason="failed", answer="There is no nothing.py."),
    TurnStarted(prompt="go on", model="nano"),
    TurnSteered(text="in *short* words"),
]

Use = Callable[[Pilot[None], MainScreen], Awaitable[None]]


@pytest.fixture
def ledger(make_repository: Callable[..., Path]) -> Path:
    files = {path.relative_to(LEDGER).as_posix(): path.read_text() for path in LEDGER.rglob("*") if path.is_file()}
    root = make_repository({name: text for name, text in files.items() if "__pycache__" not in name}, name="ledger")
    (root / "src" / "ledger" / "report.py").write_text("x = 1\n")
    return root


def showing(
    root: Path, theme: str, events: Sequence[Event], use: Use | None = None, replies: Sequence[Reply] = ()
) -> tuple[PunieApp, Any]:
    """The app, and what is done with it before the snapshot is taken."""

    def open_session(ask_person: AskPerson, _ask_which: object) -> Session:
        engine = ScriptedEngine(replies, model_name="nano", context_length=1024)
        return Session(root, engine, load_settings(root), ask_person=ask_person)

    async def before(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        while not (main.is_ready and main.has_repo_state):
            await pilot.pause(0.01)
        main.events_arrived(events)
        await pilot.pause()
        if use:
            await use(pilot, main)
        for screen in pilot.app.screen_stack:
            for area in (*screen.query(TextArea), *screen.query(Input)):
                area.cursor_blink = False
        await pilot.pause()

    # How long a thing takes shall not be part of a picture.
    return PunieApp(root, open_session, theme, clock=lambda: 1.0), before


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_findings(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    events = [
        *turn("lint it", "ruff_check", {}, LINT, "c0"),
        *turn("are there type errors in src?", "typecheck", {"path": "src"}, TYPES),
    ]
    app, before = showing(ledger, theme, events)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_failed_test_in_the_trace(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f3", "down")

    app, before = showing(ledger, theme, turn("run the tests", "pytest_run", {}, TESTS), look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_filtered_trace(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press("f3", "slash", *"report")
        while main.query_one(TracePane).is_searching:
            await pilot.pause(0.01)
        await pilot.press("enter", "home", "down", "down", "c")

    events = [
        *turn("lint it", "ruff_check", {}, LINT, "c0"),
        *turn("rename the heading", "edit_file", {"path": EDIT.path, "old": '"B', "new": '"All b'}, EDIT),
        *turn("are there type errors in src?", "typecheck", {"path": "src"}, TYPES),
    ]
    app, before = showing(ledger, theme, events, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_arguments_of_a_call_to_run_again(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str
) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f3", "r")
        while not isinstance(pilot.app.screen, ArgumentsScreen):
            await pilot.pause(0.01)
        await pilot.press("down", "right", "right", "right", "s")

    app, before = showing(ledger, theme, turn("are there type errors?", "typecheck", {"path": "src"}, TYPES), look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_an_answer_an_error_and_a_queued_message(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str
) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press(*"and", "space", *"then", "space", *"this", "enter", *"last", "enter", "alt+q")
        # A running turn would count its seconds.
        main.events_arrived([TurnFinished(reason="stopped", answer="")])

    app, before = showing(ledger, theme, ANSWERED, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_diff(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f3")

    app, before = showing(ledger, theme, turn("rename the heading", "edit_file", {"path": EDIT.path}, EDIT), look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_search_and_a_selection_in_the_chat(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str
) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        chat = main.query_one(Chat)
        while not chat.transcript.links_of_line():
            chat.transcript.action_move_to_end(-1)
            chat.transcript.action_move(2)
            await pilot.pause(0.01)
        await pilot.press("alt+c", "slash", *"balance", "enter")
        while not chat.takes_escape:
            await pilot.pause(0.01)
        await pilot.press("end", "up", "up", "b")

    said = [
        TurnStarted(prompt="explain", model="nano"),
        TextStreamed(text=EXPLAINED),
        TurnFinished(reason="done", answer=EXPLAINED),
    ]
    app, before = showing(ledger, theme, said, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_an_approval(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(_pilot: Pilot[None], main: MainScreen) -> None:
        main.approval_wanted(
            PendingApproval(ApprovalQuestion("c1", "edit_file", Risk.EDITS, EDIT.diff, can_be_reviewed=True))
        )

    waiting = turn("rename the heading", "edit_file", {"path": EDIT.path}, EDIT)[:2]
    waiting.append(ApprovalRequested(call_id="c1", risk=Risk.EDITS, detail=EDIT.diff))
    app, before = showing(ledger, theme, waiting, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_choices_of_what_was_meant(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    choices = ("lint, and fix", "apply code action fix", "tell what I can do")

    async def look(_pilot: Pilot[None], main: MainScreen) -> None:
        main.choice_wanted(PendingChoice(choices))

    waiting: list[Event] = [TurnStarted(prompt="fix it", model="nano")]
    waiting.append(ChoicesOffered(question="Did you mean", choices=list(choices)))
    app, before = showing(ledger, theme, waiting, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_pause_before_a_call(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press("alt+s")
        main.approval_wanted(
            PendingApproval(ApprovalQuestion("c1", "typecheck", Risk.READS, "path='src'", is_step=True))
        )

    waiting = turn("are there type errors?", "typecheck", {"path": "src"}, TYPES)[:2]
    waiting.append(ApprovalRequested(call_id="c1", risk=Risk.READS, detail="path='src'"))
    app, before = showing(ledger, theme, waiting, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), [*EVERY_LOOK, TINY])
def test_the_first_words(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    app, before = showing(ledger, theme, [])
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
@pytest.mark.parametrize("key", ["b", "H"])
def test_the_commits_of_a_file(
    snap_compare: Any,
    make_repository: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
    key: str,
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_DATE", "2026-02-03T10:00:00+01:00")
    root = make_repository({"report.py": (LEDGER / "src/ledger/report.py").read_text()}, name="ledger")

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f4", "home", "down", "down", "space")
        panel = pilot.app.screen.query_one(RepoPanel)
        while len(panel.root.children[-1].children) < 1:
            await pilot.pause(0.01)
        await pilot.press("down", key)
        while not (isinstance(pilot.app.screen, FileHistoryScreen) and pilot.app.screen.is_read):
            await pilot.pause(0.01)
        await pilot.press("down")

    app, before = showing(root, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_viewer(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f3", "down", "enter")

    app, before = showing(ledger, theme, turn("types?", "typecheck", {"path": "src"}, TYPES), look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
@pytest.mark.parametrize(("key", "name"), [("ctrl+x", "leader"), ("ctrl+p", "palette")], ids=["leader", "palette"])
def test_the_leader_and_the_palette(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str, key: str, name: str
) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press(key)
        if name == "palette":
            await pilot.press(*"test")
            while not any(options.option_count > 1 for options in pilot.app.screen.query(OptionList)):
                await pilot.pause(0.01)
            await pilot.app.workers.wait_for_complete(
                [worker for worker in pilot.app.workers if worker.node is pilot.app.screen]
            )
            pilot.app.screen.query_one(Input).cursor_blink = False

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_settings(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        (ledger / ".punie.toml").write_text("temperature = 0.3\n")
        await pilot.press("ctrl+x", "comma")
        while not (isinstance(pilot.app.screen, SettingsScreen) and pilot.app.screen.reads_ended):
            await pilot.pause(0.01)
        await pilot.press("down", "down", "down", "down")
        await pilot.pause()
        # Where the file lies is another place in each run.
        pilot.app.screen.query_one("#settings-told", Static).update("Settings  in settings.toml")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_models(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        found = (
            ModelServer(11434, USUAL_PORTS[11434], ("qwen2.5-coder:7b", "llama3.2:latest")),
            ModelServer(1234, USUAL_PORTS[1234], ("a-model-with-a-name-that-is-longer-than-any-column-has-room-for",)),
            ModelServer(8000, USUAL_PORTS[8000], wants_key=True),
        )
        screen = ModelsScreen("nano", USUAL_PORTS, lambda _ports: found)
        await pilot.app.push_screen(screen)
        while not screen.looks_ended:
            await pilot.pause(0.01)
        await pilot.press("down")
        await pilot.pause()

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_keys(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f1")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


FAILED = DetailedOutcome(
    name="tests/test_accounts.py::TestPosting::test_rows[-5]",
    outcome="failed",
    duration=0.031,
    file="tests/test_accounts.py",
    line=33,
    message="assert ['cash', 'rent', 'food'] == ['cash', 'food']\n\n  At index 1 diff: 'rent' != 'food'",
    output="Captured stdout call:\nposting -5\nCaptured log call:\nWARNING ledger: an odd amount",
    diff=" ['cash',\n+ 'rent',\n  'food']",
    locals=(("amount", "Decimal('-5')"), ("ledger", "Ledger(accounts={'cash': Account(name='cash')})")),
)
WRITTEN_TESTS = [
    WrittenTest("tests/test_accounts.py::TestPosting::test_rows", "tests/test_accounts.py", 30),
    WrittenTest("tests/test_accounts.py::test_an_account_starts_at_zero", "tests/test_accounts.py", 12),
    WrittenTest("tests/test_report.py::test_a_line_an_account", "tests/test_report.py", 5),
]


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_tests(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("ctrl+n")
        screen = pilot.app.screen
        assert isinstance(screen, TestsScreen)
        while not screen.has_read:
            await pilot.pause(0.01)
        screen.post_message(TestsScreen.TestsRead(WRITTEN_TESTS))
        await pilot.pause()
        screen.take(
            [outcome("test_an_account_starts_at_zero", "passed"), outcome("TestPosting::test_rows[0]", "passed")]
        )
        screen.take([FAILED, TestBegun(name=WRITTEN_TESTS[-1].name)])
        await pilot.press("n")

    trust.run([str(ledger)])
    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize("by", ["file", "rule"])
@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_findings(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str, by: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("ctrl+l")
        screen = pilot.app.screen
        assert isinstance(screen, FindingsScreen)
        while not screen.checks_ended:
            await pilot.pause(0.01)
        for tool, result in (("typecheck", TYPES), ("ruff_check", LINT)):
            screen.post_message(FindingsScreen.Checked(tool, Outcome(ToolCall("c1", tool, {}), result=result)))
        await pilot.pause()
        await pilot.press("home", "down", "down", *(["b"] if by == "rule" else []))

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_several_fixes_of_a_finding(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    titles = [f"Add import: from {module} import Decimal" for module in ("[b]decimal[/b]", "_pydecimal", "ledger" * 20)]
    fixes = [
        CodeAction(id="", title=title, kind="quickfix", source="pyright", line=3, is_safe=None, diff="")
        for title in titles
    ]

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.app.push_screen(FixesScreen('src/ledger/report.py:3 "[b]Decimal[/b]" is not defined', fixes))
        await pilot.press("down")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


PROPOSED = (
    ("from decimal import Decimal\n", "from decimal import ROUND_HALF_EVEN, Decimal\n"),
    ("return sum(self.balances.values())", "return sum(self.balances.values(), Decimal(0))"),
)


def proposed_change(ledger: Path) -> FileChange:
    before = after = (ledger / "src/ledger/accounts.py").read_text()
    for old, new in PROPOSED:
        assert old in after
        after = after.replace(old, new)
    return FileChange("src/ledger/accounts.py", FileImage(before.encode(), 0o644), FileImage(after.encode(), 0o644))


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_review(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    change = proposed_change(ledger)
    new_file = FileChange("src/ledger/rounding.py", None, FileImage(b'"""How money is rounded."""\n', 0o644))

    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        proposal = (change, new_file)
        main.approval_wanted(PendingApproval(ApprovalQuestion("c1", "apply_patch", Risk.EDITS, "", proposal=proposal)))
        await pilot.pause()
        await pilot.press("a", "c", *"or", "enter", "r")

    app, run_before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=run_before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_review_of_a_commit(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        assert main.git_work
        main.git_work.review_past(Review([proposed_change(ledger)]), "0123456789 Round as banks do")
        await pilot.pause()
        await pilot.press("r", "c", *"or", "enter")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_notes(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("slash", *"notes", "enter")
        while not (isinstance(pilot.app.screen, NotesScreen) and pilot.app.screen.is_loaded):
            await pilot.pause(0.01)

    (ledger / "AGENTS.md").write_text("# Ledger\n\nMoney is a `Decimal`, never a float.\n" + "long " * 9000)
    (ledger / "CLAUDE.md").symlink_to("/etc/hostname")
    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


SAID = (
    ("are there type errors in src?", "2 errors in 3 files."),
    (
        "why may balance return None? I would have thought that an account that is open always has one",
        "It asks a dict.",
    ),
    ("[bold]rename[/bold] the heading", "Done."),
)


def saved_session(root: Path, number: int, *turns: tuple[str, str], name: str = "", is_closed: bool = True) -> str:
    """A session file of a fixed time; its id."""
    time = datetime(2026, 3, 10 + number, 9, 30 + number)
    stamp = f"{time:%Y%m%d-%H%M%S-000000}"
    told: list[Event] = [SessionStarted(punie_version="0.1.0", workspace=str(root), model="nano", time=time)]
    for count, (prompt, answer) in enumerate(turns):
        turn_id = f"t{count}"
        told += [
            TurnStarted(turn_id=turn_id, prompt=prompt, model="nano", time=time.astimezone()),
            TextStreamed(turn_id=turn_id, text=answer),
            TurnFinished(turn_id=turn_id, reason="done", answer=answer),
        ]
    told += [SessionRenamed(name=name)] if name else []
    told += [SessionClosed()] if is_closed else []
    folder = sessions_folder(home_directory("state"), root)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stamp}.jsonl"
    path.write_text("".join(event_line(event) + "\n" for event in told))
    os.utime(path, (time.timestamp(), time.timestamp()))
    return stamp


def saved_sessions(root: Path) -> None:
    saved_session(root, 1, SAID[0])
    saved_session(root, 2, SAID[1], SAID[0])
    saved_session(root, 3, *SAID, name="The heading")
    saved_session(root, 4, SAID[2], is_closed=False)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_sessions(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("ctrl+o")
        while not (isinstance(pilot.app.screen, SessionsScreen) and pilot.app.screen.is_loaded):
            await pilot.pause(0.01)
        await pilot.press("down")

    saved_sessions(ledger)
    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_session_is_deleted_after_a_question(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str
) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("ctrl+o")
        while not (isinstance(pilot.app.screen, SessionsScreen) and pilot.app.screen.is_loaded):
            await pilot.pause(0.01)
        await pilot.press("down", "d")

    saved_sessions(ledger)
    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_turns_of_a_session(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press("ctrl+g")
        while "rename" not in main.query_one(Chat).transcript.plain_text:
            await pilot.pause(0.01)
        await pilot.press("ctrl+g")
        while not (isinstance(pilot.app.screen, TurnsScreen) and pilot.app.screen.is_loaded):
            await pilot.pause(0.01)
        await pilot.press("up", "enter")
        while "stand" not in main.query_one(Chat).transcript.plain_text:
            await pilot.pause(0.01)
        await pilot.press("ctrl+g")
        while not (isinstance(pilot.app.screen, TurnsScreen) and pilot.app.screen.is_loaded):
            await pilot.pause(0.01)

    saved_session(ledger, 5, *SAID, is_closed=False)
    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_the_offer_to_go_on(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    saved_session(ledger, 4, SAID[2], is_closed=False)
    app, before = showing(ledger, theme, [])
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_commands_above_the_prompt(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("slash", "down", "down")

    app, before = showing(ledger, theme, turn("lint it", "ruff_check", {}, LINT), look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), [*EVERY_LOOK, TINY])
def test_files_and_symbols_above_the_prompt(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press(*"explain", "space", "at", *"acc")
        prompt = main.query_one(Prompt)
        while prompt.completion.is_waiting:
            await pilot.pause(0.01)

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK)
def test_a_folded_paste_and_what_was_attached(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str
) -> None:
    log = "".join(f"2026-01-02 ledger[{number}]: posted\n" for number in range(240))
    attached = Attachment(kind="file", name="src/ledger/report.py, 17 lines", mention="@report", text="x" * 1600)
    said = [
        TurnStarted(prompt=f"why does @report say so?\n{log}", model="nano", attachments=(attached,)),
        TurnFinished(reason="done", answer="It is empty."),
    ]

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press(*"why", "space")
        pilot.app.post_message(Paste(log))
        await pilot.pause()

    app, before = showing(ledger, theme, said, look)
    assert snap_compare(app, run_before=before, terminal_size=size)


AnyScreen = TypeVar("AnyScreen", bound=Screen[Any])
LAPSED = "Trust in this folder has lapsed: {changes} since you trusted it."


async def on_top(pilot: Pilot[None], kind: type[AnyScreen]) -> AnyScreen:
    """Wait for a screen of this kind."""
    while not (isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted):
        await pilot.pause(0.01)
    screen = pilot.app.screen
    assert isinstance(screen, kind)
    return screen


@pytest.mark.parametrize("is_trusted", [True, False], ids=["holds", "lapsed"])
@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_the_trust(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str, is_trusted: bool) -> None:
    # Where the folder lies is another place in each run.
    known: Any = SimpleNamespace(
        is_trusted=is_trusted,
        lapse="" if is_trusted else LAPSED.format(changes="conftest.py changed, .git/config is new"),
    )

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.app.push_screen(TrustScreen(Path("/home/ada/ledger"), known))

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
@pytest.mark.parametrize("kind", [TreeReviewScreen, StagedReviewScreen])
def test_the_review_of_what_git_sees(
    snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str, kind: type[ReviewScreen]
) -> None:
    is_staged = kind is StagedReviewScreen
    (ledger / "README.md").write_text((ledger / "README.md").read_text() + "\nMoney is a Decimal.\n")
    (ledger / "src/ledger/report.py").write_text((LEDGER / "src/ledger/report.py").read_text())
    (ledger / "tests/test_report.py").unlink()
    if is_staged:
        git(ledger, "add", "-A")

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f4", "s" if is_staged else "r")
        await on_top(pilot, kind)
        await pilot.pause()
        await pilot.press("a", "r")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_the_message_of_a_commit(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    git(ledger, "add", "-A")

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f4", "c")
        screen = await on_top(pilot, CommitScreen)
        while not screen.query_one(TextArea).has_focus:
            await pilot.pause(0.01)
        await pilot.press("enter", "enter", *"[b]Why[/b]")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


def effects_of(file: int) -> list[Note]:
    return [
        Note(
            (file, 1), "src/ledger/accounts.py:33 reportReturnType: [b]Decimal | int[/b] is no Decimal", is_worse=True
        ),
        Note((file, 1), "tests/test_accounts.py::test_only_positive_amounts fails", is_worse=True),
        Note((file, 0), "F401: `os` imported but unused", is_worse=False),
        Note(None, "src/ledger/report.py:16 reportArgumentType: a str is no int", is_worse=False),
    ]


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_a_review_with_what_its_hunks_do(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        review = ReviewScreen(Review([proposed_change(ledger)]), "apply_patch", notes=effects_of(0))
        await pilot.app.push_screen(review)
        # As where somebody looks for effects, which takes a language server its seconds.
        review.add_class("-effects")
        review.on_effect_watch_told(EffectWatch.Told("types +1 -1  lint -1  tests 4 passed, 1 failed"))
        await pilot.pause()
        await pilot.press("p")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_a_hunk_is_edited(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.app.push_screen(ReviewScreen(Review([proposed_change(ledger)]), "apply_patch"))
        await pilot.pause()
        await pilot.press("e")
        await on_top(pilot, HunkEditor)
        await pilot.press(*"# [b]", "enter")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_a_place_is_opened_by_name(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("alt+o")
        palette = await on_top(pilot, Palette)
        await pilot.press(*"acc")
        while not any("accounts" in str(option.prompt) for option in palette.query_one(OptionList).options):
            await pilot.pause(0.01)
        await pilot.app.workers.wait_for_complete([worker for worker in pilot.app.workers if worker.node is palette])

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_the_search_of_earlier_prompts(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    history = PromptHistory(prompt_history_file(home_directory("state"), ledger))
    for prompt in (*(prompt for prompt, _ in SAID), "lint it\nand fix it"):
        history.add(prompt)

    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("ctrl+r")
        popup = pilot.app.screen.query_one(ChoicePopup)
        while not popup.display:
            await pilot.pause(0.01)
        await pilot.press("down")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_the_question_before_quitting(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], main: MainScreen) -> None:
        await pilot.press(*"wait", "enter")
        while not main.is_turn_running:
            await pilot.pause(0.01)
        await pilot.press("ctrl+q")
        await on_top(pilot, ConfirmScreen)

    app, before = showing(ledger, theme, [], look, [[threading.Event()]])
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), EVERY_LOOK[2:])
def test_the_repo_panel_where_it_is_a_tab(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f4", "home", "down")

    app, before = showing(ledger, theme, [], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


PROGRAM = 'for file in list_files(path="src").files:\n    if "ledger" in file:\n        print(file, typecheck(file))'


def program_calls() -> list[Event]:
    """A program whose first call ended, whose second failed, and whose third runs."""
    inner = [("list_files", {"path": "src"}), ("typecheck", {"path": "[b]no[/b]"}), ("typecheck", {"path": "src"})]
    said: list[Event] = [
        TurnStarted(prompt="which files have type errors?", model="big"),
        ToolRequested(call_id="c1", tool="execute_code", arguments={"code": PROGRAM}),
        ToolStarted(call_id="c1"),
    ]
    for number, (tool, arguments) in enumerate(inner):
        call_id = f"c1.{number}"
        said += [
            ToolRequested(call_id=call_id, parent_call_id="c1", tool=tool, arguments=dict(arguments)),
            ToolStarted(call_id=call_id),
        ]
        if number == 0:
            files = ListFilesResult(pattern="*", path="src", files=("src/ledger/accounts.py",), file_count=1)
            told = files.model_dump(mode="json")
            said.append(ToolFinished(call_id=call_id, tool=tool, result=told, summary=files.summary, seconds=0.1))
        if number == 1:
            said.append(ToolFailed(call_id=call_id, tool=tool, error="There is no [b]no[/b].", seconds=0.0))
    return said


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_the_calls_of_a_program(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    async def look(pilot: Pilot[None], _main: MainScreen) -> None:
        await pilot.press("f3", "home", "down")

    # A running one counts its seconds.
    app, before = showing(ledger, theme, [*program_calls(), TurnFinished(reason="stopped", answer="")], look)
    assert snap_compare(app, run_before=before, terminal_size=size)


@pytest.mark.parametrize(("size", "theme"), BOTH_SIZES)
def test_a_prompt_that_is_read(snap_compare: Any, ledger: Path, size: tuple[int, int], theme: str) -> None:
    said = [
        TurnStarted(prompt="what is it all about?", model="nano"),
        PrefillProgressed(done=640, total=1024, cached=256),
    ]
    app, before = showing(ledger, theme, said)
    assert snap_compare(app, run_before=before, terminal_size=size)


SNAPSHOTS: dict[type[Screen[Any]], Callable[..., None]] = {
    ArgumentsScreen: test_the_arguments_of_a_call_to_run_again,
    CommitScreen: test_the_message_of_a_commit,
    ConfirmScreen: test_the_question_before_quitting,
    FileHistoryScreen: test_the_commits_of_a_file,
    FileViewerScreen: test_the_viewer,
    FindingsScreen: test_the_findings,
    FixesScreen: test_several_fixes_of_a_finding,
    HunkEditor: test_a_hunk_is_edited,
    KeysScreen: test_the_keys,
    LeaderScreen: test_the_leader_and_the_palette,
    MainScreen: test_the_first_words,
    ModelsScreen: test_the_models,
    NotesScreen: test_the_notes,
    Palette: test_a_place_is_opened_by_name,
    PastReviewScreen: test_the_review_of_a_commit,
    ReviewScreen: test_a_review,
    SessionsScreen: test_the_sessions,
    SettingsScreen: test_the_settings,
    StagedReviewScreen: test_the_review_of_what_git_sees,
    TestsScreen: test_the_tests,
    TreeReviewScreen: test_the_review_of_what_git_sees,
    TrustScreen: test_the_trust,
    TurnsScreen: test_the_turns_of_a_session,
}
BASES = {Page, Dialog, DiffReviewScreen}
"""Never shown; others come of them."""


def kinds_of(screen: type[Screen[Any]]) -> set[type[Screen[Any]]]:
    """The app's own classes below one."""
    kinds = {kind for below in screen.__subclasses__() for kind in kinds_of(below) | {below}}
    return {kind for kind in kinds if kind.__module__.startswith("punie_tui.app.")}


def test_every_screen_has_its_pictures() -> None:
    for module in walk_packages(punie_tui.app.__path__, "punie_tui.app."):
        import_module(module.name)
    assert kinds_of(Screen) - BASES == set(SNAPSHOTS)
    pictures = [path.name for path in (Path(__file__).parent / "__snapshots__" / Path(__file__).stem).iterdir()]
    for kind, test in SNAPSHOTS.items():
        for look in ("wide-dark", "wide-light", "narrow-dark"):
            assert any(name.startswith(test.__name__) and look in name for name in pictures), (kind, look)
