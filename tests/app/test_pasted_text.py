"""Pastes by the terminal's own event: folded when large, refused when huge, sent as what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual import events
from textual.widgets import Input, TextArea
from textual.widgets._toast import Toast

from punie_tui.agent.prompt_history import PromptHistory, prompt_history_file
from punie_tui.app.screens.arguments import ArgumentsScreen
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.typed_text import typeable
from punie_tui.app.widgets.chat.pasted_text import MOST_CHARACTERS, PastedTexts
from punie_tui.app.widgets.chat.popup import ChoicePopup
from punie_tui.engine.protocol import TextDelta, ToolCall

LOG = "".join(f"line {number}\n" for number in range(240))


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "x = 1\n"})


async def paste(driven: Driven, text: str) -> None:
    driven.app.post_message(events.Paste(text))
    await driven.pilot.pause()


async def test_a_large_paste_is_a_mark_until_it_is_sent(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.type_in("why ")
        await paste(driven, LOG)
        await driven.type_in(" now")
        assert driven.prompt.text == "why [pasted 240 lines] now"
        await driven.pilot.press("enter")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == f"why {LOG} now"
        transcript = driven.transcript
        shown = ["".join(segment.text for segment in transcript.render_line(y)).strip() for y in range(20)]
        assert "… 231 more lines (Space in the chat unfolds)" in shown


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a\n" * 10, "a\n" * 10),
        ("a\n" * 11, "[pasted 11 lines]"),
        ("x" * 1_000, "x" * 1_000),
        ("x" * 1_001, "[pasted 1,001 characters]"),
    ],
)
async def test_only_what_is_large_is_folded(drive: Drive, repository: Path, text: str, mark: str) -> None:
    async with drive(repository) as driven:
        await paste(driven, text)
        assert driven.prompt.text == mark


async def test_a_mark_goes_and_comes_back_as_a_whole(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await paste(driven, LOG)
        await driven.pilot.press("backspace")
        assert driven.prompt.text == ""
        await driven.pilot.press("ctrl+z")
        assert driven.prompt.text == "[pasted 240 lines]"
        await driven.pilot.press("home", "delete")
        assert driven.prompt.text == ""


async def test_two_pastes_of_one_size_keep_apart(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await paste(driven, LOG)
        await paste(driven, LOG.upper())
        assert driven.prompt.text == "[pasted 240 lines][pasted 240 lines #2]"
        await driven.pilot.press("enter")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == (LOG + LOG.upper()).strip()


async def test_a_paste_of_ten_megabytes_is_one_line(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("hi")
        await paste(driven, "x" * 10_000_000)
        await driven.until(lambda: "The paste has 10,000,000 characters" in driven.transcript.plain_text, "the line")
        assert driven.prompt.text == "hi"
        assert "\n" not in driven.transcript.plain_text.strip()
        await driven.pilot.press("ctrl+o")
        sessions = await driven.shown(SessionsScreen)
        await driven.pilot.press("slash")
        await paste(driven, "x" * 10_000_000)
        await driven.until(lambda: bool(sessions.query(Toast)), "what is told")
        assert "10,000 fit here; nothing was pasted" in str(sessions.query(Toast).first().render())
        assert isinstance(driven.app.focused, Input)
        assert driven.app.focused.value == ""


async def test_a_paste_is_taken_up_to_the_length_that_is_told(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await paste(driven, "x" * (MOST_CHARACTERS + 1))
        await driven.said("The paste has 200,001 characters, and 200,000 fit; nothing was pasted.")
        assert driven.prompt.text == ""
        await paste(driven, "x" * MOST_CHARACTERS)
        await driven.until(lambda: driven.prompt.text == "[pasted 200,000 characters]", "the mark")


async def test_a_text_that_folds_nothing_takes_as_much_as_it_draws(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[ToolCall("c1", "grep", {"pattern": "x"})]]) as driven:
        await driven.ask("find")
        await driven.finished()
        await driven.pilot.press("f3", "home", "r")
        arguments = await driven.shown(ArgumentsScreen)
        text = arguments.query_one(TextArea).text
        await paste(driven, "x" * (MOST_CHARACTERS + 1))
        await driven.until(lambda: bool(arguments.query(Toast)), "what is told")
        assert "200,000 fit here; nothing was pasted" in str(arguments.query(Toast).first().render())
        assert arguments.query_one(TextArea).text == text


async def test_what_a_paste_mentions_is_not_looked_up(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await paste(driven, "@app.py\n" * 20)
        await driven.pilot.press("enter")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].attached == ""


async def test_the_history_brings_a_paste_back_folded(drive: Drive, repository: Path, punie_home: Path) -> None:
    PromptHistory(prompt_history_file(punie_home / "state", repository)).add(f"why {LOG}")
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.until(lambda: driven.prompt.has_history, "the history")
        await driven.pilot.press("up")
        assert driven.prompt.text == "[pasted 240 lines]"
        await driven.pilot.press("down", "ctrl+r", "l", "i", "n", "e")
        assert driven.main.query_one(ChoicePopup).chosen is not None
        await driven.pilot.press("enter")
        assert driven.prompt.text == "[pasted 240 lines]"
        await driven.pilot.press("enter")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == f"why {LOG}".strip()


def test_controls_are_left_out_and_line_ends_and_blanks_are_kept() -> None:
    assert typeable("a\r\nb\rc\x1b[31m\td\x07\u202e\u00a0e") == "a\nb\nc[31m\td e"


def test_what_a_paste_says_of_marks_stays() -> None:
    texts = PastedTexts()
    first = texts.folded("x\n" * 20)
    second = texts.folded(f"{first}\n" * 30)
    assert texts.unfolded(f"{second} and [pasted 9 lines]") == f"{first}\n" * 30 + " and [pasted 9 lines]"


def test_very_many_pastes_forget_the_oldest() -> None:
    texts = PastedTexts()
    marks = [texts.folded(chr(300 + number) * MOST_CHARACTERS) for number in range(25)]
    assert texts.unfolded(marks[0]) == marks[0]
    assert len(set(marks)) == len(marks)
    assert texts.unfolded(marks[-1]) == chr(324) * MOST_CHARACTERS
