"""The main screen by keyboard: ask, look, open, stop, approve."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, key_of
from drawn_cells import drawn_strips
from textual import events
from textual.command import CommandPalette
from textual.widgets import Input, Static, TextArea
from textual.widgets._toast import Toast

from punie_tui.agent.events import TokenUsage, ToolRequested
from punie_tui.app.app import PunieApp
from punie_tui.app.key_map import KeyChoice
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.cut_name import cut_name
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import Routed, TextDelta, ToolCall
from punie_tui.engine.scripted import Reply
from tests.conftest import git

FILES = {"src/app.py": "import os\nx: int = 1\n\n\ndef run() -> None:\n    print('TODO')\n", "README.md": "# Project\n"}


def call(tool: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, tool, arguments)


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


async def test_a_request_becomes_a_call_with_rows_and_an_answer(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[call("grep", pattern="TODO")]]) as driven:
        await driven.ask("find TODO")
        await driven.finished()
        assert "› find TODO" in driven.transcript.plain_text
        assert "grep(pattern='TODO')" in driven.transcript.plain_text
        lines = driven.trace_lines()
        assert lines[0].startswith("✓ grep(pattern='TODO')")
        assert lines[1:] == ["src/app.py", "6:12 print('TODO')"]


async def test_enter_on_a_row_opens_the_file_at_its_line(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[call("grep", pattern="TODO")]]) as driven:
        await driven.ask("find TODO")
        await driven.finished()
        await driven.pilot.press("f3", "down", "down", "enter")
        await driven.shown(FileViewerScreen)
        await driven.pilot.pause()
        assert driven.app.screen.query_one(TextArea).cursor_location == (5, 0)
        await driven.pilot.press("escape")
        assert driven.app.screen is driven.main


async def test_it_is_told_who_answers_where_nano_stands_before_a_bigger_model(drive: Drive, repository: Path) -> None:
    waits = threading.Event()
    replies: list[Reply] = [
        [Routed("nano", writes_answers=False, likelihood=0.974), call("grep", pattern="TODO")],
        [Routed("big", writes_answers=True, likelihood=0.2), waits, TextDelta("Because.")],
    ]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("find TODO")
        await driven.finished()
        assert "nano alone, 97% sure" in driven.transcript.plain_text
        await driven.ask("why is it there?")
        status = driven.main.query_one(StatusLine)
        await driven.until(lambda: "asking big" in str(status.render()), "who is asked")
        waits.set()
        await driven.finished(2)
        assert driven.transcript.plain_text.count("sure") == 1


async def test_escape_stops_a_hanging_model_at_once(drive: Drive, repository: Path) -> None:
    replies = [[TextDelta("Well, "), threading.Event(), TextDelta("never")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("think")
        await driven.until(lambda: "Well," in driven.transcript.plain_text, "the first words")
        await driven.pilot.press("escape")
        await driven.finished()
        assert "Stopped." in driven.transcript.plain_text
        assert "never" not in driven.transcript.plain_text


@pytest.mark.parametrize("size", [(120, 40), (120, 10), (80, 24), (80, 10), (60, 24), (60, 10)])
async def test_model_mode_branch_context_and_speed_are_in_sight(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    git(repository, "checkout", "-q", "-b", "feature/rework-the-ledger-of-all-accounts")
    async with drive(repository, size=size) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the branch")
        usage = TokenUsage(prompt_tokens=217, generated_tokens=38, generation_seconds=0.5)
        driven.main.query_one(StatusLine).show_usage(usage, 1024)
        await driven.pilot.pause()
        seen = "\n".join(strip.text for strip in drawn_strips(driven.main))
        assert "scripted" in seen
        assert re.search(r"\bask\b", seen)
        assert re.search(r"featu\S*…\S*ounts|feature/rework-the-", seen)
        assert re.search(r"context 255/1,024|ctx 25%", seen)
        assert re.search(r"\b76( tok)?/s\b", seen)


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [("main", 4, "main"), ("feature/a-b", 7, "fea…a-b"), ("日本語日本語", 6, "日…語"), ("ab", 1, "…"), ("ab", 0, "")],
)
def test_a_long_name_keeps_both_its_ends(name: str, room: int, shown: str) -> None:
    assert cut_name(name, room) == shown


async def test_without_a_turn_escape_leads_back_to_the_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("f4")
        assert driven.app.focused is driven.repo
        await driven.pilot.press("escape")
        assert driven.app.focused is driven.main.query_one(Prompt)


async def test_a_message_typed_during_a_turn_waits_and_then_runs(drive: Drive, repository: Path) -> None:
    gate = threading.Event()
    async with drive(repository, [[gate, TextDelta("first")], [TextDelta("second")]]) as driven:
        await driven.ask("one")
        await driven.ask("two")
        await driven.until(lambda: [each.text for each in driven.queue.shown] == ["two"], "the queued message")
        gate.set()
        await driven.finished(2)
        text = driven.transcript.plain_text
        assert not driven.queue.display
        assert text.index("› one") < text.index("first") < text.index("› two") < text.index("second")


async def test_what_is_typed_before_the_session_is_open_is_not_lost(repository: Path, drive: Drive) -> None:
    gate = threading.Event()

    def open_late(_ask: object, _ask_which: object) -> object:
        gate.wait(10)
        raise RuntimeError("The settings are broken.")

    app = PunieApp(repository, open_late)  # type: ignore[arg-type]
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("h", "i", "enter")
        gate.set()
        for _ in range(500):
            if "broken" in app.screen.query_one("#transcript").plain_text:  # type: ignore[attr-defined]
                break
            await pilot.pause(0.01)
        text = app.screen.query_one("#transcript").plain_text  # type: ignore[attr-defined]
        await pilot.pause()
        assert app.screen.query_one(Prompt).text == "hi"
        assert "✗ The settings are broken." in text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5)])
async def test_every_size_takes_a_request_and_shows_each_pane(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, [[call("git_status")]], size=size) as driven:

        def footer() -> str:
            return str(driven.main.query_one(KeyRow).render())

        # Where it is narrow a row of tabs names the keys of the panes.
        is_wide = size[0] >= 100
        await driven.ask("status")
        await driven.finished()
        for key, pane in (("f3", "trace"), ("f4", "repo"), ("f2", "chat")):
            await driven.pilot.press(key)
            await driven.pilot.pause()
            assert driven.main.query_one(f"#{pane}").region.width > 0
            assert ("alt+c Chat" in footer()) == (is_wide and pane == "chat"), pane
            assert not (pane == "chat" and "f2" in footer())
        assert driven.prompt.has_focus
        # One key leads to what was said, the other one to the prompt, also where the keys are there already.
        for key, there, told in (
            ("alt+c", driven.transcript, "f2 Prompt"),
            ("alt+c", driven.transcript, "f2 Prompt"),
            ("f2", driven.prompt, "alt+c Chat"),
            ("f2", driven.prompt, "alt+c Chat"),
        ):
            await driven.pilot.press(key)
            await driven.pilot.pause()
            assert there.has_focus
            assert (told in footer()) == is_wide


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+d"])
async def test_who_wants_to_end_it_by_a_key_of_shells_is_told_how(drive: Drive, tmp_path: Path, key: str) -> None:
    async with drive(tmp_path, keys=KeyChoice("default", {"main.quit": "f11"})) as driven:
        await driven.until(lambda: driven.app.has_keys, "the key map")
        await driven.pilot.press(key)
        await driven.until(lambda: bool(driven.app.screen.query(Toast)), "what is told")
        (told,) = driven.app.screen.query(Toast)
        assert str(told.render()) == "F11 quits; Esc stops a turn."


async def test_ctrl_c_clears_what_is_typed_and_copies_what_is_selected(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:
        await driven.pilot.press("a", "b", "ctrl+c")
        assert driven.prompt.text == ""
        await driven.pilot.press("ctrl+z")
        assert driven.prompt.text == "ab"
        await driven.pilot.press("ctrl+c", "up")
        assert driven.prompt.text == "ab"
        await driven.pilot.press("home", "ctrl+d")
        assert driven.prompt.text == "b"
        await driven.pilot.press("shift+right", "ctrl+c")
        assert (driven.prompt.text, driven.app.clipboard) == ("b", "b")


async def test_ctrl_c_in_the_empty_prompt_stops_the_turn(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, [[TextDelta("Well"), threading.Event()]], writes_answers=True) as driven:
        await driven.ask("think")
        await driven.said("Well")
        await driven.pilot.press("a", "ctrl+c")
        assert driven.main.is_turn_running
        await driven.pilot.press("ctrl+c")
        await driven.finished()
        assert not driven.app.screen.query(Toast)


async def test_a_question_mark_opens_the_keys_from_the_empty_prompt_alone(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:
        await driven.pilot.press("question_mark")
        await driven.shown(KeysScreen)
        await driven.pilot.press("escape")
        await driven.shown(MainScreen)
        await driven.type_in("a?")
        assert driven.prompt.text == "a?"


async def test_quitting_is_instant_unless_a_turn_runs(drive: Drive, tmp_path: Path) -> None:
    gate = threading.Event()
    async with drive(tmp_path, [[TextDelta("Well"), gate]], writes_answers=True) as driven:
        await driven.ask("think")
        await driven.said("Well")
        for keys in (["ctrl+q"], [*"/quit", "enter"]):
            await driven.pilot.press(*keys)
            await driven.shown(ConfirmScreen)
            assert "Ctrl+Q again quits." in str(driven.app.screen.query_one(Static).render())
            await driven.pilot.press("n")
            await driven.shown(MainScreen)
            assert driven.app.is_running
        await driven.pilot.press("ctrl+q")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("ctrl+q")
        await driven.until(lambda: driven.app._exit, "the end")
        assert driven.app.left_session
        gate.set()
    async with drive(tmp_path) as driven:
        await driven.pilot.press("ctrl+q")
        assert driven.app._exit
        assert not driven.app.left_session


async def test_what_is_not_saved_is_told_before_quitting_and_can_be_exported(
    drive: Drive, tmp_path: Path, punie_home: Path
) -> None:
    in_the_way = punie_home / "state" / "sessions"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("no folder")
    document = tmp_path / "kept.md"
    async with drive(tmp_path, [[TextDelta("Well.")], [TextDelta("So.")]], writes_answers=True) as driven:
        status = driven.main.query_one(StatusLine)
        await driven.ask("think")
        await driven.finished()
        await driven.until(lambda: "not saved" in str(status.render()), "not saved")
        await driven.pilot.press("ctrl+q")
        await driven.shown(ConfirmScreen)
        question = str(driven.app.screen.query_one(Static).render())
        assert "is not saved: " in question
        assert "`/export FILE` writes it elsewhere. Quit? Ctrl+Q again quits." in question
        await driven.pilot.press("n")
        await driven.shown(MainScreen)
        await driven.ask(f"/export {document}")
        await driven.said("Written: ")
        assert "Well." in document.read_text()
        # Nor is it left without a question.
        await driven.ask("/new")
        await driven.shown(ConfirmScreen)
        assert "writes it elsewhere. Leave it?" in str(driven.app.screen.query_one(Static).render())
        await driven.pilot.press("n")
        await driven.shown(MainScreen)
        assert "Well." in driven.transcript.plain_text
        in_the_way.unlink()
        await driven.pilot.press("ctrl+q")
        await driven.until(lambda: driven.app._exit, "the end, as it could be saved now")
        assert driven.app.left_session and not driven.app.left_session.unsaved_because


async def test_the_status_line_says_so_only_while_something_is_not_saved(
    drive: Drive, tmp_path: Path, punie_home: Path
) -> None:
    in_the_way = punie_home / "state" / "sessions"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("no folder")
    replies = [[TextDelta("Well.")], [TextDelta("So.")]]
    async with drive(tmp_path, replies, size=(80, 24), writes_answers=True) as driven:
        status = driven.main.query_one(StatusLine)
        await driven.ask("think")
        await driven.finished()
        assert "not saved" in str(status.render())
        in_the_way.unlink()
        await driven.ask("again")
        await driven.finished(2)
        assert "not saved" not in str(status.render())


@pytest.mark.parametrize("typed", ["exit", ":q", "Quit"])
async def test_what_quits_other_programs_quits(drive: Drive, tmp_path: Path, typed: str) -> None:
    async with drive(tmp_path) as driven:
        await driven.ask(typed)
        await driven.until(lambda: driven.app._exit, "the end")
        assert driven.engine.requests == []


async def test_what_quits_other_programs_asks_while_a_turn_runs(drive: Drive, tmp_path: Path) -> None:
    gate = threading.Event()
    async with drive(tmp_path, [[TextDelta("Well"), gate]], writes_answers=True) as driven:
        await driven.ask("think")
        await driven.said("Well")
        await driven.ask("quit")
        await driven.shown(ConfirmScreen)
        gate.set()


@pytest.mark.parametrize("size", [(80, 10), (40, 8), (20, 5)])
async def test_the_answers_to_a_long_question_stay_on_the_screen(
    drive: Drive, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with drive(tmp_path, size=size) as driven:
        driven.app.push_screen(ConfirmScreen("Is it? " * 50, "quit"))
        screen = await driven.shown(ConfirmScreen)
        for key in ("home", "end"):
            await driven.pilot.press(key)
            text = " ".join(strip.text for strip in screen._compositor.render_strips())
            assert "y quit   n keep" in text, key


async def test_panes_are_resized_by_key(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        chat = driven.main.query_one("#chat")
        before = chat.size.width
        await driven.pilot.press("f8")
        await driven.pilot.pause()
        assert chat.size.width > before
        await driven.pilot.press("f7", "f7")
        await driven.pilot.pause()
        assert chat.size.width < before


async def test_the_keys_screen_opens_and_closes(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("f1")
        assert isinstance(driven.app.screen, KeysScreen)
        await driven.pilot.press("escape")
        assert driven.app.screen is driven.main
        await driven.pilot.press("f4", "question_mark")
        keys = await driven.shown(KeysScreen)
        assert "context 24/1,024" in keys.text, "what the status line's numbers mean"


async def test_alt_with_a_letter_types_nothing(drive: Drive, repository: Path) -> None:
    """Neither in the prompt nor in a line to type in; what it is a key of is done."""
    async with drive(repository) as driven:
        for key, letter in (("alt+z", "z"), ("alt+shift+z", "Z"), ("alt+a", "a"), ("alt+1", "1")):
            driven.app.post_message(events.Key(key, letter))
        await driven.pilot.press("x")
        assert driven.prompt.text == "x"
        driven.app.post_message(events.Key("alt+o", "o"))
        palette = await driven.shown(CommandPalette)
        driven.app.post_message(events.Key("alt+z", "z"))
        await driven.pilot.press("y")
        assert palette.query_one(Input).value == "y"


async def test_letters_that_still_wait_are_sent_with_those_before_them(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")], [TextDelta("b")]]) as driven:
        for prompt in ("which author has most commits", "thanks for all of that"):
            for key in (*(key_of(letter) for letter in prompt), "enter"):
                driven.app.post_message(events.Key(key, " " if key == "space" else key))
        await driven.finished(2)
        text = driven.transcript.plain_text
        assert "which author has most commits" in text
        assert "thanks for all of that" in text


async def test_earlier_prompts_come_back_at_the_edges_of_the_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")], [TextDelta("b")]]) as driven:
        await driven.ask("one")
        await driven.ask("two")
        await driven.finished(2)
        prompt = driven.main.query_one(Prompt)
        await driven.pilot.press("d", "up", "up")
        assert prompt.text == "one"
        await driven.pilot.press("down", "down")
        assert prompt.text == "d"


HOSTILE = "[@click=app.quit]x[/] \x1b[31mred\x1b]0;title\x07 \u202eback [bold]b[/bold]"


async def test_foreign_text_is_shown_and_never_obeyed(drive: Drive, make_repository: Callable[..., Path]) -> None:
    name = "[bold]\x1b[31mfile.py"
    root = make_repository({name: f"x = 1  # {HOSTILE}\n"})
    replies = [[call("grep", pattern="x = 1")], [TextDelta(HOSTILE)]]
    async with drive(root, replies) as driven:
        await driven.ask("look")
        await driven.finished()
        await driven.ask("speak")
        await driven.finished(2)
        shown = driven.transcript.plain_text + "".join(driven.trace_lines())
        assert "[@click=app.quit]x[/]" in shown
        assert not any(letter in shown for letter in "\x1b\x07\u202e")


async def test_the_repo_panel_follows_changes_from_outside(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.until(lambda: "clean" in str(driven.repo.root.children[0].label), "a clean state")
        (repository / "new file.txt").write_text("x")
        await driven.until(lambda: "1 changed" in str(driven.repo.root.children[0].label), "the new file")
        assert "? new file.txt" in str(driven.repo.root.children[0].children[0].label)


async def test_a_folder_without_git_says_so_and_works(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, [[call("git_status")]]) as driven:
        await driven.ask("status")
        await driven.finished()
        assert "✗" in driven.transcript.plain_text
        await driven.until(lambda: "git" in str(driven.repo.root.children[0].label), "the reason")


async def test_the_status_line_shows_what_a_model_calls_a_tool_and_obeys_nothing(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        driven.main.events_arrived([ToolRequested(call_id="c1", tool="\x1b[2J[bold]\u202ex", arguments={})])
        assert "␛[2J[bold]\\u202ex" in str(driven.main.query_one(StatusLine).render())


async def test_a_sentence_names_places_that_open_and_tells_where_the_rest_is(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    lines = [f"# TODO number {number} of those that somebody will do one day" for number in range(1, 6)]
    lines[0] = lines[0].replace("those", "those and 2 more")
    root = make_repository({"notes.py": "x = 1\n" + "\n".join(lines) + "\n"})
    replies: list[Reply] = [[call("grep", pattern="number 1")], *([call("grep", pattern="TODO")] for _ in range(3))]
    async with drive(root, replies, size=(80, 24)) as driven:
        await driven.ask("one")
        await driven.finished()
        # The result says whether its sentence names all, not the words that stand in it.
        assert "those and 2 more" in driven.transcript.plain_text
        assert "The trace" not in driven.transcript.plain_text
        for turn in range(2, 5):
            await driven.ask("all")
            await driven.finished(turn)
        told = driven.transcript.plain_text
        assert "in 1 file: notes.py:2 # TODO number 1 of" in told
        assert "notes.py:4 # TODO number 3 of those that somebody will do one day and 2 more." in told
        assert told.count("The trace (F3) lists all.") == 3

        # The scroll bar has come, and hides the end of no row.
        assert driven.transcript.show_vertical_scrollbar
        region = driven.transcript.scrollable_content_region
        assert driven.transcript.blocks.width == region.width - 1

        await driven.pilot.press("alt+c", "home", "down", "down", "down")
        await driven.until(lambda: bool(driven.transcript.links_of_line()), "the links")
        await driven.pilot.press("enter")
        await driven.shown(FileViewerScreen)
        await driven.pilot.pause()
        assert driven.app.screen.query_one(TextArea).cursor_location == (1, 0)
