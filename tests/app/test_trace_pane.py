"""The trace by keyboard: filter, fold, copy, put into the prompt, run again with other arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven, key_of
from textual.widgets import Static, TextArea

from punie_tui.agent.events import ToolFinished, ToolRequested
from punie_tui.app.screens.arguments import ArgumentsScreen
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.widgets.trace.pane import CallOutline
from punie_tui.engine.protocol import TextDelta, ToolCall
from tests.counted_calls import calls_made_by

FILES = {
    "src/app.py": "import os\nx: int = 1\n\n\ndef run() -> None:\n    print('TODO')\n",
    "src/other.py": "# TODO [bold]later\n",
    "README.md": "# Project\n",
}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


def call(tool: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, tool, arguments)


def problem_of(screen: ArgumentsScreen) -> str:
    line = screen.query_one("#arguments-problem", Static)
    return str(line.render()) if line.display else ""


async def replace_arguments(driven: Driven, text: str) -> ArgumentsScreen:
    """In the editor that is open, or comes up."""
    screen = await driven.shown(ArgumentsScreen)
    screen.query_one(TextArea).text = text
    await driven.pilot.pause()
    return screen


async def test_results_are_filtered_folded_copied_and_brought_to_the_model(drive: Drive, repository: Path) -> None:
    replies = [[call("list_files", "c1")], [call("grep", "c1", pattern="TODO")], [TextDelta("I see.")]]
    async with drive(repository, replies) as driven:
        await driven.ask("list")
        await driven.finished()
        await driven.ask("find")
        await driven.finished(2)
        whole = driven.trace_lines()
        assert [line.split("(")[0] for line in whole[:2]] == ["✓ list_files", "✓ grep"]
        assert " tok" in driven.trace.query_one("#trace-outline").rows[1].right  # type: ignore[attr-defined]

        # What is folded is looked into as well, and every word has to stand in a row or above it.
        await driven.pilot.press("f3", "slash", *(key_of(letter) for letter in "other.py"))
        await driven.until(lambda: not driven.trace.is_searching, "the rows of all calls")
        assert driven.trace_lines() == ["✓ list_files()", "src/other.py", *whole[1:2], *whole[-2:]]
        await driven.pilot.press(*(key_of(letter) for letter in " bold"))
        assert driven.trace_lines() == [*whole[1:2], *whole[-2:]]
        await driven.pilot.press("enter", "down", "down")
        assert driven.app.focused is driven.trace.query_one("#trace-outline")
        await driven.pilot.press("c")
        assert driven.app.clipboard == "1:3 # TODO [bold]later"
        assert "22 characters" in driven.trace.told
        await driven.pilot.press("escape")
        assert driven.trace_lines() == whole

        await driven.pilot.press("end", "home", "down", "space")
        assert driven.trace_lines() == whole[:2]
        await driven.pilot.press("c")
        assert "src/app.py:6:12" in driven.app.clipboard
        assert "src/other.py" in driven.app.clipboard

        await driven.pilot.press("p")
        await driven.until(lambda: "output of grep(pattern='TODO')" in driven.prompt.price.shown, "the price")
        assert "tokens" in driven.trace.told
        await driven.pilot.press("f2")
        await driven.ask("so")
        await driven.finished(3)
        assert "src/other.py" in driven.engine.requests[-1].messages[-1].attached


async def test_a_call_is_run_again_with_other_arguments(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[call("grep", pattern="TODO")], [call("git_status")]]) as driven:
        await driven.ask("find")
        await driven.finished()
        await driven.ask("status")
        await driven.finished(2)
        # Not the newest call, which new ones take the cursor from.
        await driven.pilot.press("f3", "home", "r")
        screen = await replace_arguments(driven, '{"pattern": "TODO",}')
        assert problem_of(screen).startswith("Line 1, column")
        await driven.pilot.press("ctrl+s")
        assert driven.app.screen is screen
        await replace_arguments(driven, '{"patern": "TODO"}')
        assert "there is no argument 'patern'" in problem_of(screen)
        await replace_arguments(driven, '{"pattern": "TODO", "path": "src/other.py"}')
        assert problem_of(screen) == ""
        await driven.pilot.press("ctrl+s")
        await driven.until(lambda: any(line.startswith("✓ you grep(") for line in driven.trace_lines()), "its end")
        assert driven.trace_lines()[-2:] == ["src/other.py", "1:3 # TODO [bold]later"]
        assert len(driven.engine.requests) == 2
        current = driven.trace.query_one(CallOutline).current
        assert current is not None
        assert "".join(text for text, _ in current.parts).startswith("✓ you grep(")
    async with drive(repository, [[TextDelta("well")]], writes_answers=True) as driven:
        driven.main.change_session("last")
        await driven.until(lambda: any(line.startswith("✓ you grep(") for line in driven.trace_lines()), "the session")
        assert driven.trace_lines()[-2:] == ["src/other.py", "1:3 # TODO [bold]later"]
        await driven.ask("so")
        await driven.finished()
        assert [message.role for message in driven.engine.requests[0].messages].count("tool") == 2


async def test_an_edit_that_is_run_again_is_reviewed_like_any_other(drive: Drive, repository: Path) -> None:
    edit = call("edit_file", path="src/other.py", old="later", new="now")
    async with drive(repository, [[call("read_file", path="src/other.py")], [edit]]) as driven:
        await driven.ask("read")
        await driven.finished()
        await driven.ask("edit")
        await driven.asked()
        await driven.pilot.press("n", "enter")
        await driven.finished(2)
        assert driven.trace_lines()[-1] == "the person said no"
        await driven.pilot.press("f3", "end", "r")
        await replace_arguments(driven, '{"path": "src/other.py", "old": "later", "new": "soon"}')
        await driven.pilot.press("ctrl+s")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("a", "enter")
        await driven.until(lambda: driven.trace_lines()[-1] == "+# TODO [bold]soon", "the edit")
        assert (repository / "src/other.py").read_text() == "# TODO [bold]soon\n"


async def test_escape_stops_a_call_that_is_run_again_and_nothing_else(drive: Drive, repository: Path) -> None:
    program = call("execute_code", code="while True:\n    git_status()")
    async with drive(repository, [[call("git_status")], [program]]) as driven:
        await driven.ask("status")
        await driven.finished()
        await driven.ask("go on for ever")
        await driven.until(lambda: sum("git_status()" in line for line in driven.trace_lines()) > 2, "inner calls")
        await driven.pilot.press("escape")
        await driven.finished(2)
        outline = driven.trace.query_one("#trace-outline")
        depths = [row.depth for row in outline.rows if row.parts[-1][0] == "git_status()"]  # type: ignore[attr-defined]
        assert depths[:2] == [0, 1]

        await driven.pilot.press("f3")
        assert outline.go_to(next(row.key for row in outline.rows if "execute_code" in row.parts[-1][0]))  # type: ignore[attr-defined]
        await driven.pilot.press("r")
        await driven.shown(ArgumentsScreen)
        await driven.pilot.press("ctrl+s")
        await driven.until(lambda: any(line.startswith("● you execute_code") for line in driven.trace_lines()), "it")
        await driven.pilot.press("escape")
        await driven.until(lambda: any(line.startswith("✗ you execute_code") for line in driven.trace_lines()), "end")
        assert driven.app.screen is driven.main


async def test_arguments_are_dropped_only_by_who_says_so(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[call("grep", pattern="TODO")], [TextDelta("I see.")]]) as driven:
        await driven.ask("find")
        await driven.finished()
        await driven.pilot.press("f3", "home", "r")
        await driven.shown(ArgumentsScreen)
        await driven.pilot.press("escape")
        await driven.shown(MainScreen)
        await driven.pilot.press("r")
        screen = await replace_arguments(driven, "{}")
        await driven.pilot.press("escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is screen, "the arguments again")
        assert screen.query_one(TextArea).text == "{}"
        await driven.pilot.press("escape")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("y")
        await driven.shown(MainScreen)


async def test_a_call_of_more_than_ten_seconds_says_so_where_there_is_room(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        for call_id, tool in (("c1", "git_status"), ("c2", "a_tool_with_a_name_that_takes_the_row")):
            driven.trace.handle(ToolRequested(call_id=call_id, tool=tool, arguments={}))
            end = ToolFinished(call_id=call_id, tool=tool, result={"text": "x" * 1000}, summary="Done.", seconds=10.3)
            driven.trace.handle(end)
        outline = driven.trace.query_one(CallOutline)
        await driven.until(lambda: len(driven.trace_lines()) > 2, "both calls")
        assert outline.render_line(0).text.rstrip().endswith("10.3 s 266 tok")
        await driven.pilot.press("f3", "end", "up")
        assert outline.render_line(2).text.rstrip().endswith("takes_the_row()")
        # What gave way is told below the rows.
        assert "10.3 s" in str(driven.trace.query_one("#trace-told", Static).render())


async def test_the_newest_call_takes_the_cursor_unless_the_person_looks_at_another(
    drive: Drive, repository: Path
) -> None:
    tools = ("list_files", "grep", "git_status", "git_log", "git_branches")
    gates = [threading.Event() for _ in tools]
    calls = (call(tool, **({"pattern": "TODO"} if tool == "grep" else {})) for tool in tools)

    def current() -> str:
        row = driven.trace.query_one(CallOutline).current
        return "" if row is None else "".join(text for text, _ in row.parts).removeprefix("✓ ").split("(")[0]

    async with drive(repository, [[gate, call] for gate, call in zip(gates, calls, strict=True)]) as driven:
        for turn, (keys, at) in enumerate(
            (
                # With the keys at the prompt it is seen to come.
                ([], "list_files"),
                ([], "grep"),
                (["f3", "home"], "list_files"),
                # At the last row of the newest call.
                (["f3", "end"], "git_log"),
                (["f3", "home", "f2"], "git_branches"),
            )
        ):
            await driven.pilot.press("f2")
            await driven.ask("go on")
            await driven.pilot.press(*keys)
            gates[turn].set()
            await driven.finished(turn + 1)
            await driven.until(lambda tool=tools[turn]: any(tool in line for line in driven.trace_lines()), "the call")
            await driven.pilot.pause()
            assert current() == at, keys


async def test_of_a_long_result_as_much_is_copied_as_terminals_take_and_that_is_said(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        driven.trace.handle(ToolRequested(call_id="c1", tool="of_a_newer_punie", arguments={}))
        summary = "é" * 50_000
        driven.trace.handle(
            ToolFinished(call_id="c1", tool="of_a_newer_punie", result={}, summary=summary, seconds=0.1)
        )
        await driven.until(lambda: any("of_a_newer_punie" in line for line in driven.trace_lines()), "the call")
        await driven.pilot.press("f3", "home", "c")
        assert driven.app.clipboard == "é" * 35_000
        assert driven.trace.told == "Copied 35,000 characters to the clipboard, of 50,000: terminals take no more."


async def test_twice_as_many_earlier_calls_take_twice_the_work(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:

        def show(count: int) -> None:
            driven.trace.forget_calls()
            for number in range(count):
                end = ToolFinished(call_id="c", tool="none", result={}, summary="", seconds=0.1)
                driven.trace.show_earlier([ToolRequested(call_id="c", tool=f"tool_{number}", arguments={}), end])
            driven.trace.show_all()
            assert len(driven.trace_lines()) == count

        show(80)
        assert calls_made_by(lambda: show(160)) < 2.5 * calls_made_by(lambda: show(80))
        assert "tool_79(" in driven.trace_lines()[0], "the earliest call first"
