"""Hostile texts in every place that shows what files, tools and models say: nothing executes, crashes or escapes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from app_driver import Drive, Driven
from foreign_strings import NAME, escape_strings, markup_strings
from pydantic import BaseModel
from textual.command import CommandPalette
from textual.events import Paste
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets._toast import Toast

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.changes.tree_access import FileImage
from punie_tools.debug.debug_result import DebugBreakpoint, DebugExpression, DebugFrame, DebugVariable
from punie_tools.debug.debug_test import DebugTestResult
from punie_tools.git.commit_message import draft_message
from punie_tools.quality.pytest_run import DetailedOutcome
from punie_tools.quality.ruff_check import RuffCheckResult, RuffViolation
from punie_tools.quality.typecheck import TypeCheckResult, TypeFinding
from punie_tools.registry import TOOLS
from punie_tools.safe_text import safe_text
from punie_tools.tool import Risk
from punie_tui.agent.approval import ApprovalQuestion
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.events import (
    ChoicesOffered,
    ContextTrimmed,
    Event,
    NoticeGiven,
    SessionClosed,
    SessionStarted,
    TextStreamed,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolProgressed,
    ToolRequested,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    TurnSteered,
    event_line,
)
from punie_tui.agent.session_list import SessionSummary
from punie_tui.agent.session_log import sessions_folder
from punie_tui.agent.session_record import SessionRecord
from punie_tui.agent.tool_step import Outcome
from punie_tui.app.message_queue import MessageQueue, QueuedMessage
from punie_tui.app.screens.arguments import ArgumentsScreen
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.file_history import FileHistoryScreen
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.models import ModelsScreen
from punie_tui.app.screens.notes import NotesScreen
from punie_tui.app.screens.review import HunkEditor, ReviewScreen
from punie_tui.app.screens.review_effects import EffectWatch
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import CommitScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.turns import TurnsScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.turn_runner import PendingApproval, PendingChoice
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
from punie_tui.app.widgets.chat.detail_view import DetailView
from punie_tui.app.widgets.chat.history_search import HistorySearch
from punie_tui.app.widgets.chat.mention_source import MentionSource
from punie_tui.app.widgets.chat.popup import MOST_ROWS, ChoicePopup
from punie_tui.app.widgets.chat.queue_panel import QueuePanel
from punie_tui.app.widgets.outline import Outline
from punie_tui.app.widgets.repo.panel import RepoPanel
from punie_tui.app.widgets.repo.state import ChangedPath, FolderEntry, RecentCommit, RepoState
from punie_tui.app.widgets.review.rows import Note
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.app.widgets.status import StatusLine
from punie_tui.app.widgets.tests.known_tests import KnownTest
from punie_tui.app.widgets.tests.report import TestReport
from punie_tui.engine.model_servers import ModelServer
from punie_tui.engine.protocol import ToolCall
from punie_tui.own_files import home_directory
from punie_tui.settings import Settings

MakeRepository = Callable[..., Path]

STRINGS = [*escape_strings(), *markup_strings()]
# Of a note no more is read than some kilobytes.
SHORT = [text for text in STRINGS if len(text) < 200]
SIZE = (120, 60)
# How a text looks is all that may be written with it; where it stands is written apart.
LOOKS = re.compile(r"\x1b\[[\d;]*m")
OF_SCROLL_BARS = {
    ("@mouse.down", "grab"),
    ("@mouse.down", "scroll_up"),
    ("@mouse.down", "scroll_down"),
    ("@mouse.up", "release"),
}
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Looks:
    """Looks at what is drawn, and remembers which of the strings were seen in one place."""

    def __init__(self, driven: Driven, place: str) -> None:
        self._driven, self._place = driven, place
        self._names: set[str] = set()

    def at(self, widget: Widget) -> None:
        """As it stands now, without a layout."""
        self._check(widget.render_lines(widget.outer_size.region))

    def through(self, widget: Widget) -> None:
        """Scrolled from its beginning to its end."""
        for top in range(0, max(widget.virtual_size.height, 1), widget.scrollable_content_region.height):
            widget.scroll_to(y=top, animate=False, immediate=True)
            self.at(widget)

    def at_screen(self) -> None:
        """With titles and frames."""
        self._check(self._driven.app.screen._compositor.render_strips())

    def saw(self, texts: Iterable[str] = STRINGS) -> None:
        """All of these were drawn."""
        missing = {name_of(text) for text in texts} - self._names
        assert not missing, f"{self._place}: {len(missing)} not seen, as {sorted(missing)[:10]}"
        self._names.clear()

    def _check(self, strips: Iterable[Strip]) -> None:
        for strip in strips:
            for text, style, control in strip:
                found = control or CONTROLS.search(text)
                assert not found, f"{self._place}: {found} in {text!r}"
                if style:
                    assert not style.link, f"{self._place}: a link to {style.link} at {text!r}"
                    actions = {name: call for name, call in style.meta.items() if name.startswith("@")}
                    assert actions.items() <= OF_SCROLL_BARS, f"{self._place}: {actions} at {text!r}"
            written = LOOKS.sub("", strip.render(self._driven.app.console))
            assert "\x1b" not in written, f"{self._place}: {written!r}"
            self._names |= set(NAME.findall(strip.text))


def name_of(text: str) -> str:
    return text[:4]


def on_disk(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def as_file_name(text: str) -> bytes:
    return on_disk(text).replace(b"\0", b"").replace(b"/", b"|")[:250]


def filled(kind: Any, text: str) -> Any:
    """A value of a type, with the text wherever there can be one."""
    arguments = get_args(kind)
    match get_origin(kind) or kind:
        case origin if origin is Annotated:
            return filled(arguments[0], text)
        case origin if origin in (Union, UnionType):
            return filled(next(each for each in arguments if each is not type(None)), text)
        case origin if origin is Literal:
            return arguments[0]
        case origin if origin in (tuple, list) and arguments:
            return [filled(each, text) for each in arguments if each is not Ellipsis]
        case origin if origin is dict:
            return {text: text}
        case type() as origin if issubclass(origin, BaseModel):
            return {name: filled(field.annotation, text) for name, field in origin.model_fields.items()}
        case type() as origin if issubclass(origin, Enum):
            return next(iter(origin)).value
        case type() as origin if issubclass(origin, (bool, int, float)):
            return origin(1)
        case _:
            return text


def a_turn(number: int, text: str) -> list[Event]:
    """A turn that says the text in all that a person reads of it, and calls one of the tools."""
    call, tool = f"c{number}", TOOLS[number % len(TOOLS)]
    result = {**filled(tool.result_type, text), "summary": text}
    end: Event = ToolFinished(call_id=call, tool=tool.name, result=result, summary=text, seconds=0.1)
    if number % 5 == 0:
        end = ToolFailed(call_id=call, tool=tool.name, error=text, seconds=0.1)
    elif number % 5 == 1:
        end = ToolDenied(call_id=call, reason=text)
    others = (
        TurnSteered(text=text),
        NoticeGiven(text=text),
        ChoicesOffered(question=text, choices=[text, text]),
        ContextTrimmed(removed_tokens=1, kept_tokens=1, summary=text),
    )
    attached = Attachment(kind="file", name=text, mention=text, text=text)
    return [
        TurnStarted(prompt=text, model=text, attachments=(attached,) if number % 4 == 0 else ()),
        others[number % len(others)],
        TextStreamed(text=text),
        ToolRequested(call_id=call, tool=text if number % 7 == 0 else tool.name, arguments={text: text}),
        ToolStarted(call_id=call),
        ToolProgressed(call_id=call, done=1, total=2, text=text),
        end,
        TurnFinished(reason="failed" if number % 2 else "done", answer=f"{text}."),
    ]


async def in_chat_and_trace(driven: Driven) -> None:
    looks = Looks(driven, "chat and trace")
    events = [event for number, text in enumerate(STRINGS) for event in a_turn(number, text)]
    driven.main.query_one(Chat).show_earlier(events)
    for event in events:
        driven.trace.handle(event)
    await driven.pilot.pause()
    looks.through(driven.transcript)
    looks.saw()
    outline = driven.trace.query_one(Outline)
    looks.through(outline)
    looks.saw()
    driven.trace.query_one(Input).value = "no such words"
    await driven.pilot.pause()


async def in_status_line(driven: Driven) -> None:
    looks, status = Looks(driven, "status line"), driven.main.query_one(StatusLine)
    for text in STRINGS:
        status.show_activity(text, is_busy=False)
        looks.at(status)
    looks.saw()


async def in_repo_panel(driven: Driven) -> None:
    looks, panel = Looks(driven, "repo panel"), driven.repo
    changes, commits, files = panel.root.children
    for texts in parts(200):
        paths = [FolderEntry(text, is_folder) for text, is_folder in zip(texts, cycle((True, False)))]
        state = RepoState(
            safe_text(texts[0], single_line=True),
            safe_text(texts[-1], single_line=True),
            [ChangedPath("M", text, is_staged=False) for text in texts],
            [RecentCommit("0123456789", text) for text in texts],
        )
        # What is really there may be read meanwhile, and shown in its place.
        while panel.state != state:
            panel.post_message(RepoPanel.StateRead(state, [(files, paths, len(paths))]))
            for node in (changes, commits, files):
                node.expand()
            await driven.pilot.pause()
        looks.through(panel)
        looks.saw(texts)
    panel.refresh_state()


async def in_approvals(driven: Driven) -> None:
    looks, panel = Looks(driven, "approvals"), driven.panel
    for texts in parts(250):
        detail = "\n".join(texts)
        pending = PendingApproval(ApprovalQuestion("c", "run_command", Risk.RUNS, detail, note=texts[1]))
        panel.show(pending)
        await driven.pilot.pause()
        looks.through(panel.query_one(DetailView))
        looks.saw(texts)
        looks.at_screen()
        panel.settle(pending)


async def in_choices(driven: Driven) -> None:
    looks, panel = Looks(driven, "choices"), driven.main.query_one(ChoicePanel)
    for number, texts in enumerate(parts(3)):
        pending = PendingChoice(tuple(texts))
        panel.show(pending)
        if number == 0:
            await driven.pilot.pause()
        looks.at(panel.query_one(Static))
        looks.saw(texts)
    panel.settle(pending)


async def in_queue_and_prompt(driven: Driven) -> None:
    looks, panel, prompt = Looks(driven, "queue"), driven.queue, driven.prompt
    queue = MessageQueue(lambda: True, lambda _: False, lambda: None)
    shown = QueuePanel(queue, lambda: True)
    await driven.main.mount(shown, before="#prompt")
    for texts in parts(4):
        queue.messages = [QueuedMessage(text, lambda: None) for text in texts]
        shown.show()
        if texts[0] == STRINGS[0]:
            await driven.pilot.pause()
        looks.at(shown)
        looks.saw(texts)
        prompt.clear()
        for text in texts[:2]:
            prompt.take_back(text)
        looks.at(prompt)
    await shown.remove()
    prompt.clear()
    assert not panel.display


async def in_completions(driven: Driven, root: Path) -> None:
    looks, popup = Looks(driven, "completions"), ChoicePopup()
    await driven.main.mount(popup, before="#prompt")
    mentions, history = (
        MentionSource(root, driven.main.names, lambda: None),
        HistorySearch(lambda: STRINGS, lambda text: text),
    )
    for source, queries in ((mentions, sorted({text[:3] for text in STRINGS})), (history, [""])):
        for query in queries:
            popup.open(source.title(query), choices := source.choices(query, lambda: False))
            if popup.size.height <= MOST_ROWS:
                await driven.until(lambda: popup.size.height > MOST_ROWS, "the popup")
            for _ in range(0, len(choices), MOST_ROWS):
                looks.at(popup)
                popup.move(MOST_ROWS)
            looks.at(popup)
        looks.saw([text for text in STRINGS if source is history or ('"' not in text and "\n" not in text)])
    await popup.remove()


async def in_palette(driven: Driven, texts: Sequence[str]) -> None:
    looks = Looks(driven, "palette")
    driven.app.action_palette()
    palette = await driven.shown(CommandPalette)
    await driven.until(lambda: palette.has_class("-ready"), "what the palette begins with")
    palette.query_one(Input).value = "session"
    options = palette.query_one(OptionList)
    await driven.until(lambda: options.option_count >= len(texts), "the sessions in the palette")
    await driven.pilot.pause()
    looks.through(options)
    looks.saw(texts)
    await driven.pilot.press("escape")


def rows_of(options: OptionList) -> list[str]:
    return sorted(str(option.prompt) for option in options.options)


async def in_places(driven: Driven) -> None:
    """Names of files; those that hold what all of them do come first."""
    looks = Looks(driven, "files by name")
    driven.main.action_open_place()
    palette = await driven.shown(CommandPalette)
    options, names = palette.query_one(OptionList), driven.main.names.get(is_wanted_anew=False)
    assert names is not None
    for query in sorted({text[:3] for text in STRINGS}):
        palette.query_one(Input).value = query
        # The palette may have another reading of the tree, in which those that fit equally well stand otherwise.
        expected = sorted(safe_text(str(place), single_line=True) for place in names.best(query, 60, lambda: False))
        if expected:
            # As many may have stood there for the query before.
            await driven.until(lambda expected=expected: rows_of(options) == expected, "the files")
            await driven.pilot.pause()
            looks.through(options)
    looks.saw([text for text in STRINGS if "\n" not in text])
    await driven.pilot.press("escape")


async def in_sessions_and_turns(driven: Driven, root: Path) -> None:
    now = datetime.now().astimezone()
    summaries = [
        SessionSummary(f"s{number}", text * (number % 2), text, text, 1, now, text, "", 1, False, False, "", text)
        for number, text in enumerate(STRINGS)
    ]
    turns = [event for number, text in enumerate(STRINGS) for event in _a_prompt(number, text)]
    session: Any = SimpleNamespace(
        session_id="none",
        workspace=SimpleNamespace(root=root),
        sessions=SimpleNamespace(summaries=lambda _: iter(summaries)),
        record=lambda: SessionRecord(turns),
        changes=SimpleNamespace(journal=SimpleNamespace(turns=lambda: [_changed_files(n, t) for n, t in TURNS])),
    )
    for screen in (SessionsScreen(session, lambda: True), TurnsScreen(session)):
        looks = Looks(driven, type(screen).__name__)
        await driven.app.push_screen(screen)
        await driven.until(lambda screen=screen: screen.is_loaded, "the list")
        await driven.pilot.pause()
        looks.through(screen.query_one(OptionList))
        looks.saw()
        if isinstance(screen, SessionsScreen):
            for place in range(1, len(STRINGS), len(STRINGS) // 4):
                screen.query_one(OptionList).highlighted = place
                await driven.pilot.press("n")
                looks.at_screen()
                await driven.pilot.press("escape", "d")
                await driven.shown(ConfirmScreen)
                looks.at_screen()
                await driven.pilot.press("n")
        screen.dismiss(None)
        await driven.pilot.pause()


TURNS = list(enumerate(STRINGS))


def _a_prompt(number: int, text: str) -> list[Event]:
    named = {"turn_id": f"t{number}"}
    return [TurnStarted(prompt=text, model="m", **named), TurnFinished(reason="done", answer="", **named)]


def _changed_files(number: int, text: str) -> SimpleNamespace:
    return SimpleNamespace(turn=f"t{number}", paths=(text,))


async def in_notes(driven: Driven) -> None:
    looks = Looks(driven, "notes")
    driven.main.show_notes()
    screen = await driven.shown(NotesScreen)
    await driven.until(lambda: screen.is_loaded, "the notes")
    for place in range(2):
        screen.query_one(OptionList).highlighted = place
        await driven.pilot.pause()
        looks.through(screen.query_one(TextArea))
    looks.saw(SHORT)
    await driven.pilot.press("escape")


async def in_findings(driven: Driven, root: Path) -> None:
    found = {
        "typecheck": TypeCheckResult(
            path=".",
            error_count=len(STRINGS),
            warning_count=0,
            files_checked=1,
            errors=tuple(
                TypeFinding(file=text, line=1, column=1, severity="error", code=text, message=text)
                for text in STRINGS[:500]
            ),
        ),
        "ruff_check": RuffCheckResult(
            path=".",
            violation_count=len(STRINGS),
            fixable_count=0,
            fixed_count=0,
            violations=tuple(
                RuffViolation(file=text, line=1, column=1, code=text, message=text, fixable=False)
                for text in STRINGS[500:]
            ),
        ),
    }
    calls = SimpleNamespace(run=lambda tool, _arguments, _watch: Outcome(ToolCall("c", tool, {}), result=found[tool]))
    session: Any = SimpleNamespace(person_calls=calls)
    looks, screen = Looks(driven, "findings"), FindingsScreen(session, root, send=lambda _: None)
    await driven.app.push_screen(screen)
    await driven.until(lambda: bool(screen.checks_ended), "both checkers")
    for key in ("b", "b"):
        await driven.pilot.press("home", "down")
        looks.at_screen()
        looks.through(screen.query_one(Outline))
        looks.saw()
        await driven.pilot.press(key)
    await driven.pilot.press("q")


async def in_tests(driven: Driven) -> None:
    looks = Looks(driven, "tests")
    await driven.pilot.press("ctrl+n")
    screen = await driven.shown(TestsScreen)
    outcomes = [
        DetailedOutcome(
            name=f"{texts[0]}.py::{text}[{text}]",
            outcome="failed",
            duration=0.1,
            file=text,
            line=1,
            message=text,
            output=text,
            diff=text,
            locals=((text, text),),
        )
        for texts in parts(50)
        for text in texts
    ]
    screen.take(outcomes)
    await driven.pilot.pause()
    looks.through(screen.query_one(Outline))
    looks.saw()
    report = screen.query_one(TestReport)
    for some in parts(100):
        told = [outcome for outcome in outcomes if outcome.message in set(some)]
        report.tell(some[0], KnownTest(told[0].name, some[0], 1, tuple(told)), [])
        await driven.pilot.pause()
        looks.through(report)
        looks.saw(some)
    report.tell(STRINGS[0], None, [KnownTest(told.name, told.file, 1, (told,)) for told in outcomes])
    await driven.pilot.pause()
    looks.through(report)
    for some in parts(100):
        report.tell("debugged", KnownTest("a.py::debugged", "a.py", 1, debugged=debugged(some)), [])
        await driven.pilot.pause()
        looks.through(report)
        looks.saw(some)
    await driven.pilot.press("q")


def debugged(texts: Sequence[str]) -> DebugTestResult:
    """A test that stopped; each text is a call on its stack, a value, an expression or a breakpoint."""
    told = DebugTestResult.model_validate(filled(DebugTestResult, texts[0]))
    frames, values, expressions, breakpoints = (
        [filled(kind, text) for text in texts[start::4]]
        for start, kind in enumerate((DebugFrame, DebugVariable, DebugExpression, DebugBreakpoint))
    )
    changed = {"frames": frames, "locals": values, "expressions": expressions, "breakpoints": breakpoints}
    return DebugTestResult.model_validate(told.model_dump() | changed)


async def in_review(driven: Driven) -> None:
    looks = Looks(driven, "review")
    changes = [
        FileChange(
            texts[0],
            FileImage(b"\n".join(map(on_disk, texts)).replace(b"\0", b""), 0o644),
            FileImage(b"\n".join(on_disk(text) + b"!" for text in texts).replace(b"\0", b""), 0o644),
        )
        for texts in parts(10)
    ]
    review = Review(changes)
    for file, texts in enumerate(parts(10)):
        review.comment(file, 1, texts[1])
    notes = [Note((file, 0), text, is_worse=True) for file, texts in enumerate(parts(10)) for text in texts[:3]]
    screen = ReviewScreen(review, STRINGS[0], notes=notes)
    await driven.app.push_screen(screen)
    await driven.pilot.pause()
    view = screen.query_one(ReviewView)
    for _ in range(2):
        looks.through(view)
        looks.saw()
        await driven.pilot.press("v")
    for text in STRINGS[::10]:
        screen.on_effect_watch_told(EffectWatch.Told(text))
        screen.tell(text)
        looks.at(screen.query_one("#review-place"))
        looks.at(screen.query_one("#review-effect"))
    for file in range(len(changes) // 2, len(changes), len(changes) // 4):
        view.go_to_hunk(file, 0)
        await driven.pilot.press("e")
        looks.at_screen()
        if isinstance(driven.app.screen, HunkEditor):
            looks.through(driven.app.screen.query_one(TextArea))
            await driven.pilot.press("escape")
    screen.dismiss(False)
    await driven.pilot.pause()


async def in_viewer_and_history(driven: Driven, root: Path) -> None:
    looks = Looks(driven, "viewer and history")
    session = driven.main.session
    assert session
    for path in ["all.txt", *(os.fsdecode(b"odd/" + as_file_name(text)) for text in STRINGS[:: len(STRINGS) // 5])]:
        screen = FileViewerScreen(root, path, open_context=session.context_of_person)
        await driven.app.push_screen(screen)
        await driven.pilot.pause()
        looks.at_screen()
        if path == "all.txt":
            looks.through(screen.query_one(TextArea))
            looks.saw()
        await driven.pilot.press("escape")
    for number, texts in enumerate(parts(200)):
        for is_blame in (True, False):
            history = FileHistoryScreen(root, f"told{number}.txt", is_blame=is_blame)
            await driven.app.push_screen(history)
            await driven.until(lambda history=history: history.is_read, "the commits")
            await driven.pilot.pause()
            looks.through(history.query_one(Outline))
            looks.saw(texts)
            await driven.pilot.press("escape")


async def in_editors(driven: Driven) -> None:
    """Texts that are changed: the arguments of a call, and whatever is pasted."""
    looks = Looks(driven, "editors")
    tool = next(tool for tool in TOOLS if tool.name == "grep")
    arguments = ArgumentsScreen(tool, {"patterns": STRINGS})
    await driven.app.push_screen(arguments)
    await driven.pilot.pause()
    looks.through(arguments.query_one(TextArea))
    looks.saw()
    assert json.loads(arguments.query_one(TextArea).text) == {"patterns": STRINGS}
    arguments.query_one(TextArea).clear()
    for text in STRINGS[::20]:
        driven.app.post_message(Paste(text))
    await driven.pilot.pause()
    looks.through(arguments.query_one(TextArea))
    looks.at_screen()
    arguments.dismiss(None)
    await driven.pilot.press("f3", "slash")
    for text in STRINGS[:: len(STRINGS) // 8]:
        driven.app.post_message(Paste(f"\t{text}"))
        await driven.pilot.pause()
        looks.at(driven.trace.query_one(Input))


async def in_commit(driven: Driven) -> None:
    """A message that was begun, as it is kept; and drafts, which name files."""
    looks = Looks(driven, "commit")
    change = FileImage(b"x = 1\n", 0o644)
    drafts = [draft_message([FileChange(text, change, None)]) for text in STRINGS]
    for texts in (STRINGS, drafts):
        screen = CommitScreen(lambda _: None)
        await driven.app.push_screen(screen)
        screen.offer(safe_text("\n".join(texts)), "1 file staged", lambda _: None)
        await driven.pilot.pause()
        looks.through(screen.query_one(TextArea))
        looks.at_screen()
        if texts is STRINGS:
            looks.saw()
        screen.dismiss(None)
        await driven.pilot.pause()


async def in_trust(driven: Driven) -> None:
    """The names of files that changed since, and that of the folder."""
    looks = Looks(driven, "trust")
    for texts in parts(100):
        trust: Any = SimpleNamespace(is_trusted=False, lapse=f"{' changed, '.join(texts)} changed.")
        screen = TrustScreen(Path(texts[-1].replace("\0", "")), trust)
        await driven.app.push_screen(screen)
        await driven.pilot.pause()
        looks.at(screen.query_one(Static))
        looks.at_screen()
        looks.saw(texts)
        screen.dismiss(None)
        await driven.pilot.pause()


async def in_settings(driven: Driven, root: Path) -> None:
    """What the project's file and the command line say, and what is wrong with it."""
    looks = Looks(driven, "settings")
    screen = SettingsScreen(root, {}, lambda _: None)
    await driven.app.push_screen(screen)
    await driven.until(lambda: screen.reads_ended == 1, "the values")
    for texts in parts(4):
        model, theme, python, told = texts
        screen._show(Settings(model=model, theme=theme, python=python), {}, told)
        looks.at(screen.query_one(Outline))
        looks.at(screen.query_one("#settings-told"))
        looks.saw(texts)
    for text in STRINGS[:: len(STRINGS) // 10]:
        (root / ".punie.toml").write_text(
            f"{json.dumps(name_of(text) + safe_text(text))} = 1\n{text}", "utf-8", "replace"
        )
        reads = screen.reads_ended
        screen._read("")
        await driven.until(lambda reads=reads: screen.reads_ended > reads, "the problem")
        assert screen.told
        looks.at_screen()
    (root / ".punie.toml").unlink()
    screen.dismiss()
    await driven.pilot.pause()


async def in_models(driven: Driven) -> None:
    """What a server calls its models, and the model that the settings name."""
    looks = Looks(driven, "models")
    for texts in parts(3):
        current, *names = texts
        servers = (ModelServer(1234, "", tuple(names)),)
        screen = ModelsScreen(current, {}, lambda _ports, servers=servers: servers)
        await driven.app.push_screen(screen)
        await driven.until(lambda screen=screen: screen.looks_ended == 1, "the models")
        looks.at(screen.query_one(Outline))
        looks.saw(texts)
        screen.dismiss()
        await driven.pilot.pause()


async def in_toasts(driven: Driven) -> None:
    """Notes are told there where the chat is not seen; whoever gives one makes it safe."""
    looks, chat = Looks(driven, "toasts"), driven.main.query_one(Chat)
    chat.display = False
    # Several texts in one, as the place of each toast is found anew with the next one.
    for texts in parts(16):
        driven.main.note(safe_text("\n".join(text.replace("\n", " ") for text in texts)))
        name = name_of(texts[0])
        await driven.until(lambda name=name: is_the_toast(driven, name), "the toast")
        looks.at(driven.app.screen.query_one(Toast))
        looks.saw(texts)
        driven.app.clear_notifications()
    looks.at_screen()
    chat.display = True


def is_the_toast(driven: Driven, name: str) -> bool:
    """Whether it is the only one, and has its place."""
    toasts = list(driven.app.screen.query(Toast))
    return len(toasts) == 1 and toasts[0].size.height > 1 and toasts[0]._notification.message.startswith(name)


def parts(size: int) -> Iterator[list[str]]:
    """The strings, so many at a time."""
    return (STRINGS[start : start + size] for start in range(0, len(STRINGS), size))


def commit_all(root: Path) -> None:
    """Five files of two hundred lines, each line a commit whose subject and author are a string too."""
    stream: list[bytes] = []
    for number, text in TURNS:
        told = on_disk(text).replace(b"\0", b"").replace(b"\n", b" ")
        author = re.sub(rb"[<>]", b"", told).strip()
        file = number // 200
        lines = b"\n".join(
            on_disk(each).replace(b"\0", b"").replace(b"\n", b" ") for each in STRINGS[file * 200 : number + 1]
        )
        stream.append(
            b"commit refs/heads/main\nauthor %s <a@b> %d +0000\ncommitter c <a@b> %d +0000\ndata %d\n%s\n%s"
            b"M 100644 inline told%d.txt\ndata %d\n%s\n"
            % (
                author,
                1_700_000_000 + number,
                1_700_000_000 + number,
                len(told),
                told,
                b"from refs/heads/main^0\n" if number == 0 else b"",
                file,
                len(lines),
                lines,
            )
        )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, check=True, input=b"".join(stream))
    subprocess.run(["git", "checkout", "-q", "-f", "main"], cwd=root, check=True)


