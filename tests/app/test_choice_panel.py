"""Choosing what was meant, by key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.events import Key

from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS, AskingPanel
from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import Doubt, TextDelta, ToolCall
from punie_tui.engine.scripted import Reply

UNSURE: Reply = [ToolCall("1", "list_files", {}), Doubt(0.2, "list_files", ("status", "branches"))]
STATUS: Reply = [ToolCall("2", "git_status", {}), Doubt(0.9, "git_status", ())]
RUNS: Reply = [ToolCall("4", "run_command", {"command": "touch x"})]
BRANCHES: Reply = [ToolCall("5", "git_branches", {}), Doubt(0.9, "list branches", ())]
TALK: Reply = [Doubt(0.9, "answer in words", ()), TextDelta("Hello.")]


async def offered(driven: Driven) -> ChoicePanel:
    panel = driven.main.query_one(ChoicePanel)
    await driven.until(lambda: panel.is_asking and panel.has_focus, "the choices")
    return panel


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5)])
async def test_a_key_does_what_was_meant(drive: Drive, tmp_path: Path, size: tuple[int, int]) -> None:
    async with drive(tmp_path, [UNSURE, STATUS, BRANCHES, UNSURE, STATUS, BRANCHES], size=size) as driven:
        await driven.ask("hm")
        panel = await offered(driven)
        assert panel.region.height > 0
        if size[0] >= 80:
            status = driven.main.query_one(StatusLine)
            await driven.until(lambda: "waiting for you" in str(status.render()), "the status")
            footer = str(driven.main.query_one(KeyRow).render())
            assert footer.startswith("1 First  2 Second  3 Third  n None  "), footer
        else:
            await driven.until(lambda: driven.prompt.placeholder == "ask, not trusted", "the mode in the prompt")
        # Too early for an answer, and no answer ever after.
        await driven.pilot.press("2")
        assert panel.is_asking
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("2")
        await driven.finished(1)
        assert not panel.is_asking
        assert driven.prompt.has_focus
        assert driven.prompt.placeholder == "Ask about this project"
        assert any("git_status" in line for line in driven.trace_lines())
        assert not any("list_files" in line for line in driven.trace_lines())

        await driven.ask("hm")
        await offered(driven)
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("n")
        await driven.finished(2)
        await driven.said("none of these")


@pytest.mark.parametrize("reply", [UNSURE, RUNS], ids=["a choice", "an approval"])
async def test_trust_is_not_asked_for_above_another_question(drive: Drive, tmp_path: Path, reply: Reply) -> None:
    async with drive(tmp_path, [reply, STATUS, BRANCHES]) as driven:
        await driven.ask("hm")
        panels = driven.main.query(AskingPanel)
        await driven.until(lambda: any(panel.is_asking and panel.has_focus for panel in panels), "the question")
        await driven.pilot.press("ctrl+t")
        assert driven.app.screen is driven.main
        assert [each.message for each in driven.app._notifications] == [
            "A question waits; trust can be asked for once it is answered."
        ]
        await driven.pilot.press("escape")
        await driven.finished()
        await driven.pilot.press("ctrl+t")
        await driven.shown(TrustScreen)


@pytest.mark.parametrize("reply", [UNSURE, RUNS], ids=["a choice", "an approval"])
@pytest.mark.parametrize("size", [(80, 10), (40, 8), (20, 5)])
async def test_on_few_rows_the_mode_is_seen_and_who_has_the_keys(
    drive: Drive, tmp_path: Path, size: tuple[int, int], reply: Reply
) -> None:
    def rows() -> list[str]:
        strips = driven.main._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    async with drive(tmp_path, [reply, STATUS, BRANCHES], size=size) as driven:
        await driven.ask("hm")
        panels = driven.main.query(AskingPanel)
        await driven.until(lambda: any(panel.is_asking and panel.has_focus for panel in panels), "the question")
        await driven.until(lambda: "ask" in rows()[-1], "the mode")
        assert "Alt+A" not in " ".join(rows())
        # What is typed leaves the question without the keys.
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("z")
        await driven.until(lambda: driven.prompt.text == "z", "the prompt")
        await driven.until(lambda: "Alt+A" in " ".join(rows()), "the way back")
        await driven.pilot.press("alt+a")
        await driven.until(lambda: "Alt+A" not in " ".join(rows()), "the keys at the question")
        # On a screen that has become larger the prompt tells what it always tells.
        await driven.pilot.press("backspace")
        await driven.pilot.resize_terminal(80, 24)
        await driven.until(lambda: driven.prompt.placeholder == "Ask about this project", "the usual words")
        await driven.pilot.resize_terminal(20, 5)
        await driven.until(lambda: driven.prompt.placeholder == "ask, not trusted", "the mode in the prompt")


async def test_on_few_rows_it_is_read_by_scrolling_and_escape_stops_the_turn(drive: Drive, tmp_path: Path) -> None:
    long: Reply = [ToolCall("3", "git_status", {}), Doubt(0.9, "look for a word " * 12, ())]
    async with drive(tmp_path, [UNSURE, long, BRANCHES], size=(40, 12)) as driven:
        await driven.ask("hm")
        panel = await offered(driven)
        await driven.until(lambda: panel.max_scroll_y > 0, "more than fits")
        screen = driven.app.screen.size
        assert driven.main.query_one(StatusLine).region.bottom == screen.height - 1
        assert driven.main.query_one(KeyRow).region.bottom == screen.height
        assert driven.prompt.region.height == 1
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("end")
        await driven.until(lambda: panel.scroll_offset.y == panel.max_scroll_y, "its end")
        await driven.pilot.press("escape")
        await driven.finished(1)
        assert not panel.is_asking
        assert driven.prompt.has_focus
        assert not any("list_files" in line for line in driven.trace_lines())


async def test_a_sentence_goes_to_the_prompt_and_once_sent_starts_at_once(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, [UNSURE, STATUS, BRANCHES, TALK]) as driven:
        await driven.ask("hm")
        panel = await offered(driven)
        driven.clock.now += GUARD_SECONDS
        # All of it may come before the prompt has the keys, also letters that would be answers.
        await driven.press_at_once(*"just run all 22 tests")
        await driven.until(lambda: driven.prompt.has_focus, "the prompt")
        assert driven.prompt.text == "just run all 22 tests"
        assert panel.is_asking
        await driven.pilot.press("alt+a")
        await driven.until(lambda: panel.has_focus, "the choices again")
        assert panel.is_asking
        driven.prompt.focus()
        await driven.pilot.press("n", "enter")
        await driven.finished(2)
        assert not panel.is_asking
        assert driven.queue.shown == []
        assert driven.engine.requests[-1].messages[-1].content == "just run all 22 testsn"
        assert not any("list_files" in line or "git_status" in line for line in driven.trace_lines())


async def test_undo_takes_none_of_the_choices_and_follows_at_once(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    repository = make_repository({"app.py": "x = 1\n"})
    writes: Reply = [ToolCall("3", "write_file", {"path": "new.py", "content": "x = 2\n"})]
    async with drive(repository, [writes, UNSURE, STATUS, BRANCHES], allow_all=True) as driven:
        await driven.ask("make it")
        await driven.finished(1)
        await driven.ask("hm")
        panel = await offered(driven)
        driven.prompt.focus()
        await driven.ask("/undo")
        await driven.finished(2)
        await driven.said("Took back: new.py.")
        assert not panel.is_asking
        assert driven.prompt.text == ""
        assert not any("git_status" in line for line in driven.trace_lines())


async def test_undo_stays_in_the_prompt_while_an_approval_waits(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, [RUNS, TALK]) as driven:
        await driven.ask("hm")
        await driven.asked()
        driven.prompt.focus()
        await driven.ask("/undo")
        await driven.said("A turn is running; Esc stops it, and then /undo can be sent.")
        assert driven.prompt.text == "/undo"
        assert driven.panel.is_asking


@pytest.mark.parametrize("reply", [UNSURE, RUNS], ids=["a choice", "an approval"])
async def test_the_app_is_left_while_a_question_is_open(
    drive: Drive, tmp_path: Path, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    async with drive(tmp_path, [reply, STATUS, BRANCHES]) as driven:
        await driven.ask("hm")
        panels = driven.main.query(AskingPanel)
        await driven.until(lambda: any(panel.is_asking and panel.has_focus for panel in panels), "the question")
        # The first one asks, because a turn runs.
        await driven.pilot.press("ctrl+q")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("ctrl+q")
        await driven.until(lambda: not driven.app.is_running, "its end")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_number_sent_from_the_prompt_chooses_and_the_footer_tells_the_way_back(
    drive: Drive, tmp_path: Path, size: tuple[int, int]
) -> None:
    def footer() -> str:
        return str(driven.main.query_one(KeyRow).render())

    async with drive(tmp_path, [UNSURE, STATUS, BRANCHES, UNSURE, STATUS, BRANCHES, TALK], size=size) as driven:
        await driven.ask("hm")
        panel = await offered(driven)
        assert "Answer" not in footer()
        driven.clock.now += GUARD_SECONDS
        driven.prompt.focus()
        await driven.until(lambda: "alt+a Answer" in footer(), "the key in the footer")
        await driven.ask("2")
        await driven.finished(1)
        assert not panel.is_asking
        assert any("git_status" in line for line in driven.trace_lines())
        assert "Answer" not in footer()

        await driven.ask("hm")
        await offered(driven)
        driven.prompt.focus()
        await driven.pilot.press("alt+a")
        assert panel.has_focus
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("2")
        await driven.finished(2)
        # Where nothing asks it is no letter.
        driven.app.post_message(Key("alt+a", "a"))
        await driven.pilot.pause()
        assert driven.prompt.text == ""
