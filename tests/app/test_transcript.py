"""The transcript by keyboard and mouse: cursor, selection, copies, search, folds, turns, links; and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven, key_of

from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.search_row import SearchRow
from punie_tui.app.widgets.transcript.transcript import TRANSCRIPT_ACTIONS
from punie_tui.engine.protocol import TextDelta

CODE = 'def post(amount):\n\t"""Add."""\n\treturn amount'
ANSWER = f"""The code in src/ledger.py:2 says **so**:

```python
{CODE}
```

1. the first point, which is long enough to be broken into several rows of the chat, and says src/none.py:3
2. the second

That is all of it."""


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"src/ledger.py": "a = 1\nb = 2\n", "README.md": "# Ledger\n"})


def shown(driven: Driven) -> list[str]:
    """What stands on the screen, line by line."""
    transcript = driven.transcript
    return ["".join(part.text for part in transcript.render_line(y)).rstrip() for y in range(transcript.size.height)]


def told(driven: Driven) -> str:
    row = driven.main.query_one(SearchRow)
    return str(row.query_one("Static").render()) if row.has_class("-tells") else ""  # type: ignore[attr-defined]


def cursor_row(driven: Driven) -> str:
    rows = [row for row in shown(driven) if row.startswith("▌")]
    assert len(rows) == 1, shown(driven)
    return rows[0]


async def press(driven: Driven, *keys: str) -> None:
    await driven.pilot.press(*keys)
    await driven.pilot.pause()


async def test_what_was_said_is_selected_and_copied_as_it_was_written(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta(ANSWER)]], writes_answers=True) as driven:
        await driven.ask("explain")
        await driven.finished()
        await press(driven, "alt+c")
        assert driven.app.focused is driven.transcript
        assert cursor_row(driven) == "▌  That is all of it."
        await press(driven, "Y")
        assert driven.app.clipboard == ANSWER
        assert told(driven) == "Copied 12 lines."
        # A paragraph, then a fence: without borders, with its tabs.
        await press(driven, "y")
        assert driven.app.clipboard == "That is all of it."
        await press(driven, *["up"] * 6)
        assert "return amount" in cursor_row(driven)
        await press(driven, "y")
        assert driven.app.clipboard == CODE
        await press(driven, "b")
        assert told(driven) == "3 lines selected: y copies, Esc leaves"
        await press(driven, "escape")
        assert told(driven) == ""
        assert driven.app.focused is driven.transcript
        # Rows of an item that the width broke come as one line.
        await press(driven, "down", "down", "v", "down", "y")
        assert driven.app.clipboard.startswith("1. the first point")
        assert "\n" not in driven.app.clipboard
        await press(driven, "shift+up", "shift+up")
        assert told(driven) == "3 lines selected: y copies, Esc leaves"
        # Nothing was copied by selecting.
        assert driven.app.clipboard.startswith("1. the first point")
        await press(driven, "escape", "escape")
        assert driven.app.focused is driven.prompt


async def test_where_nothing_was_said_no_key_of_the_chat_fails(drive: Drive, repository: Path) -> None:
    async with drive(repository, []) as driven:
        await press(driven, "alt+c")
        for action in TRANSCRIPT_ACTIONS.actions:
            for key in action.keys.split(","):
                driven.transcript.focus()
                await press(driven, key)
        assert driven.transcript.hint_text.startswith("Ask about **project**")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5)])
async def test_where_nothing_was_said_the_first_words_show_who_has_the_keys_and_are_read_to_their_end(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [], size=size) as driven:
        assert not any(row.startswith("▌") for row in shown(driven))
        await press(driven, "alt+c")
        assert cursor_row(driven) == shown(driven)[0]
        seen: list[str] = []
        for _ in range(40):
            seen += [row.lstrip("▌ ") for row in shown(driven) if row.lstrip("▌ ") not in seen]
            await press(driven, "down")
            assert cursor_row(driven) == shown(driven)[0]
        words = driven.transcript.hint_text.replace("*", "").replace("\n- ", "\n• ")
        assert "".join("".join(seen).split()) == "".join(words.split())
        await press(driven, "f2")
        assert not any(row.startswith("▌") for row in shown(driven))


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (80, 14), (80, 11)])
async def test_the_first_words_name_what_else_can_begin_a_prompt_also_on_few_rows(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [], size=size) as driven:
        await driven.pilot.pause()
        rows = [row.strip() for row in shown(driven)]
        assert "Type / for commands, @ for files and symbols, ! for your shell." in rows
        assert "• what did I change since the last commit?" in rows


async def test_lines_are_selected_by_mouse_and_copied_by_key_alone(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta(ANSWER)]], writes_answers=True) as driven:
        await driven.ask("explain")
        await driven.finished()
        row = next(number for number, line in enumerate(shown(driven)) if "def post" in line)
        await driven.pilot.mouse_down(driven.transcript, offset=(5, row))
        await driven.pilot.hover(driven.transcript, offset=(9, row + 1))
        await driven.pilot.mouse_up(driven.transcript, offset=(9, row + 1))
        assert told(driven) == "2 lines selected: y copies, Esc leaves"
        assert driven.app.clipboard == ""
        await press(driven, "ctrl+c")
        assert driven.app.clipboard == 'def post(amount):\n\t"""Add."""'
        await driven.pilot.click(driven.transcript, offset=(5, row), times=2)
        assert told(driven) == "3 lines selected: y copies, Esc leaves"


async def test_a_search_counts_marks_and_walks_also_what_comes_later(drive: Drive, repository: Path) -> None:
    replies = [[TextDelta("An apple.\n\nNo pear.")], [TextDelta("Another APPLE, and an apple.")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("fruit")
        await driven.finished()
        await press(driven, "alt+c", "slash", *"apple")
        await driven.until(lambda: "of" in told(driven), "the count")
        assert told(driven) == "“apple” 1 of 1 (n next, N before, Esc ends)"
        await press(driven, "enter")
        assert driven.app.focused is driven.transcript
        assert "An apple." in cursor_row(driven)
        await press(driven, "f2", "tab", "tab", "tab")
        await press(driven, "f2")
        await driven.ask("more")
        await driven.finished(2)
        assert told(driven).startswith("“apple” 1 of 3")
        await press(driven, "alt+c", "n", "n")
        assert told(driven).startswith("“apple” 3 of 3")
        await press(driven, "n", "N", "N")
        assert told(driven).startswith("“apple” 2 of 3")
        assert "Another APPLE" in cursor_row(driven)
        await press(driven, "escape")
        assert told(driven) == ""
        await driven.press_at_once("/", *"kiwi")
        await driven.until(lambda: "not found" in told(driven), "no match")
        await press(driven, "escape")
        assert driven.app.focused is driven.transcript
        assert told(driven) == ""


async def test_turns_and_long_blocks_fold_and_a_match_unfolds_them(drive: Drive, repository: Path) -> None:
    replies = [[TextDelta(ANSWER)], [TextDelta("Short.")]]
    async with drive(repository, replies, writes_answers=True, size=(80, 24)) as driven:
        await driven.ask("explain")
        await driven.finished()
        await driven.ask("shorter")
        await driven.finished(2)
        await press(driven, "alt+c", "left_square_bracket")
        assert cursor_row(driven) == "▌› shorter"
        await press(driven, "left_square_bracket")
        assert cursor_row(driven) == "▌› explain"
        await press(driven, "z")
        rows = shown(driven)
        assert rows[0] == "▌› explain"
        assert rows[1].endswith("more lines of this turn (z in the chat unfolds)")
        assert not any("def post" in row for row in rows)
        await press(driven, "slash", *"second", "enter")
        await driven.until(lambda: any("2. the second" in row for row in shown(driven)), "the unfolded turn")
        await press(driven, "Z")
        assert [row for row in shown(driven) if "more lines of this turn" in row] != []
        assert sum("more lines" in row for row in shown(driven)) == 2
        await press(driven, "Z", "escape", "right_square_bracket", "right_square_bracket")
        assert "Short." in cursor_row(driven)
        driven.transcript.add("result", "\n".join(f"line {number}" for number in range(50)))
        await press(driven, "end", "space")
        assert "   … 47 more lines (Space in the chat unfolds)" in [row.replace("▌", " ") for row in shown(driven)]
        await press(driven, "space", "end")
        assert cursor_row(driven) == "▌  line 49"


async def test_a_copy_that_many_terminals_do_not_take_is_doubted(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("é" * 35_000)], [TextDelta("é" * 35_001)]], writes_answers=True) as driven:
        for turns, doubt in (
            (1, ""),
            (2, "; many terminals take no more than 70 KB at once, so look at what is pasted"),
        ):
            await driven.ask("all of it")
            await driven.finished(turns)
            await press(driven, "alt+c", "Y")
            assert told(driven) == f"Copied 1 line{doubt}."
            await press(driven, "escape")


async def test_who_sends_something_sees_what_comes_of_it(drive: Drive, repository: Path) -> None:
    replies = [[TextDelta(ANSWER)], [TextDelta(f"{ANSWER}\n\nSecond.")]]
    async with drive(repository, replies, writes_answers=True, size=(80, 24)) as driven:
        await driven.ask("explain")
        await driven.finished()
        driven.transcript.add("result", "\n".join(f"line {number}" for number in range(50)))
        search = ["alt+c", "slash", *"explain", "enter", "escape", "escape"]
        for away, sent, seen in (
            (search, "more", "Second."),
            (["pageup"], "!echo done", "  done"),
            (["pageup"], "/nothing", "There is no command /nothing"),
        ):
            await press(driven, *away)
            assert not driven.transcript.is_vertical_scroll_end
            assert driven.prompt.has_focus
            await driven.ask(sent)
            await driven.until(lambda seen=seen: any(seen in row for row in shown(driven)), sent)
        driven.prompt.clear()
        # What was told of a copy goes with what is sent, and with the session.
        await press(driven, "alt+c", "y")
        assert told(driven) == "Copied 1 line."
        await press(driven, "escape")
        await driven.ask("!echo more")
        await driven.until(lambda: not told(driven), "nothing told after a command")
        await press(driven, "alt+c", "y")
        assert told(driven) == "Copied 1 line."
        driven.main.change_session("")
        await driven.until(lambda: not told(driven), "nothing told in another session")


async def test_enter_opens_the_place_that_a_line_names(drive: Drive, repository: Path) -> None:
    async with drive(
        repository, [[TextDelta(ANSWER + "\n\nREADME.md and src/ledger.py:1")]], writes_answers=True
    ) as driven:
        await driven.ask("explain")
        await driven.finished()
        await press(driven, "alt+c")
        await driven.until(lambda: bool(driven.transcript.links_of_line()), "the links")
        await press(driven, "right")
        assert told(driven) == "Enter opens src/ledger.py:1"
        await press(driven, "home", "down", "down", "enter")
        await driven.shown(FileViewerScreen)
        assert str(driven.app.screen.query_one("#file-name").render()) == "src/ledger.py:2"  # type: ignore[attr-defined]
        await press(driven, "escape")
        # What is no file in the tree is no link.
        await press(driven, "down", "down", "down", "down", "down", "down", "down")
        assert "src/none.py:3" in cursor_row(driven) or "first point" in cursor_row(driven)
        await press(driven, "enter")
        assert driven.app.screen is driven.main


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_with_a_hundred_thousand_lines_above_only_what_is_new_or_seen_is_drawn(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, size=size) as driven:
        transcript = driven.transcript
        transcript.add_before(
            [("punie", f"Paragraph **{number}**.\n\n```\ncode\n```\n\n- item") for number in range(20_000)]
        )
        await driven.pilot.pause()
        assert transcript.blocks.line_count > 100_000
        await driven.until(lambda: not transcript.blocks.settle_some(0), "all of it in the width")
        height = transcript.size.height
        transcript.stream("- an item")
        await driven.pilot.pause()

        def counts() -> tuple[int, int, int]:
            return transcript.blocks.layouts, transcript.drawn.count, transcript.painted_lines

        layouts, drawn, painted = counts()
        transcript.stream(" that goes on")
        await driven.pilot.pause()
        assert counts()[0] - layouts == 1
        assert counts()[1] - drawn == 1
        assert counts()[2] - painted <= height
        # A line more scrolls: what is seen is painted again, and nothing else is drawn.
        layouts, drawn, painted = counts()
        transcript.stream("\n- another")
        await driven.pilot.pause()
        assert counts()[0] - layouts <= 2
        assert counts()[1] - drawn <= 2
        assert counts()[2] - painted <= 2 * height
        layouts, drawn, painted = counts()
        await press(driven, key_of("x"))
        assert counts() == (layouts, drawn, painted)
        # The frame around the pane is drawn with the first of these, and all within it.
        await press(driven, "alt+c", "up")
        layouts, drawn, painted = counts()
        await press(driven, "up")
        assert counts()[:2] == (layouts, drawn)
        assert counts()[2] - painted <= 6
        # Another width breaks only what is seen into rows at once; the rest follows between the frames.
        layouts, drawn, painted = counts()
        transcript.action_move_to_end(-1)
        await driven.pilot.pause()
        await driven.pilot.resize_terminal(size[0] - 5, size[1])
        assert counts()[0] - layouts < 5_000
        assert cursor_row(driven) == "▌  Paragraph 0."


async def test_what_is_broken_into_rows_between_the_frames_is_not_drawn_where_nothing_moves(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        transcript = driven.transcript
        transcript.add_before([("punie", f"Paragraph {number}.") for number in range(5_000)])
        await driven.pilot.pause()
        layouts = transcript.blocks.layouts
        await driven.pilot.resize_terminal(110, 40)
        await driven.until(lambda: transcript.blocks.layouts - layouts > 1_000, "some slices")
        painted = transcript.painted_lines
        assert transcript.blocks.settle_some(0)
        await driven.until(lambda: not transcript.blocks.settle_some(0), "the other slices")
        assert transcript.painted_lines == painted
