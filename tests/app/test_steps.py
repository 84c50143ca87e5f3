"""Step by step: a pause before each call, also those that only read; go on, skip with a reason, end the turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven, key_of

from punie_tui.agent.approval import Policy
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import TextDelta, ToolCall

SIZES = [(120, 40), (80, 24), (20, 5)]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "print('TODO')\n"})


def call(tool: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, tool, arguments)


def status(driven: Driven) -> str:
    return str(driven.main.query_one(StatusLine).render())


def footer(driven: Driven) -> str:
    return str(driven.main.query_one(KeyRow).render())


@pytest.mark.parametrize("size", SIZES)
async def test_a_reading_call_waits_and_is_skipped_with_a_reason(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    replies = [[call("grep", pattern="TODO")], [call("git_status", "c2")], [TextDelta("I see.")]]
    async with drive(repository, replies, writes_answers=True, size=size) as driven:
        assert "steps" not in status(driven)
        await driven.pilot.press("alt+s")
        assert "steps" in status(driven)
        await driven.ask("look")
        await driven.asked()
        assert "TODO" in driven.panel.shown_text
        if size[0] >= 80:
            assert footer(driven).startswith("y Go on  a No pauses  n Skip  esc Stop")
        assert driven.trace_lines()[0].startswith("? grep")
        await driven.pilot.press("n", *(key_of(letter) for letter in "look in docs"), "enter")
        await driven.until(lambda: driven.panel.is_asking and "arguments" in driven.panel.shown_text, "the next call")
        await driven.asked()
        await driven.pilot.press("y")
        await driven.finished()
        told = [message.content for message in driven.engine.requests[-1].messages if message.role == "tool"]
        assert told[0] == "Error: the person skipped it: look in docs"
        assert '"branch"' in told[1]


async def test_calls_side_by_side_are_asked_about_one_after_the_other(drive: Drive, repository: Path) -> None:
    both = [call("grep", pattern="TODO"), call("git_status", "c2")]
    async with drive(repository, [both, [TextDelta("I see.")]], writes_answers=True) as driven:
        await driven.pilot.press("alt+s")
        await driven.ask("look")
        await driven.until(lambda: sum(line.startswith("?") for line in driven.trace_lines()) == 2, "both questions")
        shown: list[str] = []
        for _ in both:
            await driven.asked()
            shown.append("grep" if "TODO" in driven.panel.shown_text else "git_status")
            await driven.pilot.press("y")
        await driven.finished()
        assert sorted(shown) == ["git_status", "grep"]
        assert not driven.panel.is_asking


async def test_the_calls_of_a_program_wait_too_until_the_person_goes_on_without_pauses(
    drive: Drive, repository: Path
) -> None:
    program = call("execute_code", code="grep(pattern='TODO')\ngit_status()\nread_file(path='app.py')")
    async with drive(repository, [[program], [program]]) as driven:
        await driven.pilot.press("alt+s")
        await driven.ask("run it")
        for shown in ("git_status()", "pattern='TODO'", "arguments"):
            await driven.until(lambda: driven.panel.is_asking and shown in driven.panel.shown_text, shown)  # noqa: B023 - awaited in the loop
            await driven.asked()
            await driven.pilot.press("a" if shown == "arguments" else "y")
        await driven.finished()
        assert [line[:4] for line in driven.trace_lines() if line.startswith("✓")] == ["✓ ex", "✓ gr", "✓ gi", "✓ re"]
        assert "steps" not in status(driven)
        await driven.ask("again")
        await driven.finished(2)


async def test_escape_ends_the_turn_and_an_edit_that_the_mode_allows_waits(drive: Drive, repository: Path) -> None:
    edit = call("edit_file", path="app.py", old="TODO", new="done")
    async with drive(repository, [[edit], [edit], [TextDelta("So it is.")]], writes_answers=True) as driven:
        session = driven.main.session
        assert session
        session.policy = Policy.ACCEPT_EDITS
        await driven.pilot.press("alt+s")
        await driven.ask("edit it")
        await driven.asked()
        assert "+print('done')" in driven.panel.shown_text
        await driven.pilot.press("escape")
        await driven.finished()
        assert "Stopped." in driven.transcript.plain_text
        assert "TODO" in (repository / "app.py").read_text()

        # A call that is asked about anyway is asked about once.
        session.policy = Policy.ASK
        await driven.ask("edit it now")
        await driven.asked()
        assert str(driven.panel.query_one("#approval-keys").render()).startswith("y this once")
        assert footer(driven).startswith("y Allow  a Accept edits  n Deny  r Review  esc Stop")
        await driven.pilot.press("y")
        await driven.finished(2)
        assert "done" in (repository / "app.py").read_text()


@pytest.mark.parametrize("size", SIZES)
async def test_an_edit_that_waits_as_a_step_is_shown_and_reviewed_like_one_that_is_asked_about(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    edit = call("edit_file", path="app.py", old="TODO", new="done")
    async with drive(repository, [[edit], [TextDelta("So it is.")]], writes_answers=True, size=size) as driven:
        session = driven.main.session
        assert session
        session.policy = Policy.ACCEPT_EDITS
        await driven.pilot.press("alt+s")
        await driven.ask("edit it")
        await driven.asked()
        assert "@@" not in driven.panel.shown_text
        if size[0] >= 80:
            question = str(driven.panel.query_one("#approval-question").render())
            assert question == "Next: edit_file app.py  +1 -1."
            assert footer(driven).startswith("y Go on  a No pauses  n Skip  r Review  esc Stop")
            assert "r review hunk by hunk" in str(driven.panel.query_one("#approval-keys").render())
        await driven.pilot.press("r")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("a", "enter")
        await driven.finished()
        assert "done" in (repository / "app.py").read_text()
