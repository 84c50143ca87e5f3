"""Earlier prompts by keyboard: at the edges of the prompt, and searched by Ctrl+R."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven, key_of
from textual.events import Key

from punie_tui.agent.prompt_history import PromptHistory, prompt_history_file
from punie_tui.engine.protocol import TextDelta


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "x = 1\n"})


@pytest.fixture
def history(repository: Path, punie_home: Path) -> PromptHistory:
    return PromptHistory(prompt_history_file(punie_home / "state", repository))


async def read(driven: Driven) -> None:
    await driven.until(lambda: driven.prompt.has_history, "the earlier prompts")


async def test_prompts_come_back_in_the_next_start(drive: Drive, repository: Path, history: PromptHistory) -> None:
    async with drive(repository, [[TextDelta("a")], [TextDelta("b")]]) as driven:
        await driven.ask("one")
        await driven.ask("two")
        await driven.finished(2)
        await driven.until(lambda: history.load() == ["one", "two"], "both on the disk")
    async with drive(repository) as driven:
        await read(driven)
        await driven.pilot.press("d", "up")
        assert driven.prompt.text == "two"
        await driven.pilot.press("up", "up")
        assert driven.prompt.text == "one"
        await driven.pilot.press("down", "down")
        assert driven.prompt.text == "d"


async def test_what_is_typed_and_not_sent_is_there_in_the_next_start(
    drive: Drive, repository: Path, history: PromptHistory
) -> None:
    history.add("one")
    for before, keys, after in (
        ("", ("d", "up"), "d"),
        ("d", ("e",), "de"),
        ("de", ("backspace", "backspace"), ""),
        ("", (), ""),
    ):
        async with drive(repository) as driven:
            await read(driven)
            await driven.until(lambda wanted=before: driven.prompt.text == wanted, "what was typed before")
            await driven.pilot.press(*keys, "ctrl+q")
            assert history.draft() == after


async def test_what_is_typed_is_kept_without_a_quit(drive: Drive, repository: Path, history: PromptHistory) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await read(driven)
        await driven.type_in("half a question")
        await driven.until(lambda: history.draft() == "half a question", "what was typed, on the disk")
        # What was sent is no draft any more.
        await driven.pilot.press("enter")
        await driven.until(lambda: history.draft() == "", "no draft")


async def test_undo_brings_back_what_stood_there(drive: Drive, repository: Path, history: PromptHistory) -> None:
    history.add("one")
    async with drive(repository) as driven:
        await read(driven)
        await driven.pilot.press("d", "up", "ctrl+z")
        assert driven.prompt.text == "d"
        await driven.pilot.press("ctrl+y")
        assert driven.prompt.text == "one"


async def test_ctrl_r_narrows_as_the_person_types(drive: Drive, repository: Path, history: PromptHistory) -> None:
    for prompt in ("lint src", "run the tests", "fix the linter", "say [bold]no[/bold] \x1b[31m"):
        history.add(prompt)
    async with drive(repository) as driven:
        await read(driven)
        await driven.pilot.press("ctrl+r")
        assert [choice.value for choice in driven.popup.choices][1:] == [
            "fix the linter",
            "run the tests",
            "lint src",
        ]
        assert "\x1b" not in driven.popup.choices[0].label
        await driven.pilot.press("l", "i", "n", "t")
        assert [choice.value for choice in driven.popup.choices] == ["fix the linter", "lint src"]
        await driven.pilot.press("down", "enter")
        assert driven.prompt.text == "lint src"
        assert not driven.popup.is_open
        assert driven.main.turns_finished == 0


async def test_escape_leaves_the_search_and_not_the_turn(
    drive: Drive, repository: Path, history: PromptHistory
) -> None:
    history.add("lint src")
    gate = threading.Event()
    async with drive(repository, [[TextDelta("Well"), gate, TextDelta(" done")]]) as driven:
        await driven.ask("think")
        await driven.until(lambda: "Well" in driven.transcript.plain_text, "the first words")
        await driven.pilot.press("d", "r", "ctrl+r", "l")
        assert driven.popup.is_open
        await driven.pilot.press("escape")
        assert not driven.popup.is_open
        assert driven.prompt.text == "dr"
        gate.set()
        await driven.finished()
        assert "Stopped." not in driven.transcript.plain_text


async def test_nothing_found_is_said_and_sends_nothing(drive: Drive, repository: Path, history: PromptHistory) -> None:
    history.add("lint src")
    async with drive(repository) as driven:
        await read(driven)
        await driven.pilot.press("ctrl+r", *(key_of(letter) for letter in "no such"), "enter")
        assert driven.popup.is_open
        assert driven.popup.chosen is None
        assert driven.prompt.text == "no such"
        assert driven.engine.requests == []


async def test_the_popup_keeps_inside_a_tiny_terminal(drive: Drive, repository: Path, history: PromptHistory) -> None:
    for number in range(30):
        history.add(f"prompt {number}")
    async with drive(repository, size=(20, 5)) as driven:
        await read(driven)
        await driven.pilot.press("ctrl+r", *["down"] * 12)
        await driven.pilot.pause()
        region = driven.popup.region
        assert region.y >= 0
        assert region.bottom <= driven.prompt.region.y
        assert driven.popup.chosen is driven.popup.choices[12]
        assert "prompt 17" in str(driven.popup.render())


async def test_a_home_that_cannot_be_written_costs_no_prompt(drive: Drive, repository: Path, punie_home: Path) -> None:
    (punie_home / "state").mkdir()
    (punie_home / "state" / "prompts").write_text("in the way")
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.ask("one")
        await driven.finished()
        await driven.pilot.press("up")
        assert driven.prompt.text == "one"


async def test_keys_and_letters_that_come_at_once_keep_their_order(drive: Drive, repository: Path) -> None:
    def press_at_once(*keys: str) -> None:
        for key in keys:
            driven.app.post_message(Key(key, key if len(key) == 1 else None))

    async with drive(repository, size=(80, 24)) as driven:
        press_at_once("c", "left", "b", "home", "a", "end", "d", "ctrl+j", "e", "up", "x")
        await driven.until(lambda: "x" in driven.prompt.text, "the last letter")
        assert driven.prompt.text == "axbcd\ne"
        # The scroll bar of the second line goes before the cursor leaves it.
        press_at_once("down", *["ctrl+z"] * 11, "y")
        await driven.until(lambda: driven.prompt.text == "y", "the letter after all was undone")


async def test_one_letter_and_all_but_the_last_cleared_text_are_not_searched(
    drive: Drive, repository: Path, history: PromptHistory
) -> None:
    for prompt in ("/", "1", "one"):
        history.add(prompt)
    async with drive(repository) as driven:
        await read(driven)
        for cleared in ("half a", "half a question", "/"):
            await driven.type_in(cleared)
            await driven.pilot.press("escape", "ctrl+c")
        await driven.pilot.press("up")
        assert driven.prompt.text == "/"
        await driven.pilot.press("ctrl+c", "ctrl+r")
        await driven.until(lambda: driven.popup.is_open, "the search")
        assert [choice.value for choice in driven.popup.choices] == ["one"]
        await driven.pilot.press("escape")
        await driven.type_in("half a question")
        await driven.pilot.press("ctrl+c", "ctrl+r")
        await driven.until(lambda: driven.popup.is_open, "the search")
        assert [choice.value for choice in driven.popup.choices] == ["half a question", "one"]