def saved_sessions(root: Path, texts: Sequence[str]) -> None:
    folder = sessions_folder(home_directory("state"), root)
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        events = [SessionStarted(punie_version="0", workspace="", model="m"), *_a_prompt(0, text), SessionClosed()]
        lines = "".join(event_line(event) + "\n" for event in events)
        (folder / f"20260101-000000-{number:06}.jsonl").write_text(lines)


async def test_no_foreign_text_executes_crashes_or_escapes(drive: Drive, make_repository: MakeRepository) -> None:
    root = make_repository({"a.py": "x = 1\n"})
    commit_all(root)
    (root / "odd").mkdir()
    for text in STRINGS:
        Path(os.fsdecode(os.fsencode(root) + b"/odd/" + as_file_name(text))).touch()
    (root / "all.txt").write_bytes(b"\n".join(map(on_disk, STRINGS)).replace(b"\0", b""))
    for name, texts in (("AGENTS.md", SHORT[::2]), ("CLAUDE.md", SHORT[1::2])):
        (root / name).write_bytes(b"\n\n".join(map(on_disk, texts)).replace(b"\0", b""))
    some = STRINGS[::10]
    saved_sessions(root, some)
    async with drive(root, size=SIZE) as driven:
        await in_chat_and_trace(driven)
        await in_status_line(driven)
        await in_repo_panel(driven)
        await in_approvals(driven)
        await in_choices(driven)
        await in_queue_and_prompt(driven)
        await in_completions(driven, root)
        await in_palette(driven, some)
        await in_places(driven)
        await in_sessions_and_turns(driven, root)
        await in_notes(driven)
        await in_findings(driven, root)
        await in_tests(driven)
        await in_review(driven)
        await in_viewer_and_history(driven, root)
        await in_editors(driven)
        await in_commit(driven)
        await in_trust(driven)
        await in_settings(driven, root)
        await in_models(driven)
        await in_toasts(driven)
        assert driven.app.is_running
        assert isinstance(driven.app.screen, MainScreen)
