"""Records the walk-through: the real app with the real nano model on a real repository, driven by keys.

.uv/bin/uv run python screenshots/walk.py [FILE]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from animation import animated
from make import ask, key_names, main_screen, trusted_repository, until
from textual.pilot import Pilot
from textual.widgets import Static

from punie_tui.agent.approval import AskPerson
from punie_tui.agent.session import Session
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.widgets.chat.approval import ApprovalPanel
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS
from punie_tui.app.widgets.chat.popup import ChoicePopup
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.engine.open_engine import open_engine
from punie_tui.settings import load_settings

_SIZE = (100, 30)


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("walk.svg")
    with trusted_repository() as repository:
        target.write_text(animated(asyncio.run(record(repository))), encoding="utf-8")
    print(target)  # noqa: T201 - says what was made


async def record(root: Path) -> list[tuple[str, float]]:
    """What stands on the screen after each step of the walk, and for how many seconds it is shown."""

    def open_session(ask_person: AskPerson, _ask_which: object) -> Session:
        return Session(root, open_engine("nano"), load_settings(root, {"model": "nano"}), ask_person=ask_person)

    pictures: list[tuple[str, float]] = []
    app = PunieApp(root, open_session, is_still=True)
    async with app.run_test(size=_SIZE) as pilot:

        async def show(seconds: float) -> None:
            await pilot.pause(0.3)
            pictures.append((app.export_screenshot(title="punie"), seconds))

        await until(pilot, lambda: main_screen(pilot).is_ready and main_screen(pilot).has_repo_state)
        await walk(pilot, show)
    return pictures


async def walk(pilot: Pilot[None], show: Callable[[float], Awaitable[None]]) -> None:
    """Ask, complete a symbol, run tests, and review an edit."""
    await show(2)
    await type_in(pilot, "are there type errors in src?")
    await show(1.5)
    await ask(pilot, "")
    await show(3)
    await type_in(pilot, "explain @ledger.p")
    popup = main_screen(pilot).query_one(ChoicePopup)
    await until(pilot, lambda: popup.is_open)
    await show(2.5)
    await pilot.press("tab")
    prompt = main_screen(pilot).query_one(Prompt)
    await until(pilot, lambda: not prompt.price.is_looking)
    await show(3)
    prompt.clear()
    await pilot.press("ctrl+n")
    await until(pilot, lambda: isinstance(pilot.app.screen, TestsScreen) and pilot.app.screen.has_read)
    await pilot.press("a")
    tests = pilot.app.screen
    assert isinstance(tests, TestsScreen)
    await until(pilot, lambda: tests.runs_ended > 0)
    await show(3)
    await pilot.press("escape")
    await type_in(pilot, "rename Account to Customer everywhere")
    await pilot.press("enter")
    panel = main_screen(pilot).query_one(ApprovalPanel)
    await until(pilot, lambda: panel.has_focus)
    await show(3)
    await pilot.pause(GUARD_SECONDS + 0.1)
    await pilot.press("r")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
    told = pilot.app.screen.query_one("#review-effect", Static)
    await until(pilot, lambda: "lint" in str(told.render()) and "…" not in str(told.render()))
    await show(4)
    turns = main_screen(pilot).turns_finished
    await pilot.press("t", "enter")
    await until(pilot, lambda: main_screen(pilot).turns_finished > turns)
    await show(3)
    await pilot.press("ctrl+x")
    await show(3)


async def type_in(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*key_names(text))


if __name__ == "__main__":
    main()
