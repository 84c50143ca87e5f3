"""The app on a temporary repository, driven by keys, with a scripted engine in place of a model."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen

from punie_tui.agent.approval import AskPerson
from punie_tui.agent.meant import AskWhich
from punie_tui.agent.session import Session
from punie_tui.app.app import PunieApp
from punie_tui.app.key_map import KeyChoice
from punie_tui.app.palettes import Colours
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.widgets.chat.approval import ApprovalPanel
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.app.widgets.chat.popup import ChoicePopup
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.chat.queue_panel import QueuePanel
from punie_tui.app.widgets.repo.panel import RepoPanel
from punie_tui.app.widgets.trace.pane import TracePane
from punie_tui.app.widgets.transcript.transcript import Transcript
from punie_tui.app.workspace_watch import OpenWatch, WorkspaceWatch
from punie_tui.engine.protocol import Engine
from punie_tui.engine.routed_engine import RoutedEngine
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import load_settings

# A loaded machine may take long for what a quick one does at once; only what never comes waits so long.
_PATIENCE_SECONDS = 120.0

AnyScreen = TypeVar("AnyScreen", bound=Screen[Any])


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Driven:
    """A running app and what a test looks at."""

    app: PunieApp
    pilot: Pilot[None]
    engine: ScriptedEngine
    clock: Clock

    @property
    def main(self) -> MainScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def transcript(self) -> Transcript:
        return self.main.query_one(Chat).transcript

    @property
    def trace(self) -> TracePane:
        return self.main.query_one(TracePane)

    @property
    def repo(self) -> RepoPanel:
        return self.main.query_one(RepoPanel)

    @property
    def queue(self) -> QueuePanel:
        return self.main.query_one(QueuePanel)

    async def until(self, is_so: Callable[[], bool], what: str = "") -> None:
        """Let the app work until something is so."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if is_so():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came: {what or is_so}")

    async def shown(self, kind: type[AnyScreen]) -> AnyScreen:
        """Wait until a screen of this kind is on top, with its widgets."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted, kind.__name__)
        screen = self.app.screen
        assert isinstance(screen, kind)
        return screen

    async def ask(self, prompt: str) -> None:
        """Type a prompt and send it."""
        await self._type(prompt)
        await self.pilot.press("enter")

    @property
    def prompt(self) -> Prompt:
        return self.main.query_one(Prompt)

    @property
    def popup(self) -> ChoicePopup:
        return self.main.query_one(ChoicePopup)

    async def type_in(self, text: str) -> None:
        """Type into the prompt, once it can offer something."""
        await self.until(lambda: bool(self.main.query(ChoicePopup)), "the popup")
        await self._type(text)

    async def _type(self, text: str) -> None:
        """As fast as the app takes it: Pilot waits after each letter until nothing moves, and all is painted anew."""
        await self.press_at_once(*text)

    async def press_at_once(self, *keys: str) -> None:
        """Letters and keys that the terminal sends in one go: all of them wait before the first one is taken."""
        for key in keys:
            self.app.post_message(Key(key_of(key), key) if len(key) == 1 else Key(key, None))
        await self.pilot.pause()

    async def said(self, text: str) -> None:
        """Wait until the transcript holds it."""
        await self.until(lambda: text in self.transcript.plain_text, text)

    async def finished(self, turns: int = 1) -> None:
        """Wait for the end of so many turns."""
        await self.until(lambda: self.main.turns_finished >= turns, f"{turns} finished turns")

    @property
    def panel(self) -> ApprovalPanel:
        return self.main.query_one(ApprovalPanel)

    async def asked(self) -> None:
        """Wait for a question, and until a key answers it."""
        await self.until(lambda: self.panel.is_asking and self.panel.has_focus, "the question")
        self.clock.now += GUARD_SECONDS

    def trace_lines(self) -> list[str]:
        """The labels of the trace, calls and rows, from top to bottom."""
        return self.trace.lines


class _Refused:
    """A watch where the system has none left."""

    def __init__(self, root: Path) -> None:
        pass

    def changes(self) -> Iterator[frozenset[str]]:
        raise OSError(28, "OS file watch limit reached.")

    def stop(self) -> None:
        pass


def refused_watch(seconds_between_polls: float) -> OpenWatch:
    """For a folder that the system does not watch, so that git is polled."""

    def open_watch(root: Path, on_change: Callable[[frozenset[str]], None]) -> WorkspaceWatch:
        return WorkspaceWatch(root, on_change, open_watching=_Refused, seconds_between_polls=seconds_between_polls)

    return open_watch


_KEYS = {
    " ": "space",
    "!": "exclamation_mark",
    "'": "apostrophe",
    "-": "minus",
    ".": "full_stop",
    "/": "slash",
    ";": "semicolon",
    ">": "greater_than_sign",
    "?": "question_mark",
    ":": "colon",
    "@": "at",
    "[": "left_square_bracket",
    "_": "underscore",
}


def key_of(letter: str) -> str:
    return _KEYS.get(letter, letter)


Drive = Callable[..., AbstractAsyncContextManager[Driven]]


@pytest.fixture
def drive() -> Drive:
    """Start the app on a folder with scripted replies; the session and the tools are real.

    A router reads each request first, and what it is sure of needs no reply; it is closed with the app.
    """

    @asynccontextmanager
    async def start(
        folder: Path,
        replies: Sequence[Reply] = (),
        *,
        size: tuple[int, int] = (120, 40),
        writes_answers: bool = False,
        allow_all: bool = False,
        keys: KeyChoice | None = None,
        theme: str = "",
        begin_with: str = "",
        colours: Colours = "many",
        is_still: bool = False,
        open_watch: OpenWatch | None = None,
        router: Engine | None = None,
        server_ports: Mapping[int, str] | None = None,
    ) -> AsyncIterator[Driven]:
        engine = ScriptedEngine(replies, writes_answers=writes_answers)
        clock = Clock()

        def open_session(ask_person: AskPerson, ask_which: AskWhich) -> Session:
            settings = load_settings(folder)
            asked = RoutedEngine(router, engine, settings.route_above) if router else engine
            return Session(folder, asked, settings, ask_person=ask_person, ask_which=ask_which, allow_all=allow_all)

        app = PunieApp(
            folder,
            open_session,
            theme,
            clock=clock,
            keys=keys,
            begin_with=begin_with,
            colours=colours,
            is_still=is_still,
            open_watch=open_watch,
            server_ports=server_ports,
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            driven = Driven(app, pilot, engine, clock)
            await driven.until(lambda: driven.main.is_ready, "an open session")
            yield driven

    return start
