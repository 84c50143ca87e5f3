"""Reviewing what a call proposes, by keyboard: hunks accepted, rejected, split, edited and commented on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_driver import Drive, Driven
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input, Static, TextArea

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.changes.tree_access import FileImage
from punie_tui.agent.approval import Policy
from punie_tui.app.palettes import Colours
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import HunkEditor, ReviewScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.review.cut_text import cut_text
from punie_tui.app.widgets.review.rows import Note
from punie_tui.app.widgets.review.screen_lines import ScreenLines
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.engine.protocol import TextDelta, ToolCall

NUMBERS = "".join(f"number_{number} = {number}\n" for number in range(40))
WANTED = NUMBERS.replace("number_3 = 3\n", "number_3 = 33\n").replace("number_30 = 30\n", "number_30 = 300\n# more\n")
EDIT = ToolCall("c1", "write_file", {"path": "numbers.py", "content": WANTED})
SIZES = [(120, 40), (80, 24), (20, 5)]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"numbers.py": NUMBERS})


async def open_review(driven: Driven) -> ReviewScreen:
    """Ask for the edit, and answer that it shall be reviewed."""
    await driven.ask("change the numbers")
    await driven.asked()
    await driven.pilot.press("r")
    screen = await driven.shown(ReviewScreen)
    await driven.until(lambda: any(view.has_focus for view in screen.query(ReviewView)), "its focus")
    return screen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("keys", "is_third", "is_thirtieth"),
    [(["a", "r", "enter"], True, False), (["r", "a", "enter"], False, True), (["A", "enter"], True, True)],
)
async def test_what_is_accepted_is_written_and_nothing_else(
    drive: Drive, repository: Path, size: tuple[int, int], keys: list[str], is_third: bool, is_thirtieth: bool
) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]], size=size) as driven:
        await open_review(driven)
        await driven.pilot.press(*keys)
        await driven.finished()
        expected = NUMBERS.replace("number_3 = 3\n", "number_3 = 33\n") if is_third else NUMBERS
        if is_thirtieth:
            expected = expected.replace("number_30 = 30\n", "number_30 = 300\n# more\n")
        assert (repository / "numbers.py").read_text() == expected


async def test_the_model_learns_what_stands_and_what_was_said(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]], writes_answers=True) as driven:
        view = (await open_review(driven)).query_one(ReviewView)
        await driven.pilot.press("a", "c", *"why so many")
        # As an effect of a hunk may that comes in while the person writes.
        view.go_to_hunk(0, 0)
        await driven.pilot.press("enter")
        view.go_to_hunk(0, 1)
        await driven.pilot.press("r", "enter")
        await driven.finished()
        told = next(message for message in driven.engine.requests[-1].messages if message.role == "tool").content
        result, review = told.split("\nThe person reviewed it: ")
        assert json.loads(result)["diff"].count("@@ ") == 1
        reviewed = json.loads(review)
        assert reviewed["accepted_count"] == 1
        assert [hunk["line"] for hunk in reviewed["rejected"]] == [31]
        assert [(comment["line"], comment["text"]) for comment in reviewed["comments"]] == [(31, "why so many")]


async def test_a_comment_is_told_in_the_chat_with_what_was_accepted(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT]]) as driven:
        await open_review(driven)
        await driven.pilot.press("c", *"why so many", "enter", "A", "enter")
        await driven.finished()
        await driven.said("Your comment: numbers.py:4: why so many.")


@pytest.mark.parametrize("keys", [["R", "enter"], ["enter", "enter"]])
async def test_nothing_is_written_where_nothing_is_accepted(drive: Drive, repository: Path, keys: list[str]) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]]) as driven:
        await open_review(driven)
        await driven.pilot.press(*keys)
        await driven.finished()
        assert (repository / "numbers.py").read_text() == NUMBERS
        assert "Not run: " in driven.transcript.plain_text


@pytest.mark.parametrize("size", SIZES)
async def test_the_heading_tells_the_mode_where_there_is_room(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]], size=size) as driven:
        screen = await open_review(driven)
        heading = str(screen.query_one("#review-place", Static).render())
        assert "hunk 1/2" in heading
        assert heading.startswith("write_file") == heading.endswith("ask mode") == (size[0] > 20)


def keys_row(driven: Driven) -> str:
    """Which keys answer, as the question says it."""
    return str(driven.panel.query_one("#approval-keys", Static).render())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("leave", ["escape", "q"])
@pytest.mark.parametrize(("answer", "is_made"), [(["y"], True), (["n", "enter"], False)])
async def test_who_leaves_a_review_stands_at_the_question_again(
    drive: Drive, repository: Path, size: tuple[int, int], leave: str, answer: list[str], is_made: bool
) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]], size=size) as driven:
        await open_review(driven)
        assert "Back" in footer_of(driven.app.screen) or size[0] < 30
        await driven.pilot.press(leave)
        await driven.asked()
        assert (repository / "numbers.py").read_text() == NUMBERS
        assert "Not run: " not in driven.transcript.plain_text
        await driven.until(lambda: "Alt+A" not in keys_row(driven), "its keys, without a way back to it")
        assert "number_3 = 33" in driven.panel.shown_text
        await driven.pilot.press(*answer)
        await driven.finished()
        assert (repository / "numbers.py").read_text() == (WANTED if is_made else NUMBERS)
        assert ("Not run: you said no" in driven.transcript.plain_text) != is_made


async def test_always_is_an_answer_after_a_review_too(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]]) as driven:
        await open_review(driven)
        await driven.pilot.press("escape")
        await driven.asked()
        await driven.pilot.press("a")
        await driven.finished()
        assert driven.main.session
        assert driven.main.session.policy is Policy.ACCEPT_EDITS


@pytest.mark.parametrize("decided", [["a"], ["R"], ["c", *"why", "enter"]], ids=["accepted", "rejected", "commented"])
async def test_what_was_decided_is_there_when_the_review_is_opened_again(
    drive: Drive, repository: Path, decided: list[str]
) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]]) as driven:
        review = (await open_review(driven)).review
        await driven.pilot.press(*decided, "escape")
        await driven.asked()
        assert "In the review: " in driven.panel.shown_text
        await driven.pilot.press("r")
        assert (await driven.shown(ReviewScreen)).review is review
        assert review.is_begun


@pytest.mark.parametrize("keys", [["n"], ["a"], ["a", "r", "n"]], ids=["seen", "accepted", "all decided"])
async def test_a_review_is_opened_again_where_it_was_left(drive: Drive, repository: Path, keys: list[str]) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]]) as driven:
        await open_review(driven)
        await driven.pilot.press(*keys, "escape")
        await driven.asked()
        await driven.pilot.press("r")
        view = (await driven.shown(ReviewScreen)).query_one(ReviewView)
        await driven.until(lambda: bool(view.rows) and view.current.is_change, "its rows")
        assert (view.current.file, view.current.hunk) == (0, 1)


async def test_all_of_it_after_a_review_keeps_what_was_written_there(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]], writes_answers=True) as driven:
        await open_review(driven)
        await driven.pilot.press("r", "c", *"too much", "enter", "escape")
        await driven.asked()
        await driven.pilot.press("y")
        await driven.finished()
        assert (repository / "numbers.py").read_text() == WANTED
        told = next(message for message in driven.engine.requests[-1].messages if message.role == "tool").content
        assert "too much" in told


async def test_a_no_after_a_review_tells_what_was_said_of_lines(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("so be it")]], writes_answers=True) as driven:
        await open_review(driven)
        await driven.pilot.press("c", *"too much", "enter", "escape")
        await driven.asked()
        assert "; 1 comment." in driven.panel.shown_text
        await driven.pilot.press("n", *"keep it", "enter")
        await driven.finished()
        assert (repository / "numbers.py").read_text() == NUMBERS
        told = next(message for message in driven.engine.requests[-1].messages if message.role == "tool").content
        assert "keep it; numbers.py:" in told
        assert ": too much" in told


@pytest.mark.parametrize("keys", [["a"], ["a", "escape"]], ids=["in the review", "back at the question"])
async def test_a_turn_that_is_stopped_takes_the_question_away(drive: Drive, repository: Path, keys: list[str]) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]]) as driven:
        await open_review(driven)
        await driven.pilot.press(*keys)
        assert driven.main.session
        driven.main.session.stop()
        await driven.finished()
        await driven.shown(MainScreen)
        await driven.until(lambda: not driven.panel.is_asking, "no question")


async def test_enter_asks_once_where_hunks_are_undecided(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("a", "enter")
        assert driven.app.screen is screen
        await driven.pilot.press("enter")
        await driven.finished()
        assert (repository / "numbers.py").read_text() == NUMBERS.replace("number_3 = 3\n", "number_3 = 33\n")


async def test_a_hunk_is_edited_in_place_and_a_syntax_error_is_told(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("e")
        await driven.shown(HunkEditor)
        driven.app.screen.query_one(TextArea).text = "number_3 = (\n"
        await driven.pilot.press("ctrl+s")
        await driven.until(lambda: driven.app.screen is screen, "the review again")
        await driven.pilot.pause()
        assert "no longer be Python" in str(screen.query_one("#review-place").render())
        await driven.pilot.press("n", "r", "enter")
        await driven.finished()
        assert (repository / "numbers.py").read_text() == NUMBERS.replace("number_3 = 3\n", "number_3 = (\n")


@pytest.mark.parametrize("size", SIZES)
async def test_lines_that_a_hunk_takes_away_stand_above_its_editor_and_are_put_back(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    deletion = NUMBERS.replace("number_3 = 3\nnumber_4 = 4\n", "")
    call = ToolCall("c1", "write_file", {"path": "numbers.py", "content": deletion})
    async with drive(repository, [[call], [TextDelta("done")]], size=size) as driven:
        await open_review(driven)
        await driven.pilot.press("e")
        editor = await driven.shown(HunkEditor)
        area = editor.query_one(TextArea)
        await driven.until(lambda: area.has_focus, "its focus")
        await driven.pilot.press("x", "enter")
        drawn = "\n".join(strip.text for strip in editor._compositor.render_strips())
        assert ("Before: 2 lines" in drawn and "number_4 = 4" in drawn) == (size[1] > 5)
        assert "^r Put lines back" in footer_of(editor) or size[0] < 30
        await driven.pilot.press("ctrl+r")
        assert area.text == "x\nnumber_3 = 3\nnumber_4 = 4\n"
        assert area.cursor_location == (1, 0)
        await driven.pilot.press("ctrl+z")
        assert area.text == "x\n"


async def test_an_editor_of_lines_that_are_only_added_has_none_to_put_back(drive: Drive, repository: Path) -> None:
    async with drive(repository, []) as driven:
        driven.app.push_screen(HunkEditor("a\n", "", "a.py"))
        editor = await driven.shown(HunkEditor)
        await driven.pilot.press("ctrl+r")
        assert editor.query_one(TextArea).text == "a\n"
        assert "Put" not in footer_of(editor)
        assert not editor.query_one("#hunk-before").display


@pytest.mark.parametrize("size", SIZES)
async def test_an_edit_is_dropped_only_by_who_says_so(drive: Drive, repository: Path, size: tuple[int, int]) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]], size=size) as driven:
        review = await open_review(driven)
        await driven.pilot.press("e")
        editor = await driven.shown(HunkEditor)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is review, "the review, as nothing was changed")
        await driven.pilot.press("e")
        editor = await driven.shown(HunkEditor)
        await driven.pilot.press("x")
        assert "Drop the changes" in footer_of(editor) or size[0] < 30
        await driven.pilot.press("escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is editor, "the editor again")
        await driven.pilot.press("y")
        assert editor.query_one(TextArea).text == "xynumber_3 = 33\n"
        await driven.pilot.press("escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("y")
        await driven.until(lambda: driven.app.screen is review, "the review again")
        assert review.review.files[0].hunks[0].new == (b"number_3 = 33\n",)


async def test_a_comment_is_dropped_only_by_who_says_so(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]]) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("c", "escape")
        assert not screen.has_class("-comments"), "nothing was written"
        await driven.pilot.press("c", *"why", "escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is screen, "the review again")
        await driven.pilot.press("s", "o")
        assert screen.query_one(Input).value == "whyso"
        await driven.pilot.press("escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("y")
        await driven.until(lambda: driven.app.screen is screen, "the review again")
        assert not screen.has_class("-comments")
        assert not screen.review.comments


@pytest.mark.parametrize("size", SIZES)
async def test_a_comment_says_what_it_is_about_and_how_it_is_kept(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [[EDIT], [TextDelta("as you like")]], size=size) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("c")
        line = screen.query_one(Input)
        await driven.until(lambda: line.has_focus, "its focus")
        about = "line 4" if size[0] >= 120 else "removed line 4"
        assert str(line.placeholder).startswith(f"about {about};")
        await driven.pilot.press("w")
        drawn = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert (f"Comment on {about}: the model reads it" in drawn) == (size[1] > 5)
        assert footer_of(screen).startswith("⏎ Keep it  esc Drop it") or size[0] < 30


async def test_a_comment_on_a_line_that_goes_says_so(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT]], size=(80, 24)) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("c", *"old", "enter", "down", "down", "c")
        assert str(screen.query_one(Input).placeholder).startswith("about line 4;")
        assert not screen.query_one(Input).value
        await driven.pilot.press(*"new", "enter")
        drawn = [row.text or row.kind for row in screen.query_one(ReviewView).rows if row.is_change or row.text]
        assert drawn[:4] == ["removed", "old", "added", "new"]
        await driven.pilot.press("v")
        drawn = [row.text or row.kind for row in screen.query_one(ReviewView).rows if row.is_change or row.text]
        assert drawn[:3] == ["pair", "new", "on the line before: old"]
        # Each comment can be changed on its own row.
        for keys, said in ((("down",), "new"), (("down",), "old")):
            await driven.pilot.press(*keys, "c")
            assert screen.query_one(Input).value == said
            await driven.pilot.press("end", "2", "enter")
        drawn = [row.text or row.kind for row in screen.query_one(ReviewView).rows if row.is_change or row.text]
        assert drawn[:3] == ["pair", "new2", "on the line before: old2"]
        await driven.pilot.press("A", "enter")
        await driven.finished()
        await driven.said("numbers.py, line 4 before the change: old2; numbers.py:4: new2.")


async def test_a_comment_outlives_that_the_keys_go_elsewhere(drive: Drive, repository: Path) -> None:
    """Tab leads from the comment to the lines, where nothing is decided meanwhile."""
    async with drive(repository, [[EDIT], [TextDelta("as you like")]]) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("c", *"why", "tab", "n", "a", "c")
        assert screen.query_one(Input).has_focus
        assert screen.query_one(Input).value == "why"
        await driven.pilot.press("tab", "enter")
        assert driven.app.screen is screen
        assert [(said.line, said.text) for said in screen.review.comments] == [(4, "why")]
        assert screen.review.undecided_count == 2


def footer_of(screen: Screen[Any]) -> str:
    return str(screen.query_one(KeyRow).render()).strip()


async def test_steps_are_undone_and_redone(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.pilot.press("a", "r", "u", "u")
        assert screen.review.undecided_count == 2
        await driven.pilot.press("U", "U", "U")
        assert [hunk.verdict for hunk in screen.review.files[0].hunks] == ["accepted", "rejected"]


async def test_the_cursor_follows_to_what_was_undone(drive: Drive, repository: Path) -> None:
    async with drive(repository, []) as driven:
        changes = [
            FileChange(name, FileImage(NUMBERS.encode(), 0o644), FileImage(WANTED.encode(), 0o644)) for name in "ab"
        ]
        driven.app.push_screen(ReviewScreen(Review(changes), "two"))
        screen = await driven.shown(ReviewScreen)
        view = screen.query_one(ReviewView)
        await driven.pilot.press("n", "a", "A")
        places: list[tuple[int, int]] = []
        for key in ("u", "u", "U"):
            await driven.pilot.press(key)
            places.append((view.current.file, view.current.hunk))
        assert places == [(1, 0), (0, 1), (0, 1)]
        await driven.pilot.press("U", "U")
        assert "nothing to redo" in str(screen.query_one("#review-place").render())


def long_changes() -> list[FileChange]:
    """Two changed files, the hunks of which lie far from each other, with a new one between them."""
    changed = b"".join(b"%s %d\n" % (b"new" if number % 13 > 9 else b"line", number) for number in range(60))
    plain = b"".join(b"line %d\n" % number for number in range(60))
    sides = [(plain, changed), (None, plain), (plain, changed)]
    return [
        FileChange(name, FileImage(before, 0o644) if before else None, FileImage(after, 0o644))
        for name, (before, after) in zip(("a.txt", "b.txt", "c.txt"), sides, strict=True)
    ]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("is_wrapped", [False, True])
async def test_who_goes_to_a_file_sees_its_heading_and_what_follows(
    drive: Drive, repository: Path, size: tuple[int, int], is_wrapped: bool
) -> None:
    async with drive(repository, [], size=size) as driven:
        driven.app.push_screen(ReviewScreen(Review(long_changes()), "three"))
        screen = await driven.shown(ReviewScreen)
        await driven.pilot.press(*["w"] * is_wrapped, "N")
        assert "b.txt  new" in shown_lines(screen)[0]
        # A step down from there moves the cursor, not what one reads.
        await driven.pilot.press("down")
        assert "b.txt  new" in shown_lines(screen)[0]
        await driven.pilot.press("N", "N")
        assert any("c.txt" in line for line in shown_lines(screen))
        await driven.pilot.press("P", "P")
        assert "a.txt" in shown_lines(screen)[0]


@pytest.mark.parametrize("size", SIZES)
async def test_who_goes_to_a_hunk_sees_all_of_it_that_fits(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [], size=size) as driven:
        driven.app.push_screen(ReviewScreen(Review(long_changes()), "three"))
        screen = await driven.shown(ReviewScreen)
        view = screen.query_one(ReviewView)
        for key in [*["n"] * 8, *["p"] * 8]:
            before = view.scroll_offset.y
            await driven.pilot.press(key)
            top, height = view.scroll_offset.y, view.scrollable_content_region.height
            of_hunk = [n for n, row in enumerate(view.rows) if row[1:3] == view.current[1:3]]
            if size[1] > 5 and view.current.file != 1:
                assert top <= of_hunk[0]
                assert of_hunk[-1] < top + height
            assert top <= view.rows.index(view.current) < top + height
            if before <= of_hunk[0] and of_hunk[-1] < before + height:
                assert top == before, "what is seen whole stays where it is"


async def test_notes_that_were_there_from_the_beginning_follow_their_hunk(drive: Drive, repository: Path) -> None:
    changed = NUMBERS.replace("r_3 = 3\n", "r_3 = 33\n").replace("r_5 = 5\n", "r_5 = 55\n")
    review = review_of(NUMBERS.encode(), changed.replace("r_30 = 30\n", "r_30 = 300\n").encode())
    async with drive(repository, []) as driven:
        driven.app.push_screen(ReviewScreen(review, "one", notes=[Note((0, 1), "broke it", is_worse=True)]))
        screen = await driven.shown(ReviewScreen)
        await driven.pilot.press("p", "s")
        assert [row.hunk for row in screen.query_one(ReviewView).rows if row.kind == "worse"] == [2]


async def test_notes_that_come_in_move_nothing_that_one_reads(drive: Drive, repository: Path) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(Review(long_changes()), "three"))
        screen = await driven.shown(ReviewScreen)
        await driven.pilot.press("N", "down")
        before = shown_lines(screen)
        places = (None, (0, 0), (0, 2))
        screen.query_one(ReviewView).show_notes([Note(place, "a note", is_worse=True) for place in places])
        await driven.pilot.pause()
        assert shown_lines(screen) == before
        await driven.pilot.press("home")
        assert "a note" in shown_lines(screen)[0]


async def test_a_file_that_changes_under_the_review_is_not_written_over(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[EDIT], [TextDelta("done")]]) as driven:
        await open_review(driven)
        (repository / "numbers.py").write_text("mine = 1\n")
        await driven.pilot.press("A", "enter")
        await driven.finished()
        assert (repository / "numbers.py").read_text() == "mine = 1\n"
        assert "changed by somebody else" in driven.transcript.plain_text


async def test_no_command_can_be_reviewed(drive: Drive, repository: Path) -> None:
    call = ToolCall("c1", "run_command", {"command": "touch x"})
    async with drive(repository, [[call], [TextDelta("done")]]) as driven:
        await driven.ask("touch")
        await driven.asked()
        await driven.pilot.press("r")
        assert not isinstance(driven.app.screen, ReviewScreen)


def review_of(before: bytes, after: bytes, path: str = "a.py") -> Review:
    return Review([FileChange(path, FileImage(before, 0o644), FileImage(after, 0o644))])


@pytest.mark.parametrize("size", SIZES)
async def test_every_view_of_a_review_is_drawn(drive: Drive, repository: Path, size: tuple[int, int]) -> None:
    """Odd contents and every switch: nothing fails, and no escape comes through."""
    odd = b"\x1b]0;gone\x07 [@click=app.quit]x[/] \xff \xe2\x80\xae tab\there" + b"x" * 500
    changes = [
        FileChange("odd.py", FileImage(b"a\nb\n" + odd, 0o644), FileImage(odd + b"\nb\nc", 0o644)),
        FileChange("new \x1b[31m.py", None, FileImage(b"x = '" + odd + b"\n", 0o644)),
        FileChange("gone.txt", FileImage(b"bye\n", 0o644), None),
        FileChange("b.png", FileImage(b"\0", 0o644), FileImage(b"\0\0", 0o644)),
        FileChange("run.sh", FileImage(b"ls\n", 0o644), FileImage(b"ls\n", 0o755)),
        FileChange("empty", None, FileImage(b"", 0o644)),
    ]
    async with drive(repository, [], size=size) as driven:
        screen = ReviewScreen(Review(changes), "odd")
        driven.app.push_screen(screen)
        await driven.pilot.pause()
        for key in ("v", "w", "v", "w", "space", "space", "N", "N", "N", "N", "N", "end", "home", "pagedown", "right"):
            await driven.pilot.press(key)
            strips = screen._compositor.render_strips()
            assert "\x1b" not in "".join(segment.text for strip in strips for segment in strip)
        await driven.pilot.press("home", "A")
        assert {hunk.verdict for hunk in screen.review.files[0].hunks} == {"accepted"}
        await driven.pilot.press("P", "e")
        assert str(screen.query_one("#review-place", Static).render()).startswith("This is no text that can be edited")
        await driven.pilot.press("c")
        assert screen.query_one(Input).has_focus


def shown_lines(screen: ReviewScreen) -> list[str]:
    """What stands on the lines of the review, without its scroll bars."""
    area = screen.query_one(ReviewView).scrollable_content_region
    strips = screen._compositor.render_strips()
    return [strips[y].crop(area.x, area.right).text for y in range(area.y, area.bottom)]


def three_files() -> Review:
    images = [FileImage(text, 0o644) for text in (b"same\nold\n", b"same\nnew\n")]
    return Review([FileChange(path, *images) for path in ("a.txt", "b.txt", "c.txt")])


async def test_keys_lead_to_the_next_and_the_previous_file_and_no_further(drive: Drive, repository: Path) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(three_files(), "three"))
        view = (await driven.shown(ReviewScreen)).query_one(ReviewView)
        places: list[int] = []
        for key in ("N", "N", "N", "P", "P", "P", "right_curly_bracket", "left_curly_bracket"):
            await driven.pilot.press(key)
            places.append(view.current.file)
        assert places == [1, 2, 2, 1, 0, 0, 1, 0]


async def test_a_file_is_folded_to_its_title_and_unfolded(drive: Drive, repository: Path) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(three_files(), "three"))
        screen = await driven.shown(ReviewScreen)
        await driven.pilot.press("N")
        for marks, lines in ((["▾", "▌▸", "▾"], 6), (["▾", "▌▾", "▾"], 9)):
            await driven.pilot.press("space")
            shown = shown_lines(screen)
            assert [line.split()[0] for line in shown if ".txt" in line] == marks
            assert sum(line.rstrip().endswith(("same", "old", "new")) for line in shown) == lines


async def test_sides_stand_beside_each_other_or_one_below_the_other(drive: Drive, repository: Path) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(three_files(), "three"))
        screen = await driven.shown(ReviewScreen)
        before = shown_lines(screen)
        assert not any("old" in line and "new" in line for line in before)
        await driven.pilot.press("v")
        assert sum("old" in line and "new" in line for line in shown_lines(screen)) == 3
        await driven.pilot.press("v")
        assert shown_lines(screen) == before


@pytest.mark.parametrize("switch", ["", "v", "w"])
async def test_a_last_line_without_an_end_says_so(drive: Drive, repository: Path, switch: str) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(review_of(b"x\nend", b"x\nend\n", "a.txt"), "the end"))
        screen = await driven.shown(ReviewScreen)
        await driven.pilot.press(*switch)
        assert "\n".join(shown_lines(screen)).count("end  (no line end)") == 1


TEXT = b"one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([FileChange("run.sh", FileImage(b"ls\n", 0o644), FileImage(b"ls -l\n", 0o755))], "mode 644 → 755"),
        ([FileChange("run.sh", FileImage(b"ls\n", 0o644), FileImage(b"ls\n", 0o755))], "mode 644 → 755"),
        ([FileChange("run.sh", None, FileImage(b"ls\n", 0o755))], "new, executable, mode 755"),
        ([FileChange("run.sh", None, FileImage(b"ls\n", 0o644))], "new"),
        ([FileChange("run.sh", FileImage(b"ls\n", 0o755), None)], "deleted"),
        (
            [FileChange("a", FileImage(TEXT, 0o644), None), FileChange("run.sh", None, FileImage(TEXT, 0o755))],
            "renamed, mode 644 → 755",
        ),
        # What git holds and what lies there differ where the person's umask is another one.
        (
            [FileChange("a", FileImage(TEXT, 0o644), None), FileChange("run.sh", None, FileImage(TEXT, 0o664))],
            "renamed",
        ),
    ],
)
async def test_a_files_title_tells_its_mode_where_that_changes(
    drive: Drive, repository: Path, changes: list[FileChange], told: str
) -> None:
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(Review(changes), "modes"))
        screen = await driven.shown(ReviewScreen)
        assert shown_lines(screen)[0].strip(" ▌▾") == f"run.sh  {told}, 0 of 1 hunk decided"


@pytest.mark.parametrize("size", SIZES)
async def test_wrapped_lines_show_all_of_what_they_hold(drive: Drive, repository: Path, size: tuple[int, int]) -> None:
    """Each piece once: of wide letters, of the longer side of a pair, and of a row higher than the screen."""
    pieces = [f"{number:03}" for number in range(100, 200)]
    after = f"x = '{' '.join(pieces)}'\ny = '{'語言' * 20}'\n".encode()
    async with drive(repository, [], size=size) as driven:
        screen = ReviewScreen(review_of(b"x = 1\ny = 2\n", after, "long.txt"), "long")
        screen.review.comment(0, 2, " ".join(f"why{number}" for number in range(20)))
        driven.app.push_screen(screen)
        view = (await driven.shown(ReviewScreen)).query_one(ReviewView)
        await driven.pilot.press("w")
        for _ in range(2):
            seen: dict[int, str] = {}
            await driven.pilot.press("home")
            for _ in range(200):
                seen |= {view.scroll_offset.y + y: line for y, line in enumerate(shown_lines(screen))}
                before = view.scroll_offset.y, view.current
                await driven.press_at_once("down")
                if before == (view.scroll_offset.y, view.current):
                    break
            half = view.scrollable_content_region.width // 2 if view.is_side_by_side else 0
            lines = [seen[line] for line in sorted(seen)]
            text = "".join(line[half:].strip(" ▌·+↳") for line in lines)
            digits = re.sub(r"\D", "", text.partition("x = '")[2].partition("'")[0])
            assert digits == "".join(pieces)
            assert text.count("語") == text.count("言") == 20
            told = " ".join(line.strip(" ▌╰") for line in lines)
            assert [told.count(f"why{number}") for number in (9, 12, 19)] == [1, 1, 1]
            await driven.pilot.press("v")


@pytest.mark.parametrize("size", SIZES[:2])
async def test_what_is_said_beside_a_hunk_is_whole_where_lines_are_cut(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    words = [f"why{number}" for number in range(60)]
    note = Note((0, 0), " ".join(words), is_worse=True)
    after = f"x = 3{' ' * 200}# far\n".encode()
    async with drive(repository, [], size=size) as driven:
        screen = ReviewScreen(review_of(b"x = 1\n", after, "long.txt"), "long", notes=[note])
        driven.app.push_screen(screen)
        view = (await driven.shown(ReviewScreen)).query_one(ReviewView)
        await driven.pilot.press("v" if view.is_side_by_side else "down", *["right"] * 8)
        assert view.scroll_offset.x > 0
        told = " ".join(line.strip(" ▌✗") for line in shown_lines(screen)).split()
        assert [word for word in told if word.startswith("why")] == words


@given(st.text(alphabet="a 語"), st.integers(0, 30), st.integers(2, 30))
def test_a_line_is_marked_where_it_is_cut_and_nowhere_else(text: str, start: int, room: int) -> None:
    line = Strip([Segment(text, Style(bgcolor="red", bold=True))])
    shown = cut_text(line, start, room, Style(color="white"))
    cells = "".join(letter * cell_len(letter) for letter in text)
    starts_before, goes_on = bool(cells[:start].strip()), len(cells) > start + room
    assert shown.text.startswith("…") == starts_before
    assert shown.text.endswith("…") == (goes_on or shown.text == "…")
    assert shown.text.strip("…") == line.crop(start + starts_before, start + room - goes_on).text
    assert shown.cell_length == room if goes_on else shown.cell_length <= room


def test_a_mark_keeps_the_ground_of_the_letter_that_it_takes() -> None:
    line = Strip([Segment("語", Style(bgcolor="red", bold=True)), Segment("abc", Style(bgcolor="green"))])
    left, right = (Segment("…", Style(color="white", bgcolor=ground)) for ground in ("red", "green"))
    assert list(cut_text(line, 1, 3, Style(color="white"))) == [left, Segment("a", Style(bgcolor="green")), right]


@pytest.mark.parametrize("colours", ["many", "sixteen", "none"])
@pytest.mark.parametrize("width", [80, 121])
@pytest.mark.parametrize(("old", "new"), ["xo", "語言"])
async def test_what_goes_on_past_the_edge_says_so(
    drive: Drive, repository: Path, old: str, new: str, width: int, colours: Colours
) -> None:
    """In both layouts; nothing of a line that just fits is taken by a mark, and wrapped lines have none."""
    before, after = ("".join(f"{letter * count}\n" for count in range(1, width + 1)) for letter in (old, new))
    async with drive(repository, [], size=(width, 300), colours=colours) as driven:
        review = review_of(before.encode(), after.encode(), f"{'long ' * width}.txt")
        driven.app.push_screen(ReviewScreen(review, "long"))
        screen = await driven.shown(ReviewScreen)
        for _ in range(2):
            title, *rows = shown_lines(screen)
            assert title.endswith("…")
            for letter in (old, new):
                pieces = [piece for row in rows for piece in re.findall(f"{letter}+ ?…?", row)]
                room = max(cell_len(piece.rstrip()) for piece in pieces)
                most = (room - 1) // cell_len(letter)
                cut = f"{letter * most}{' ' * (room - 1 - most * cell_len(letter))}…"
                assert len(pieces) == width
                assert len(set(pieces)) < width
                for count, piece in enumerate(pieces, start=1):
                    assert piece.rstrip() == (letter * count if cell_len(letter) * count <= room else cut)
            await driven.pilot.press("w")
            assert "…" not in "".join(shown_lines(screen)[1:])
            await driven.pilot.press("w", "v")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_end_of_a_line_of_wide_letters_is_reached(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [], size=size) as driven:
        driven.app.push_screen(ReviewScreen(review_of(b"", f"{'言' * 100}終\n".encode(), "long.txt"), "long"))
        screen = await driven.shown(ReviewScreen)
        await driven.press_at_once(*["right"] * 200)
        assert any("終" in row for row in shown_lines(screen))


async def test_what_lies_to_the_left_is_marked_and_indentation_is_not(drive: Drive, repository: Path) -> None:
    after = f"{'a' * 100}\n    indented\n"
    async with drive(repository, [], size=(80, 24)) as driven:
        driven.app.push_screen(ReviewScreen(review_of(b"", after.encode(), "long.txt"), "long"))
        screen = await driven.shown(ReviewScreen)
        await driven.press_at_once(*["right"] * 4)
        _, long, indented, *_ = shown_lines(screen)
        assert re.search(r"\+ …a+…$", long)
        assert indented.rstrip().endswith("+ indented")


@given(st.lists(st.integers(1, 4)))
def test_lines_of_the_screen_and_rows_lead_to_each_other(heights: list[int]) -> None:
    lines = [(row, part) for row, height in enumerate(heights) for part in range(height)]
    found = ScreenLines(heights)
    assert found.count == len(lines)
    assert [found.row_at(line) for line in range(len(lines))] == lines
    assert [found.first_of(row) for row in range(len(heights))] == [
        lines.index((row, 0)) for row in range(len(heights))
    ]


async def test_a_hundred_thousand_lines_draw_only_what_is_seen(drive: Drive, repository: Path) -> None:
    before = b"".join(b"line %d\n" % number for number in range(100_000)) + b"long " * 100
    after = b"".join(b"%s %d\n" % (b"changed" if number % 20 == 9 else b"line", number) for number in range(100_000))
    after += b"longer " * 100
    async with drive(repository, []) as driven:
        screen = ReviewScreen(review_of(before, after, "many.txt"), "many")
        driven.app.push_screen(screen)
        view = (await driven.shown(ReviewScreen)).query_one(ReviewView)
        await driven.pilot.press("a")
        await driven.until(lambda: not view.is_making_rows and len(view.rows) > 10_000, "its rows")
        made = view.rows[-1]
        await driven.pilot.press("end", "a", "home", "n")
        assert screen.review.files[0].hunks[-1].verdict == "accepted"
        assert view.rows[-1] is made, "a decision makes no rows anew"
        screen.action_wrap()
        assert view.is_making_rows, "so many are wrapped by a thread"
        await driven.until(lambda: not view.is_making_rows, "their lines")
        await driven.pilot.press("r")
        assert not view.is_making_rows, "a decision measures no lines anew"
        assert view.virtual_size.height > len(view.rows)
        screen.review.comment(0, 5, "why?")
        view.show_again()
        assert view.is_making_rows
        assert screen.check_action("decide", ("accepted",)) is False
        assert screen.check_action("leave", ()) is True
        await driven.until(lambda: not view.is_making_rows and len(view.rows) > 10_000, "them again")
