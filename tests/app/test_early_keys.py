"""What is pressed and sent while punie starts is done once the session is open, or said not to be."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from app_driver import Clock, Driven
from textual import events, on
from textual.screen import Screen

from punie_tui.agent.approval import AskPerson, Policy
from punie_tui.agent.events import TextStreamed, TokenUsage
from punie_tui.agent.meant import AskWhich
from punie_tui.agent.session import Session
from punie_tui.app import app as app_module
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.chat.popup import ChoicePopup
from punie_tui.app.widgets.messages import OpenFile
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import SettingsError, load_settings


@asynccontextmanager
async def starting(
    folder: Path, *replies: Reply, error: str = "", writes_answers: bool = False
) -> AsyncIterator[tuple[Driven, threading.Event]]:
    """The app with all its panes, whose session opens, or fails to, when the event is set."""
    gate = threading.Event()
    engine = ScriptedEngine(replies, writes_answers=writes_answers)

    def open_late(ask_person: AskPerson, ask_which: AskWhich) -> Session:
        gate.wait()
        if error:
            raise SettingsError(error)
        return Session(folder, engine, load_settings(folder), ask_person=ask_person, ask_which=ask_which)

    app = PunieApp(folder, open_late)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        driven = Driven(app, pilot, engine, Clock())
        await driven.until(lambda: bool(driven.main.query(ChoicePopup)), "the panes")
        try:
            yield driven, gate
        finally:
            gate.set()


def status_of(driven: Driven) -> str:
    return str(driven.main.query_one(StatusLine).render())


@pytest.mark.parametrize(
    ("key", "then", "screen"),
    [
        ("ctrl+n", "the tests", TestsScreen),
        ("ctrl+l", "the findings", FindingsScreen),
        ("ctrl+o", "the sessions", SessionsScreen),
        ("ctrl+t", "the trust", TrustScreen),
    ],
)
async def test_the_last_key_that_wants_a_session_waits_for_it(
    tmp_path: Path, key: str, then: str, screen: type[Screen[object]]
) -> None:
    async with starting(tmp_path) as (driven, gate):
        await driven.pilot.press("ctrl+l", "ctrl+o", key)
        assert f"starting, then {then}" in status_of(driven)
        gate.set()
        await driven.shown(screen)
        assert len(driven.app.screen_stack) == 2


async def test_a_file_chosen_while_punie_starts_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    async with starting(tmp_path) as (driven, gate):
        driven.main.post_message(OpenFile("a.py", 1))
        await driven.until(lambda: "starting, then the file" in status_of(driven), "what comes then")
        gate.set()
        await driven.shown(FileViewerScreen)


async def test_a_mode_chosen_while_punie_starts_holds_for_what_was_sent(tmp_path: Path) -> None:
    async with starting(tmp_path, [TextDelta("hello")], writes_answers=True) as (driven, gate):
        await driven.pilot.press("f5")
        await driven.ask("hi")
        gate.set()
        await driven.finished()
        assert driven.main.session
        assert driven.main.session.policy != Policy(load_settings(tmp_path).policy)


@pytest.mark.parametrize("elsewhere", [("a",), ("f1",)])
async def test_no_screen_takes_the_keys_of_who_has_gone_on(tmp_path: Path, elsewhere: tuple[str, ...]) -> None:
    async with starting(tmp_path) as (driven, gate):
        await driven.pilot.press("ctrl+n", *elsewhere)
        below = driven.app.screen
        gate.set()
        await driven.until(lambda: driven.main.is_ready, "an open session")
        await driven.pilot.pause()
        assert driven.app.screen is below


async def test_commands_wait_in_order_and_leave_the_welcome(tmp_path: Path) -> None:
    async with starting(tmp_path, [TextDelta("hello")], writes_answers=True) as (driven, gate):
        for text in ("hi", "/status", "/sessions"):
            await driven.ask(text)
        assert [each.text for each in driven.queue.shown] == ["hi", "/status", "/sessions"]
        assert driven.transcript.plain_text == "", "the welcome gave way"
        assert driven.prompt.text == ""
        gate.set()
        await driven.shown(SessionsScreen)
        text = driven.transcript.plain_text
        assert 0 < text.index("hello") < text.index("no turn is running.")


async def test_what_needs_no_session_does_not_wait(tmp_path: Path) -> None:
    async with starting(tmp_path) as (driven, _):
        await driven.ask("/theme light")
        assert driven.app.theme == "punie-light"
        for command, screen in (("/help", KeysScreen), ("/settings", SettingsScreen)):
            await driven.ask(command)
            await driven.shown(screen)
            await driven.pilot.press("escape")
            await driven.shown(MainScreen)
        await driven.ask("/quit")
        await driven.until(lambda: not driven.app.is_running, "the end")


async def test_why_there_is_no_session_is_said_again(tmp_path: Path) -> None:
    async with starting(tmp_path, error="The settings are broken.") as (driven, gate):
        gate.set()
        await driven.said("The settings are broken.")
        for count, wanted in enumerate(("ctrl+n", "/status"), 2):
            await (driven.pilot.press(wanted) if count == 2 else driven.ask(wanted))
            assert driven.transcript.plain_text.count("The settings are broken.") == count
        assert driven.prompt.text == "/status"


async def test_a_prompt_that_no_session_can_take_comes_back(tmp_path: Path) -> None:
    async with starting(tmp_path, error="The model is gone.") as (driven, gate):
        await driven.ask("first")
        gate.set()
        await driven.until(lambda: driven.prompt.text.strip() == "first", "the prompt that waited")
        await driven.pilot.press("enter")
        await driven.until(lambda: driven.transcript.plain_text.count("The model is gone.") == 2, "why once more")
        assert driven.prompt.text.strip() == "first"


class HurriedApp(PunieApp):
    """Has a key pressed as soon as there is a prompt, when the panes beside the chat are not there yet."""

    CSS_PATH = Path(app_module.__file__).with_name("punie.tcss")
    early_key = ""

    @on(events.DescendantFocus)
    def press_once(self) -> None:
        key, self.early_key = self.early_key, ""
        if key:
            assert not self.screen.query("#side > *")
            self.post_message(events.Key(key, None))


@pytest.mark.parametrize(("key", "pane"), [("f3", "trace"), ("f4", "repo")])
async def test_the_key_of_a_pane_that_is_not_there_yet_leads_to_it(tmp_path: Path, key: str, pane: str) -> None:
    engine = ScriptedEngine([])
    app = HurriedApp(tmp_path, lambda ask_person, ask_which: Session(tmp_path, engine, load_settings(tmp_path)))
    app.early_key = key
    async with app.run_test(size=(80, 24)) as pilot:
        driven = Driven(app, pilot, engine, Clock())
        await driven.until(lambda: driven.main.is_ready, "an open session")
        assert driven.main.has_class(f"-pane-{pane}")
        shown = driven.main.query_one(f"#{pane}")
        assert app.focused is not None
        assert shown in app.focused.ancestors_with_self


async def test_the_context_of_a_session_that_was_left_is_not_told_of_the_next(tmp_path: Path) -> None:
    async with starting(tmp_path, [TextDelta("Well.")], writes_answers=True) as (driven, gate):
        gate.set()
        await driven.ask("why")
        await driven.finished()
        status = driven.main.query_one(StatusLine)
        status.show_usage(TokenUsage(prompt_tokens=5_000, generated_tokens=10), 10_000)
        assert "context 5,010" in status_of(driven)
        await driven.ask("/new")
        await driven.until(lambda: "context" not in status_of(driven), "an empty context")


async def test_the_key_of_turns_goes_on_with_a_session_that_was_cut_off(tmp_path: Path) -> None:
    engine = ScriptedEngine([[TextDelta("tw"), TextDelta("o")]], writes_answers=True)
    with closing(Session(tmp_path.resolve(), engine, load_settings(tmp_path))) as session:
        events = session.run("cut off")
        while not isinstance(next(events), TextStreamed):
            pass
        assert session.log is not None
        # Nothing more of it reaches the file, as if the program had died here.
        session.log.close()
    async with starting(tmp_path) as (driven, gate):
        await driven.pilot.press("ctrl+g")
        gate.set()
        await driven.said("› cut off")
