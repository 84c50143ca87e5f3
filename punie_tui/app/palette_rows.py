"""What the palette finds: all that can be done here, themes and keys, and in the main screen what has a name.

Those are commands, modes and sessions, and what is done in screens that open from there.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch

from punie_tools.safe_text import safe_text
from punie_tui.app.key_map import keys_of
from punie_tui.app.key_names import key_names
from punie_tui.app.offers import offers_of
from punie_tui.app.screens.findings import FINDINGS_ACTIONS
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TESTS_ACTIONS
from punie_tui.app.slash_commands import COMMANDS
from punie_tui.app.textual_adapter import app_of, screen_of
from punie_tui.app.widgets.repo.panel import REPO_ACTIONS
from punie_tui.settings import choices_of

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    from punie_tui.agent.approval import Policy
    from punie_tui.agent.session import Session
    from punie_tui.agent.session_list import SessionSummary
    from punie_tui.app.actions import Action

_MOST_SESSIONS = 100
_ON_EVERY_SCREEN = ("Stop", "Back", "Keys")


@dataclass(frozen=True)
class Found:
    """A row: what it says, which is safe text, the key that does the same or what kind of thing it is, what it does."""

    text: str
    hint: str
    run: Callable[[], Any]


class Rows(Provider):
    """Rows that are read when the palette is opened, and searched.

    Rows that fit as well as each other stand in their own order: `_behind` is what this kind of row gives way.
    """

    _behind: float = 0.0

    @abstractmethod
    async def read(self) -> Sequence[Found]:
        """All rows of this kind."""

    async def startup(self) -> None:
        # Each letter cancels the search of the one before, and what that waits for; the rows are read all the same.
        self._reading = asyncio.ensure_future(self.read())

    async def shutdown(self) -> None:
        self._reading.cancel()

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for found in await asyncio.shield(self._reading):
            yield DiscoveryHit(_row(Content(found.text), found.hint), found.run, found.text)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        # Textual's own matcher would read a text of somebody else as markup.
        search = FuzzySearch(case_sensitive=False)
        for place_of_row, found in enumerate(await asyncio.shield(self._reading)):
            score, places = search.match(query, f"{found.text} {found.hint}")
            if score:
                text = Content(found.text)
                for place in places:
                    text = text.stylize("bold underline", place, place + 1)
                yield Hit(score - self._behind - place_of_row * 1e-6, _row(text, found.hint), found.run, found.text)


class ActionRows(Rows):
    """What can be done on the screen below, with its keys."""

    async def read(self) -> Sequence[Found]:
        screen = screen_of(self)
        return [
            Found(f"{each.title}: {each.action.about}", _keys(screen, each.action), each.accept)
            for each in offers_of(screen)
        ]


class MainRows(Rows):
    """What is chosen by name in the main screen."""

    _behind = 1e-3

    async def read(self) -> Sequence[Found]:
        main = screen_of(self)
        if not isinstance(main, MainScreen) or main.session is None:
            return []
        sessions, modes = await asyncio.to_thread(_read, main.session)
        return [*_commands(main), *_done_elsewhere(main), *_modes(main, modes), *_resumable(main, sessions)]


class AppRows(Rows):
    """What is the same on every screen."""

    _behind = 2e-3

    async def read(self) -> Sequence[Found]:
        screen = screen_of(self)
        return [_key_map(screen), *_themes(screen)]


def _key_map(screen: Screen[object]) -> Found:
    """Leads to the setting, whose values people look for by name."""
    app = app_of(screen)
    if isinstance(screen, SettingsScreen):
        run = partial(screen.go_to, "keys")
    else:
        run = partial(app.run_action, "app.settings('keys')")
    return Found(f"Settings: keys: the key map, {' or '.join(choices_of('keys'))}", "setting", run)


def _commands(main: MainScreen) -> Iterator[Found]:
    """One that wants something after it is put into the prompt."""
    for command in COMMANDS:
        if command.argument and not command.argument.startswith("["):
            run = partial(main.begin_prompt, f"/{command.name} ")
        else:
            run = partial(main.run_command, f"/{command.name}")
        yield Found(f"/{command.name} {command.argument}".strip() + f": {command.purpose}", "command", run)


def _done_elsewhere(main: MainScreen) -> Iterator[Found]:
    """What only another screen or pane does, by the key there; the row opens it."""
    offered = {offer.action.name for offer in offers_of(main)}
    for screen, opens, group in (
        ("the tests", main.action_tests, TESTS_ACTIONS),
        ("the findings", main.action_findings, FINDINGS_ACTIONS),
        ("the repo", partial(main.action_pane, "repo"), REPO_ACTIONS),
    ):
        for action in group.actions:
            if action.label and action.label not in _ON_EVERY_SCREEN and action.name not in offered:
                yield Found(f"{group.title}: {action.about}", f"{_keys(main, action)} in {screen}", opens)


def _themes(screen: Screen[object]) -> Iterator[Found]:
    app = app_of(screen)
    for name in app.available_themes:
        yield Found(f"Theme: {name}", "theme", partial(setattr, app, "theme", name))


def _modes(main: MainScreen, modes: Sequence[Policy]) -> Iterator[Found]:
    for mode in modes:
        yield Found(f"Mode: {mode.value}", "mode", partial(main.change_mode, mode))


def _read(session: Session) -> tuple[Sequence[SessionSummary], Sequence[Policy]]:
    """Not for the UI thread: files are read, and whether a sandbox works is tried."""
    try:
        sessions = list(islice(session.sessions.summaries(), _MOST_SESSIONS))
    except OSError:
        sessions = []
    return sessions, session.offered_policies


def _resumable(main: MainScreen, sessions: Sequence[SessionSummary]) -> Iterator[Found]:
    for each in sessions:
        if not each.problem:
            title = safe_text(each.title[:200], single_line=True)
            yield Found(f"Session: {title}", "session", partial(main.change_session, each.session_id))


def _row(text: Content, hint: str) -> Content:
    return text + Content.styled(f"  {hint}", "$text-muted") if hint else text


def _keys(node: DOMNode, action: Action) -> str:
    return key_names(",".join(keys_of(node, action)))
