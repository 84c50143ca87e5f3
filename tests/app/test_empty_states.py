"""Where there is nothing yet, a sentence says so: no turn, no message that waits, no tests, no files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive
from textual.widgets import Static

from punie_tui.agent.person_calls import CallWatch
from punie_tui.app.first_words import first_words
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.widgets.tests.report import TestReport

NO_TURN = "No turn ran in this session yet, so there is none to go back to."
NO_MESSAGE = "No message waits: what is sent while a turn runs does."


@pytest.mark.parametrize(("keys", "told"), [(["ctrl+g"], NO_TURN), (["ctrl+x", "u"], NO_TURN), (["alt+q"], NO_MESSAGE)])
async def test_a_key_with_nothing_to_lead_to_says_so(drive: Drive, tmp_path: Path, keys: list[str], told: str) -> None:
    async with drive(tmp_path) as driven:
        await driven.pilot.press(*keys)
        await driven.said(told)
        await driven.shown(MainScreen)


async def test_a_folder_without_tests_says_so_beside_the_trust(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:
        await driven.pilot.press("ctrl+n")
        screen = await driven.shown(TestsScreen)
        await driven.until(lambda: screen.has_read, "the tests in the files")
        assert screen.query_one(TestReport).text.startswith("No tests are written here")
        assert "trust" in str(screen.query_one("#tests-heading", Static).render())


async def test_a_mention_of_what_was_not_looked_for_says_so(drive: Drive, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    async with drive(tmp_path) as driven:
        for typed, told in (
            ("@failed:", "No test has run yet; /tests runs them."),
            ("@types:", "Nothing was checked yet; /findings does."),
        ):
            await driven.type_in(typed)
            await driven.until(lambda told=told: told in str(driven.popup.render()), told)
            assert driven.popup.choices == ()
            await driven.pilot.press("ctrl+c")
        assert driven.main.session
        driven.main.session.person_calls.run("ruff_check", {}, CallWatch())
        await driven.type_in("@lint:")
        await driven.until(lambda: "Nothing is found." in str(driven.popup.render()), "that all is well")
        # A name that leads nowhere is told by no choices, as of files.
        await driven.type_in("zz")
        await driven.until(lambda: not driven.popup.is_open, "no choices")


async def test_keys_of_the_trace_say_what_they_would_need(drive: Drive, make_repository: Callable[..., Path]) -> None:
    async with drive(make_repository({"a.py": ""})) as driven:
        await driven.pilot.press("f3")
        for key, told in (("c", "nothing to copy"), ("r", "nothing to run again"), ("p", "on a call that has ended")):
            await driven.pilot.press(key)
            await driven.until(lambda told=told: told in driven.trace.told, told)


def test_the_first_words_of_an_empty_folder(tmp_path: Path) -> None:
    assert first_words(tmp_path, 40).splitlines()[2:] == [
        "- this folder is empty: `git clone` or create a project here, then ask again"
    ]


def test_the_first_words_without_git_ask_nothing_of_commits(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "README.md").touch()
    assert first_words(tmp_path, 40).splitlines()[2:] == [
        "- any type errors in src?",
        "- lint it and fix what can be fixed",
        '- search for "TODO"',
        "- show README.md",
    ]


def test_the_first_words_of_a_flat_folder_name_no_folder(tmp_path: Path) -> None:
    (tmp_path / "app.py").touch()
    (tmp_path / ".git").mkdir()
    assert first_words(tmp_path, 40).splitlines()[2:] == [
        "- any type errors?",
        "- lint it and fix what can be fixed",
        "- what did I change since the last commit?",
        "- the last five commits",
        '- search for "TODO"',
    ]
