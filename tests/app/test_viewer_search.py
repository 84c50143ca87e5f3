"""Words searched for in a file that is looked at, by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.events import Key
from textual.widgets import Input, Static, TextArea

from punie_tui.app.screens.leader import LeaderScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.messages import OpenFile

LINES = ["# Total of it", "", "def total(rows):", "    return sum(rows)", "", "x = total([])", "TOTALS = {}"]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "\n".join(LINES) + "\n"})


async def opened(driven: Driven, line: int | None = None) -> FileViewerScreen:
    driven.main.post_message(OpenFile("a.py", line))
    return await driven.shown(FileViewerScreen)


def text_of(screen: FileViewerScreen) -> TextArea:
    return screen.query_one(TextArea)


async def told(driven: Driven, screen: FileViewerScreen, sentence: str) -> None:
    row = screen.query_one("SearchRow > Static", Static)
    await driven.until(lambda: sentence in str(row.render()), sentence)


async def test_words_are_found_as_they_are_typed_and_gone_through(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        screen = await opened(driven, 2)
        await driven.pilot.press("slash")
        await driven.press_at_once(*"total")
        # From the cursor on, whatever their case.
        await told(driven, screen, "“total” 2 of 4")
        assert text_of(screen).selected_text == "total"
        assert text_of(screen).cursor_location[0] == 2
        await driven.pilot.press("enter")
        await driven.until(lambda: text_of(screen).has_focus, "the text")
        for key, number, row in (("n", 3, 5), ("n", 4, 6), ("n", 1, 0), ("N", 4, 6)):
            await driven.pilot.press(key)
            await told(driven, screen, f"{number} of 4")
            assert text_of(screen).cursor_location[0] == row
        # From the cursor, wherever it was moved since.
        await driven.pilot.press("g", "N")
        await told(driven, screen, "4 of 4")
        # What is selected cannot be cut here, so the leader key is still one.
        await driven.pilot.press("ctrl+x")
        await driven.shown(LeaderScreen)
        await driven.pilot.press("escape")
        # Once out of the search, which stays where it led, and once out of the file.
        await driven.pilot.press("escape")
        assert driven.app.screen is screen
        assert text_of(screen).selected_text == ""
        assert text_of(screen).cursor_location == (6, 0)
        await driven.pilot.press("escape")
        await driven.shown(type(driven.main))


async def test_a_search_given_up_goes_back_to_where_it_began(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        screen = await opened(driven, 4)
        # The keys of the viewer are letters here, also those sent in one go with the one that begins the search.
        await driven.press_at_once("/", *"qeb")
        await told(driven, screen, "“qeb” not found")
        assert screen.query_one(Input).value == "qeb"
        assert text_of(screen).cursor_location == (3, 0)
        await driven.pilot.press("backspace", "backspace", "backspace", "x")
        await told(driven, screen, "“x” 1 of 1")
        await driven.pilot.press("escape")
        await driven.until(lambda: text_of(screen).has_focus, "the text")
        assert driven.app.screen is screen
        assert text_of(screen).cursor_location == (3, 0)
        await driven.pilot.press("slash", "tab")
        await driven.until(lambda: text_of(screen).has_focus, "the text")
        assert not screen.query_one(Input).display
        await driven.pilot.press("q")
        await driven.shown(type(driven.main))


async def test_a_file_can_be_left_before_it_is_shown(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        driven.main.post_message(OpenFile("a.py"))
        while isinstance(driven.app.screen, type(driven.main)):
            await asyncio.sleep(0)
        driven.app.post_message(Key("escape", None))
        await driven.until(lambda: driven.app.screen is driven.main, "the main screen")
