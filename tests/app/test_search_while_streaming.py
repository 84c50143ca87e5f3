"""The chat's search while an answer streams in: its count goes along, and Esc ends it before it stops anything."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from app_driver import Drive, Driven

from punie_tui.app.widgets.search_row import SearchRow
from punie_tui.engine.protocol import TextDelta


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"README.md": "# Ledger\n"})


def told(driven: Driven) -> str:
    row = driven.main.query_one(SearchRow)
    return str(row.query_one("Static").render()) if row.has_class("-tells") else ""  # type: ignore[attr-defined]


@asynccontextmanager
async def streaming(drive: Drive, repository: Path) -> AsyncGenerator[tuple[Driven, threading.Event]]:
    """The chat has the keys while an answer is not at its end; the event lets more of it come, and then it waits."""
    more = threading.Event()
    reply = [TextDelta("- item 1\n- item 2\n"), more, TextDelta("- item 3\n- item 4\n"), threading.Event()]
    async with drive(repository, [reply], writes_answers=True) as driven:
        await driven.ask("list")
        await driven.said("item 2")
        await driven.pilot.press("alt+c")
        yield driven, more


async def test_what_comes_while_a_search_is_done_is_found(drive: Drive, repository: Path) -> None:
    async with streaming(drive, repository) as (driven, _more):
        driven.transcript.search("item")
        driven.transcript.stream("\n\nitem 5\n\n")
        await driven.until(lambda: "of 3" in told(driven), "all matches")


async def test_the_count_goes_along(drive: Drive, repository: Path) -> None:
    async with streaming(drive, repository) as (driven, more):
        await driven.press_at_once("/", *"item 3")
        await driven.until(lambda: "not found" in told(driven), "no match")
        more.set()
        await driven.until(lambda: "1 of 1" in told(driven), "the match that came")


@pytest.mark.parametrize("is_kept", [True, False])
async def test_escape_ends_the_search_and_the_next_one_the_turn(
    drive: Drive, repository: Path, *, is_kept: bool
) -> None:
    async with streaming(drive, repository) as (driven, _more):
        await driven.press_at_once("/", *"item 1", *(["enter"] if is_kept else []))
        await driven.until(lambda: "1 of 1" in told(driven), "the match")
        await driven.pilot.press("escape")
        await driven.until(lambda: not told(driven), "the end of the search")
        assert driven.main.is_turn_running
        assert driven.transcript.has_focus
        await driven.pilot.press("escape")
        await driven.finished()
        assert "Stopped." in driven.transcript.plain_text


async def test_escape_ends_it_from_the_prompt_too(drive: Drive, repository: Path) -> None:
    async with streaming(drive, repository) as (driven, _more):
        await driven.press_at_once("/", *"item 1", "enter")
        await driven.until(lambda: "1 of 1" in told(driven), "the match")
        await driven.pilot.press("f2", "escape")
        await driven.until(lambda: not told(driven), "the end of the search")
        assert driven.main.is_turn_running
        assert driven.prompt.has_focus
        await driven.pilot.press("escape")
        await driven.finished()


async def test_an_empty_prompt_stops_the_turn_by_ctrl_c_beside_a_search(drive: Drive, repository: Path) -> None:
    async with streaming(drive, repository) as (driven, _more):
        await driven.press_at_once("/", *"item 1", "enter")
        await driven.until(lambda: "1 of 1" in told(driven), "the match")
        await driven.pilot.press("f2", "ctrl+c")
        await driven.finished()
        assert told(driven).startswith("“item 1” 1 of 1")
