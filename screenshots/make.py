"""Makes the screenshots: the real app with the real nano model on a real repository, driven by keys.

    .uv/bin/uv run python screenshots/make.py [FOLDER]

The repository is a copy of tests/fixtures/ledger, committed and changed a little in a temporary folder.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static

from punie_tui.agent.approval import AskPerson
from punie_tui.agent.session import Session
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.widgets.chat.approval import ApprovalPanel
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS
from punie_tui.commands import trust
from punie_tui.engine.open_engine import open_engine
from punie_tui.settings import load_settings

HERE = Path(__file__).parent
LEDGER = HERE.parent / "tests" / "fixtures" / "ledger"
SECONDS_A_TURN = 300


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    with trusted_repository() as repository:
        for name, size, theme, script in SHOTS:
            asyncio.run(shoot(repository, folder / name, size, theme, script))
            print(folder / name)  # noqa: T201 - says what was made


@contextmanager
def trusted_repository() -> Iterator[Path]:
    """The ledger as a repository of its own, and a home of its own: nobody's settings show in the pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in [name for name in os.environ if name.startswith("PUNIE_")]:
            del os.environ[name]
        os.environ["PUNIE_HOME"] = str(Path(scratch) / "home")
        repository = make_repository(Path(scratch).resolve() / "ledger")
        trust.run([str(repository)])
        yield repository


def make_repository(root: Path) -> Path:
    """A real repository with a history of two commits and an uncommitted change."""
    shutil.copytree(LEDGER, root)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Keep balances in a ledger")
    (root / "CHANGES.md").write_text("# Changes\n\n- reports are aligned\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Note what changed")
    report = root / "src" / "ledger" / "report.py"
    report.write_text(report.read_text().replace('"Balances"', '"All balances"'))
    return root


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada Example", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


Script = Callable[[Pilot[None]], Awaitable[None]]


async def shoot(root: Path, path: Path, size: tuple[int, int], theme: str, script: Script) -> None:
    """Start the app, let a script use it, and save what is on the screen."""

    def open_session(ask_person: AskPerson, _ask_which: object) -> Session:
        settings = load_settings(root, {"model": "nano"})
        return Session(root, open_engine("nano"), settings, ask_person=ask_person)

    app = PunieApp(root, open_session, theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: main_screen(pilot).is_ready)
        await script(pilot)
        await pilot.pause(0.5)
        app.save_screenshot(str(path))


async def ask(pilot: Pilot[None], prompt: str) -> None:
    """Type a prompt, send it, and wait for the turn's end."""
    turns = main_screen(pilot).turns_finished
    await pilot.press(*key_names(prompt), "enter")
    await until(pilot, lambda: main_screen(pilot).turns_finished > turns)


def key_names(text: str) -> list[str]:
    """The keys that type it."""
    names = {" ": "space", "?": "question_mark", "/": "slash", ".": "full_stop", "@": "at"}
    return [names.get(letter, letter) for letter in text]


async def until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_A_TURN):
        while not is_so():
            await pilot.pause(0.05)


def main_screen(pilot: Pilot[None]) -> MainScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen


async def types(pilot: Pilot[None]) -> None:
    await ask(pilot, "are there type errors in src?")
    await pilot.press("f3")


async def tests(pilot: Pilot[None]) -> None:
    await ask(pilot, "run the tests")


async def diff(pilot: Pilot[None]) -> None:
    await ask(pilot, "what did I change?")
    await pilot.press("f3")


async def review(pilot: Pilot[None]) -> None:
    prompt = "rename Account to Customer everywhere"
    await pilot.press(*key_names(prompt), "enter")
    panel = main_screen(pilot).query_one(ApprovalPanel)
    await until(pilot, lambda: panel.has_focus)
    await pilot.pause(GUARD_SECONDS + 0.1)
    await pilot.press("r")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReviewScreen))
    comment = "say whose account it is"
    await pilot.press("s", "a", "a", "c", *key_names(comment), "enter", "r")
    told = pilot.app.screen.query_one("#review-effect", Static)
    await until(pilot, lambda: "lint" in str(told.render()) and "…" not in str(told.render()))


SHOTS: list[tuple[str, tuple[int, int], str, Script]] = [
    ("types.svg", (120, 40), "punie-dark", types),
    ("tests-light.svg", (120, 40), "punie-light", tests),
    ("diff-80x24.svg", (80, 24), "punie-dark", diff),
    ("review.svg", (120, 40), "punie-dark", review),
]

if __name__ == "__main__":
    main()
