"""Messages while a turn runs: they wait in sight, are changed by key, are held by a stop, or steer the turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven

from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.engine.protocol import TextDelta, ToolCall


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"README.md": "# Project\n"})


def waiting(driven: Driven) -> list[str]:
    return [f"{each.state} {each.text}" for each in driven.queue.shown]


def footer(driven: Driven) -> str:
    return str(driven.main.query_one(KeyRow).render())


def prompts(driven: Driven) -> list[str]:
    said = driven.transcript.plain_text.split("\n\n")
    return [part for part in said if part.startswith(("› ", "» "))]


async def test_messages_that_wait_are_changed_moved_removed_and_sent_in_order(drive: Drive, repository: Path) -> None:
    gate = threading.Event()
    replies = [[gate, TextDelta("one")], *([TextDelta("more")] for _ in range(4))]
    async with drive(repository, replies) as driven:
        await driven.ask("first")
        for text in ("a", "b", "c", "d"):
            await driven.ask(text)
        await driven.until(lambda: len(waiting(driven)) == 4, "the queue")
        assert "4 messages wait" in str(driven.queue.render())
        await driven.pilot.press("alt+q")
        assert driven.app.focused is driven.queue
        await driven.pilot.press("down", "K")
        assert waiting(driven) == ["waits b", "waits a", "waits c", "waits d"]
        await driven.pilot.press("down", "down", "d")
        assert waiting(driven) == ["waits b", "waits a", "waits d"]
        await driven.pilot.press("up", "enter")
        assert driven.app.focused is driven.prompt
        assert driven.prompt.text == "a"
        await driven.pilot.press("2", "enter")
        assert waiting(driven) == ["waits b", "waits d", "waits a2"]
        await driven.pilot.press("slash", *"new", "enter", "z", "enter")
        assert waiting(driven)[3:] == ["waits /new", "waits z"]
        gate.set()
        await driven.finished(5)
        await driven.until(lambda: prompts(driven) == ["› z"], "the new session")
        assert [request.messages[-1].content for request in driven.engine.requests] == ["first", "b", "d", "a2", "z"]
        assert len(driven.engine.requests[-1].messages) == 2
        assert not driven.queue.display


async def test_a_stop_holds_what_waits_until_the_person_lets_it_go_on(drive: Drive, repository: Path) -> None:
    replies = [[TextDelta("Well"), threading.Event()], [TextDelta("now")], [TextDelta("later")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("first")
        await driven.said("Well")
        await driven.ask("second")
        await driven.pilot.press("alt+q")
        await driven.until(lambda: "s Steer  esc Back" in footer(driven), "the keys of the queue")
        # Out of the list first; the turn goes on.
        await driven.pilot.press("escape")
        assert driven.app.focused is driven.prompt
        assert driven.main.is_turn_running
        await driven.pilot.press("escape")
        await driven.finished()
        await driven.said("1 message is held; Enter in the empty prompt sends.")
        assert waiting(driven) == ["held second"]
        assert "1 message is held: Enter in the empty prompt sends" in str(driven.queue.render())
        await driven.pilot.press("alt+q")
        await driven.until(lambda: "esc Back" in footer(driven), "the keys of the queue")
        assert "Steer" not in footer(driven)
        await driven.pilot.press("escape")
        # What is typed now is what the person wants now.
        await driven.ask("instead")
        await driven.finished(2)
        assert waiting(driven) == ["held second"]
        await driven.pilot.press("enter")
        await driven.finished(3)
        assert prompts(driven) == ["› first", "› instead", "› second"]


async def test_ctrl_s_gives_a_message_to_the_running_turn(drive: Drive, repository: Path) -> None:
    gate, second = threading.Event(), threading.Event()
    replies = [
        [TextDelta("I look."), gate, ToolCall("c1", "list_files", {})],
        [second, TextDelta("So it is.")],
        [TextDelta("Short.")],
    ]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("look")
        await driven.said("I look.")
        await driven.pilot.press(*"only", "ctrl+s")
        assert waiting(driven) == ["steers only"]
        assert "at the next step" in str(driven.queue.render())
        assert "Ctrl+S lets the turn read the first now" in str(driven.queue.render())
        # One that is taken back in time is not read.
        await driven.ask("never")
        await driven.pilot.press("alt+q", "down", "s", "d", "f2")
        assert waiting(driven) == ["steers only"]
        gate.set()
        await driven.until(lambda: "» only" in prompts(driven), "the steering in the chat")
        assert not driven.queue.display
        # With nothing typed it is the first message that waits.
        await driven.ask("shorter")
        await driven.pilot.press("ctrl+s")
        second.set()
        await driven.finished()
        assert prompts(driven) == ["› look", "» only", "» shorter"]
        asked = [[message.content for message in request.messages[1:]] for request in driven.engine.requests]
        assert asked[1][-1] == "only"
        assert asked[2][-2:] == ["So it is.", "shorter"]
        assert "never" not in str(asked)


async def test_with_a_model_that_only_routes_it_waits_and_says_so(drive: Drive, repository: Path) -> None:
    gate = threading.Event()
    async with drive(repository, [[gate, TextDelta("one")], [TextDelta("two")]]) as driven:
        await driven.ask("first")
        await driven.until(lambda: driven.main.is_turn_running, "the turn")
        await driven.pilot.press("x", "ctrl+s")
        await driven.said("reads one request in a turn")
        assert waiting(driven) == ["waits x"]
        assert str(driven.queue.render()).splitlines()[0] == "1 message waits: Alt+Q changes"
        await driven.pilot.press("alt+q")
        await driven.until(lambda: "esc Back" in footer(driven), "the keys of the queue")
        assert "Steer" not in footer(driven)
        gate.set()
        await driven.finished(2)
        assert prompts(driven) == ["› first", "› x"]


async def test_what_waits_survives_a_quit_and_is_offered_again_in_its_order(drive: Drive, repository: Path) -> None:
    (repository / "notes.txt").write_text("a note\n")
    replies = [[TextDelta("Well"), threading.Event()]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("first")
        await driven.said("Well")
        await driven.ask("third")
        await driven.type_in("see @notes.txt ")
        await driven.pilot.press("enter")
        await driven.ask("gone")
        await driven.pilot.press("alt+q", "down", "K", "down", "down", "d", "f2")
        assert waiting(driven) == ["waits see @notes.txt", "waits third"]
    # Nothing was stopped in order here: the app is gone while its first turn runs.
    async with drive(repository, [[TextDelta("seen")], [TextDelta("done")]], writes_answers=True) as driven:
        assert waiting(driven) == []
        await driven.pilot.press("ctrl+o")
        await driven.shown(SessionsScreen)
        await driven.pilot.press("enter")
        await driven.said("2 messages are held since this session was left; Enter in the empty prompt sends.")
        assert waiting(driven) == ["held see @notes.txt", "held third"]
        assert driven.engine.requests == []
        await driven.pilot.press("enter")
        await driven.finished(2)
        first, second = driven.engine.requests
        assert "a note" in first.messages[-1].whole
        assert second.messages[-1].content == "third"
        session = driven.main.session
        assert session is not None
        assert session.record().waiting == []


async def test_what_is_held_stays_with_its_session_and_what_follows_new_does_not(
    drive: Drive, repository: Path
) -> None:
    replies = [[TextDelta("Well"), threading.Event()], [TextDelta("other")], [TextDelta("late")]]
    async with drive(repository, replies, writes_answers=True) as driven:
        await driven.ask("first")
        await driven.said("Well")
        await driven.ask("held one")
        await driven.pilot.press("escape")
        await driven.finished()
        assert driven.main.session is not None
        first = driven.main.session.session_id
        await driven.ask("/new")
        await driven.said("1 message is held in the session that you left, for when you go on with it.")
        assert waiting(driven) == []
        await driven.ask("second")
        await driven.finished(2)
        assert driven.main.session.record().waiting == []
        await driven.ask("/sessions gone")
        await driven.said("There is no session gone")
        await driven.ask(f"/sessions {first}")
        await driven.said("1 message is held since this session was left")
        assert waiting(driven) == ["held held one"]
        await driven.ask("/sessions gone")
        await driven.said("There is no session gone")
        assert waiting(driven) == ["held held one"]
    # Quitting from the new session would lose it.
    async with drive(repository, [[TextDelta("late")]], writes_answers=True) as driven:
        await driven.ask("/sessions last")
        await driven.until(lambda: waiting(driven) == ["held held one"], "the message")
        await driven.ask("/new")
        await driven.said("held in the session that you left")
    async with drive(repository, [[TextDelta("late")]], writes_answers=True) as driven:
        await driven.ask("/sessions last")
        await driven.until(lambda: waiting(driven) == ["held held one"], "the message")
        await driven.pilot.press("enter")
        await driven.finished()
        assert prompts(driven) == ["› first", "› held one"]


@pytest.mark.parametrize("text", ["/new is broken", "!important", "Quit"])
async def test_what_was_no_command_is_none_after_it_was_changed_or_is_sent_again(
    drive: Drive, repository: Path, text: str
) -> None:
    gate = threading.Event()
    replies = [[gate, TextDelta("one")], [TextDelta("two")], [TextDelta("three")]]
    async with drive(repository, replies) as driven:
        await driven.ask("first")
        await driven.ask(f" {text}")
        await driven.until(lambda: waiting(driven) == [f"waits {text}"], "the queue")
        await driven.pilot.press("alt+q", "enter")
        await driven.until(lambda: driven.prompt.has_focus, "the prompt")
        assert waiting(driven) == []
        await driven.pilot.press("enter")
        await driven.until(lambda: waiting(driven) == [f"waits {text}"], "the queue again")
        gate.set()
        await driven.finished(2)
        await driven.pilot.press("up", "enter")
        await driven.finished(3)
        assert prompts(driven) == ["› first", f"› {text}", f"› {text}"]
