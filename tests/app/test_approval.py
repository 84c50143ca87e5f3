"""Approvals in the app, by keyboard: what is shown, which keys count and when, and what an answer leads to."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.events import Key, Paste
from textual.widgets import Input

from punie_tools.commands.backends import confinement_here
from punie_tools.tool import Risk
from punie_tui.agent.approval import ApprovalQuestion, Policy
from punie_tui.app.key_map import KeyChoice
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.turn_runner import PendingApproval
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import TextDelta, ToolCall

SIZES = [(120, 40), (80, 24), (20, 5)]


def call(tool: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, tool, arguments)


def edit(old: str = "# Project", new: str = "# Ledger", call_id: str = "c1") -> ToolCall:
    return call("edit_file", call_id, path="README.md", old=old, new=new)


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"README.md": "# Project\n", "test_a.py": "def test_a() -> None:\n    assert True\n"})


def screen_rows(driven: Driven) -> list[str]:
    """What stands on the screen, row by row."""
    strips = driven.main._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def test_an_edit_is_shown_whole_and_asked_about_at_every_size(drive: Drive, repository: Path) -> None:
    edits = list(pairwise(["# Project", "# Ledger", "# Book", "# Journal"]))
    replies = [[edit(old, new)] for old, new in edits for _ in range(2)]
    async with drive(repository, replies) as driven:
        turns = 0
        for size, (old, new) in zip(SIZES, edits, strict=True):
            await driven.pilot.resize_terminal(*size)
            for keys, heading in ((["n", "enter"], old), (["y"], new)):
                await driven.ask("rename it")
                await driven.asked()
                assert f"+{new}" in driven.panel.shown_text, size
                told = " ".join(screen_rows(driven)[-2:])
                # Where the question leaves no room for the status line, the empty prompt tells the mode and the trust.
                assert ("ask, not trusted" if size == (20, 5) else "ask mode (F5)") in told
                await driven.pilot.press(*keys)
                turns += 1
                await driven.finished(turns)
                assert "ask, not trusted" not in " ".join(screen_rows(driven)[-2:])
                assert (repository / "README.md").read_text() == f"{heading}\n", (size, keys)
                assert driven.app.focused is driven.main.query_one(Prompt), (size, keys)


async def test_a_letter_meant_for_the_prompt_allows_nothing_and_is_not_lost(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()]]) as driven:
        await driven.ask("rename it")
        driven.main.query_one(Prompt).insert("wh")
        await driven.until(lambda: driven.panel.has_focus, "the question")
        await driven.pilot.press("y")
        driven.clock.now += 0.4
        # Somebody who goes on typing never pauses for half a second.
        await driven.pilot.press("y")
        driven.clock.now += 0.4
        await driven.pilot.press("y", "enter")
        await driven.until(lambda: driven.main.query_one(Prompt).text == "whyyy", "the letters in the prompt")
        assert driven.panel.is_asking
        assert (repository / "README.md").read_text() == "# Project\n"
        driven.clock.now += 0.5
        await driven.pilot.press("y")
        await driven.finished()
        assert (repository / "README.md").read_text() == "# Ledger\n"
        assert driven.main.query_one(Prompt).text == "whyyy"


async def test_a_letter_that_came_too_early_leaves_an_empty_prompt_empty(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()]]) as driven:
        await driven.ask("rename it")
        await driven.until(lambda: driven.panel.has_focus, "the question")
        await driven.pilot.press("y", "a")
        await driven.pilot.pause()
        assert driven.panel.is_asking
        assert driven.main.query_one(Prompt).text == ""
        await driven.pilot.press("escape")
        await driven.finished()
        assert not driven.panel.is_asking
        assert (repository / "README.md").read_text() == "# Project\n"


async def test_enter_that_came_too_early_answers_nothing_where_it_is_the_key_to_allow(
    drive: Drive, repository: Path
) -> None:
    keys = KeyChoice(own={"approval.once": "Enter"})
    async with drive(repository, [[edit()]], keys=keys) as driven:
        await driven.until(lambda: driven.app.has_keys, "the keys")
        await driven.ask("rename it")
        await driven.until(lambda: driven.panel.has_focus, "the question")
        # As a terminal sends it.
        driven.app.post_message(Key("enter", "\r"))
        await driven.pilot.pause()
        assert driven.panel.is_asking
        driven.clock.now += GUARD_SECONDS
        driven.app.post_message(Key("enter", "\r"))
        await driven.finished()
        assert (repository / "README.md").read_text() == "# Ledger\n"


async def test_a_sentence_that_begins_with_no_answer_goes_to_the_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()]]) as driven:
        await driven.ask("rename it")
        await driven.asked()
        # Nothing of this small edit is out of sight, so that `j` would scroll nothing.
        await driven.press_at_once(*"just any run")
        await driven.until(lambda: driven.prompt.has_focus, "the prompt")
        assert driven.prompt.text == "just any run"
        assert driven.panel.is_asking
        await driven.pilot.press("shift+tab")
        await driven.asked()
        await driven.pilot.press("y")
        await driven.finished()
        assert (repository / "README.md").read_text() == "# Ledger\n"
        assert driven.prompt.text == "just any run"


async def test_what_is_pasted_under_a_question_takes_the_keys_to_the_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()]]) as driven:
        await driven.ask("rename it")
        await driven.asked()
        driven.app.post_message(Paste("and then"))
        prompt = driven.main.query_one(Prompt)
        await driven.until(lambda: prompt.has_focus, "the prompt")
        await driven.pilot.press("y")
        assert prompt.text == "and theny"
        assert driven.panel.is_asking


async def test_the_model_reads_why_a_call_was_denied(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()], [TextDelta("I see.")]], writes_answers=True) as driven:
        await driven.ask("rename it")
        await driven.asked()
        await driven.pilot.press("n", *"use", "space", *"Book", "enter")
        await driven.finished()
        assert driven.engine.requests[1].messages[-1].content == "Error: the person said no: use Book"
        assert "Not run: you said no: use Book" in driven.transcript.plain_text


async def test_a_denial_is_told_once_and_a_stop_too(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit(), call("git_status", "c2")], [edit()]]) as driven:
        await driven.ask("rename it")
        await driven.asked()
        await driven.pilot.press("n", "enter")
        await driven.finished()
        told = driven.transcript.plain_text
        assert told.count("said no") == 1
        # What the other call came to is told nevertheless.
        assert "On branch main" in told
        await driven.ask("rename it")
        await driven.asked()
        await driven.pilot.press("escape")
        await driven.finished(2)
        told = driven.transcript.plain_text[len(told) :]
        assert told.lower().count("stopped") == 1
        assert "Not run" not in told


async def test_a_denial_that_a_program_swallows_is_told_once_too(drive: Drive, repository: Path) -> None:
    code = "try:\n    write_file('b.txt', 'x')\nexcept RuntimeError:\n    print('went on')"
    async with drive(repository, [[call("execute_code", code=code)]]) as driven:
        await driven.ask("write it")
        await driven.asked()
        await driven.pilot.press("n", "enter")
        await driven.finished()
        told = driven.transcript.plain_text
        assert told.count("said no") == 1
        assert "The program printed: went on (1 call; 1 call was denied)." in told


async def test_once_answered_the_status_tells_what_runs(drive: Drive, repository: Path) -> None:
    commands = [call("run_command", call_id, command="sleep 300") for call_id in ("c1", "c2")]
    replies = [[commands[0]], [commands[1]], [threading.Event()]]
    async with drive(repository, replies, writes_answers=True) as driven:
        status = driven.main.query_one(StatusLine)
        for turn, (keys, told) in enumerate(((["y"], "● run_command"), (["n", "enter"], "● thinking")), 1):
            await driven.ask("run it")
            await driven.asked()
            await driven.until(lambda: "waiting for you" in str(status.render()), "the status while it is asked")
            await driven.pilot.press(*keys)
            await driven.until(lambda told=told: told in str(status.render()), told)
            assert driven.main.is_turn_running
            await driven.pilot.press("escape")
            await driven.finished(turn)


async def test_always_accepts_the_edits_that_follow_and_the_mode_says_so(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()], [edit("# Ledger", "# Book")]]) as driven:
        await driven.ask("one")
        await driven.asked()
        assert "ask mode (F5)" in screen_rows(driven)[-2]
        assert "a Accept edits" in screen_rows(driven)[-1]
        await driven.pilot.press("a")
        await driven.finished()
        await driven.ask("two")
        await driven.finished(2)
        assert (repository / "README.md").read_text() == "# Book\n"
        assert "accept edits mode (F5)" in screen_rows(driven)[-2]


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_one_is_scrolled_to_its_end_by_keyboard(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    lines = [f"line {number}" for number in range(50)]
    write = call("write_file", path="new.txt", content="\n".join([*lines, "x" * 300 + " END"]) + "\n")
    async with drive(repository, [[write]], size=size) as driven:
        await driven.ask("write")
        await driven.asked()
        await driven.pilot.pause()
        seen: list[str] = []
        for _ in range(500):
            rows = [row.strip("│┃ ") for row in screen_rows(driven)]
            seen += [found[1] for row in rows if (found := re.match(r"(?:\d+ +)?([+↳].*)", row))]
            if any("END" in row for row in rows):
                break
            await driven.pilot.press("down")
            await driven.pilot.pause()
        shown = {row.removesuffix("▁").strip(" ▁▂▃▄▅▆▇█│") for row in seen}
        assert {f"+ {line}" for line in lines} <= shown
        assert "".join(dict.fromkeys(row for row in seen if "END" in row)).rstrip(" █▁▂▃▄▅▆▇").endswith("END")
        await driven.pilot.press("home")
        await driven.pilot.pause()
        assert not any("END" in row for row in screen_rows(driven))
        await driven.pilot.press("pagedown", "end")
        await driven.pilot.pause()
        assert any("END" in row for row in screen_rows(driven))
        await driven.pilot.press("y")
        await driven.finished()
        assert (repository / "new.txt").exists()


async def test_a_question_and_its_keys_are_on_the_screen(drive: Drive, repository: Path) -> None:
    sizes = [*SIZES, (60, 15), (40, 12)]
    long = edit(new="# Ledger\n" + "line\n" * 20)
    async with drive(repository, [[long]] * len(sizes)) as driven:
        for turns, size in enumerate(sizes, start=1):
            await driven.pilot.resize_terminal(*size)
            await driven.ask("rename it")
            await driven.asked()
            await driven.until(lambda: any("n no" in row for row in screen_rows(driven)), f"the keys at {size}")
            rows = screen_rows(driven)
            text = "\n".join(rows)
            assert "edit_file" in text, size
            assert "y " in text, size
            if size != (20, 5):
                assert "ask mode" in rows[-2], size
                assert "More" in rows[-1], size
            await driven.pilot.press("n")
            await driven.pilot.pause()
            assert driven.app.focused is driven.main.query_one(Input), size
            assert driven.main.query_one(Input).region.height == 1, size
            assert "why not?" in "\n".join(screen_rows(driven)), size
            await driven.pilot.press("enter")
            await driven.finished(turns)


async def test_what_hides_is_shown(drive: Drive, repository: Path) -> None:
    hostile = "touch a\u202eb \x1b[8m\u200b; rm\tx \n"
    async with drive(repository, [[call("run_command", command=hostile)]]) as driven:
        await driven.ask("run")
        await driven.asked()
        await driven.pilot.pause()
        text = "\n".join(screen_rows(driven))
        assert "touch a\\u202eb ␛[8m\\u200b; rm␉x␠" in text
        assert not any(letter in text for letter in "\u202e\x1b\u200b\t")


@pytest.mark.skipif(confinement_here().backend is None, reason="needs a sandbox")
async def test_exactly_this_command_is_allowed_from_then_on(drive: Drive, repository: Path) -> None:
    commands = [[call("run_command", command=f"touch {name}")] for name in ("made", "made", "other")]
    async with drive(repository, commands) as driven:
        await driven.ask("one")
        await driven.asked()
        await driven.pilot.press("a")
        await driven.finished()
        (repository / "made").unlink()
        await driven.ask("two")
        await driven.finished(2)
        assert (repository / "made").exists()
        await driven.ask("three")
        await driven.asked()
        await driven.pilot.press("n", "enter")
        await driven.finished(3)
        assert not (repository / "other").exists()


async def test_there_is_no_always_for_what_leaves_the_tree(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        pending = PendingApproval(ApprovalQuestion("c1", "run_command", Risk.LEAVES, "make"))
        driven.main.approval_wanted(pending)
        await driven.asked()
        await driven.until(lambda: any("y this once" in row for row in screen_rows(driven)), "the keys")
        assert not any("a always" in row or "Always" in row for row in screen_rows(driven))
        await driven.pilot.press("a")
        await driven.pilot.pause()
        assert driven.panel.is_asking
        driven.clock.now += 1
        await driven.pilot.press("n", "enter")
        await driven.until(lambda: not driven.panel.is_asking, "the answer")


async def test_a_key_goes_through_the_modes(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        session = driven.main._session
        assert session is not None
        sandbox = [Policy.SANDBOX] if confinement_here().backend else []
        for policy in (Policy.ACCEPT_EDITS, *sandbox, Policy.PLAN, Policy.ASK):
            await driven.pilot.press("f5")
            await driven.pilot.pause()
            assert session.policy is policy
            assert f"{policy.value} mode (F5)" in screen_rows(driven)[-2]


async def test_what_one_started_with_comes_round_again(drive: Drive, repository: Path) -> None:
    async with drive(repository, allow_all=True) as driven:
        seen: set[str] = set()
        for _ in range(6):
            seen |= {policy.value for policy in Policy if f"{policy.value} mode" in screen_rows(driven)[-2]}
            await driven.pilot.press("f5")
            await driven.pilot.pause()
        assert {"allow all", "plan", "ask"} <= seen


async def test_a_mode_counts_from_the_next_call_on(drive: Drive, repository: Path) -> None:
    replies = [[edit(), edit("# Ledger", "# Book", "c2")], [TextDelta("done")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("both")
        await driven.asked()
        await driven.pilot.press("f5")
        assert driven.panel.is_asking
        await driven.pilot.press("y")
        await driven.finished()
        assert (repository / "README.md").read_text() == "# Book\n"


async def test_in_plan_mode_the_model_reads_that_only_reading_is_allowed(drive: Drive, repository: Path) -> None:
    replies = [[edit()], [call("read_file", "c2", path="README.md")], [TextDelta("a plan")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        session = driven.main._session
        assert session is not None
        while session.policy is not Policy.PLAN:
            await driven.pilot.press("f5")
        await driven.ask("rename it")
        await driven.finished()
        told = driven.engine.requests[1].messages[-1].content
        assert "the mode is plan, in which only reading is allowed, and edit_file edits" in told
        assert "a plan" in driven.transcript.plain_text
        assert (repository / "README.md").read_text() == "# Project\n"


async def test_the_mode_is_always_on_the_screen(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        session = driven.main._session
        assert session is not None
        for size in SIZES:
            await driven.pilot.resize_terminal(*size)
            for _ in range(5):
                await driven.pilot.pause()
                assert any(session.policy.value in row for row in screen_rows(driven)[-2:]), size
                await driven.pilot.press("f5")


async def test_a_folder_is_trusted_and_not_by_key(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        assert "not trusted (Ctrl+T)" in screen_rows(driven)[-2]
        await driven.pilot.press("ctrl+t", "t")
        await driven.until(lambda: "  trusted  " in screen_rows(driven)[-2], "trust")
        await driven.pilot.press("ctrl+t", "question_mark")
        keys = await driven.shown(KeysScreen)
        assert "trust it no longer" in keys.text
        await driven.pilot.press("f1", "escape")
        assert "  trusted  " in screen_rows(driven)[-2]
        await driven.pilot.press("ctrl+t", "r")
        await driven.until(lambda: "not trusted (Ctrl+T)" in screen_rows(driven)[-2], "no trust")


async def test_trust_that_lapsed_says_why_and_is_asked_for_again(drive: Drive, repository: Path) -> None:
    run = [call("pytest_run")]
    async with drive(repository, [run, run, run]) as driven:
        await driven.ask("test")
        await driven.asked()
        assert "Do you trust the code in" in driven.panel.shown_text
        assert "a Trust folder" in screen_rows(driven)[-1]
        await driven.pilot.press("a")
        await driven.finished()
        await driven.ask("again")
        await driven.finished(2)
        (repository / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
        await driven.ask("and again")
        await driven.asked()
        lapse = "Trust in this folder has lapsed: pytest's addopts in pytest.ini is new since you trusted it."
        assert lapse in driven.panel.shown_text
        await driven.until(lambda: lapse in driven.transcript.plain_text, "the reason in the chat")
        assert "not trusted (Ctrl+T)" in screen_rows(driven)[-2]
        await driven.pilot.press("n", "enter")
        await driven.finished(3)


@pytest.mark.parametrize("paragraphs", [13, 14, 15])
async def test_what_an_answer_leads_to_is_seen_where_it_just_fills_the_pane(
    drive: Drive, repository: Path, paragraphs: int
) -> None:
    """Once the panel is gone the pane holds all but the last lines: the scroll bar comes with these."""
    said = "\n\n".join(f"line {number}" for number in range(paragraphs))
    async with drive(repository, [[TextDelta(said)], [edit()], [TextDelta("so it is")]]) as driven:
        await driven.ask("one")
        await driven.finished()
        await driven.ask("two")
        await driven.asked()
        await driven.pilot.press("y")
        await driven.finished(2)
        await driven.pilot.pause()
        assert driven.transcript.scroll_y == driven.transcript.max_scroll_y


async def test_an_edit_is_shown_with_numbers_and_its_file_in_the_headline(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[edit()]]) as driven:
        await driven.ask("rename it")
        await driven.asked()
        rows = [row.strip("┃ ") for row in screen_rows(driven)]
        assert any(row.startswith("edit_file README.md  +1 -1. Allow it?") for row in rows)
        assert any(row.split() == ["1", "-", "#", "Project"] for row in rows)
        assert any(row.split() == ["1", "+", "#", "Ledger"] for row in rows)
        assert not any("@@" in row or "+++" in row or "---" in row for row in rows)
        # Where there is no room for it above, the file stands on a row of its own.
        await driven.pilot.resize_terminal(30, 24)
        await driven.until(lambda: any(row.strip("┃ ") == "README.md" for row in screen_rows(driven)), "the file")
