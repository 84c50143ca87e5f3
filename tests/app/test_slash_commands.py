"""`/` commands by keyboard: offered as the person types, run, and refused in one line."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.screen import Screen

from punie_tools.changes.journal import journal_folder
from punie_tui.agent.events import MessageQueued
from punie_tui.agent.session import Session
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.tree_review import TreeReviewScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.slash_commands import COMMANDS
from punie_tui.commands import trust
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.own_files import home_directory

FILES = {
    "app.py": "import os\n\nx: int = 'no'\n",
    "tests/test_app.py": "def test_good(): ...\n\n\ndef test_bad():\n    assert 0\n",
}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


async def test_every_command_is_offered_and_narrowed_by_letters(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("/")
        assert len(driven.popup.choices) == len(COMMANDS)
        await driven.type_in("re")
        assert [choice.value for choice in driven.popup.choices] == [
            "/rename ",
            "/review ",
            "/redo ",
            "/sessions ",
            "/diff",
            "/staged",
        ]
        await driven.pilot.press("escape")
        assert not driven.popup.is_open
        assert driven.prompt.text == "/re"


async def test_tab_completes_and_enter_runs(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("/mo")
        await driven.pilot.press("tab")
        assert driven.prompt.text == "/mode "
        await driven.type_in("plan")
        await driven.pilot.press("enter")
        await driven.said("Mode: plan.")
        assert driven.main.session is not None
        assert driven.main.session.policy.value == "plan"
        assert driven.engine.requests == []


async def test_what_a_command_takes_is_offered_after_its_name(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("yes")]]) as driven:

        async def offered(typed: str, *wanted: str) -> None:
            await driven.pilot.press("ctrl+u")
            await driven.type_in(typed)
            await driven.until(
                lambda: set(wanted) <= {choice.value for choice in driven.popup.choices} and driven.popup.is_open,
                f"{wanted} for {typed}",
            )

        await driven.ask("is it so")
        await driven.finished()
        assert driven.main.session
        first = driven.main.session.session_id
        await offered("/export ", f"session-{first}.md", f"session-{first}.html")
        await driven.pilot.press("ctrl+u")
        await driven.ask("/new")
        await driven.until(lambda: driven.main.session is not None and not driven.main.session.session_id, "a new one")
        await offered("/theme li", "punie-light")
        await offered("/mode ", "plan", "ask", "accept edits")
        await offered("/resume ", "last", first)
        await offered("/sessions IT so", first)
        await offered("/model n", "nano")
        await offered("/tests tests/", "tests/test_app.py")
        await offered("/findings app", "app.py")
        await offered("/review ", "HEAD")


async def test_enter_takes_an_argument_or_sends_what_is_typed(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:

        async def typed(text: str, first: str) -> None:
            await driven.type_in(text)
            await driven.until(
                lambda: bool(driven.popup.chosen and driven.popup.chosen.value == first) and driven.popup.is_open, first
            )

        await typed("/mode pl", "plan")
        await driven.pilot.press("enter")
        await driven.said("Mode: plan.")
        await typed("/mode acc", "accept edits")
        await driven.pilot.press("tab")
        assert driven.prompt.text == "/mode accept edits"
        await driven.pilot.press("enter")
        await driven.said("Mode: accept edits.")
        # Without a letter the command is sent as it is, unless a row was gone to.
        theme = driven.app.theme
        await typed("/theme ", "punie-dark")
        await driven.pilot.press("enter")
        assert driven.app.theme != theme
        await typed("/theme ", "punie-dark")
        await driven.pilot.press("up", "down", "enter")
        assert driven.app.theme == "punie-dark"
        # What may be more than is offered is sent as it is typed.
        await typed("/findings te", "tests/")
        await driven.pilot.press("enter")
        await driven.finished()
        assert any("typecheck(path='te')" in line for line in driven.trace_lines())
        await typed("/sessions ", "last")
        await driven.pilot.press("enter")
        await driven.shown(SessionsScreen)


@pytest.mark.parametrize(
    ("command", "screen"), [("/hel", KeysScreen), ("/trust", TrustScreen), ("/diff", TreeReviewScreen)]
)
async def test_a_command_opens_its_screen(
    drive: Drive, repository: Path, command: str, screen: type[Screen[object]]
) -> None:
    (repository / "app.py").write_text("y = 1\n")
    async with drive(repository) as driven:
        await driven.type_in(command)
        await driven.pilot.press("enter")
        await driven.shown(screen)
        assert driven.prompt.text == ""


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/undu", "There is no command /undu; did you mean /undo?"),
        ("/zzzzz", "There is no command /zzzzz; /help names them."),
        ("/presume", "There is no command /presume; did you mean /resume?"),
        ("/plume", "There is no command /plume; /help names them."),
        ("/help me", "/help takes nothing after it."),
        ("/keys emacs", "/keys takes nothing after it."),
    ],
)
async def test_what_is_no_command_is_told_and_stays(drive: Drive, repository: Path, command: str, told: str) -> None:
    async with drive(repository) as driven:
        await driven.type_in(command)
        await driven.pilot.press("enter")
        await driven.said(told)
        assert driven.prompt.text == command
        assert driven.engine.requests == []


@pytest.mark.parametrize("command", ["/resume", "/sessions"])
async def test_names_that_people_try_lead_to_the_sessions(drive: Drive, repository: Path, command: str) -> None:
    async with drive(repository) as driven:
        await driven.ask(command)
        await driven.shown(SessionsScreen)


async def test_a_session_is_named_copied_exported_and_resumed_by_its_name(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("It is **fine**.")]], writes_answers=True) as driven:
        await driven.ask("/rename early")
        await driven.said("Nothing was said in this session yet.")
        await driven.pilot.press("ctrl+c")
        await driven.ask("/copy")
        await driven.said("There is no answer to copy yet.")
        await driven.ask("how is it")
        await driven.finished()
        await driven.ask("/copy")
        await driven.until(lambda: driven.app.clipboard == "It is **fine**.", "the copy")
        await driven.ask("/rename my talk")
        await driven.said("This session is named 'my talk'.")
        await driven.ask("/status")
        await driven.said("is not trusted; session ")
        await driven.ask("/compact")
        await driven.said("punie leaves the oldest turns out by itself")
        await driven.ask("/export talk.md")
        await driven.said("Written: ")
        assert "It is **fine**." in (repository / "talk.md").read_text()
        await driven.ask("/export talk.md")
        await driven.said("is there already")
        await driven.ask("/clear")
        await driven.until(lambda: driven.main.session is not None and not driven.main.session.session_id, "a new one")
        await driven.ask("/resume my talk")
        await driven.until(
            lambda: driven.main.session is not None and driven.main.session.name == "my talk", "the talk"
        )


async def test_the_app_begins_with_a_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("none")]], begin_with="any errors in app.py?") as driven:
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == "any errors in app.py?"
        await driven.pilot.press("up")
        assert driven.prompt.text == "any errors in app.py?"


async def test_a_mode_that_is_none_names_those_there_are(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("/mode fast")
        await driven.said("There is no mode 'fast'. The mode is ask; there are plan, ask, accept edits")


@pytest.mark.parametrize("prompt", ["/usr/bin is what?", "/ what is that"])
async def test_a_path_at_the_beginning_is_a_prompt(drive: Drive, repository: Path, prompt: str) -> None:
    async with drive(repository, [[TextDelta("a folder")]]) as driven:
        await driven.ask(prompt)
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == prompt


async def test_a_space_before_it_sends_it_as_a_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("ok")]]) as driven:
        await driven.ask(" /undo is a command")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].content == "/undo is a command"


async def test_no_test_runs_by_hand_before_the_folder_is_trusted(drive: Drive, repository: Path) -> None:
    (repository / "conftest.py").write_text("open('ran', 'w')\n")
    async with drive(repository) as driven:
        await driven.ask("/tests")
        await driven.finished()
        assert "This folder is not trusted" in driven.transcript.plain_text
    assert not (repository / "ran").exists()


async def test_tests_run_by_hand_and_the_model_knows(drive: Drive, repository: Path) -> None:
    trust.run([str(repository)])
    async with drive(repository, [[TextDelta("one fails")]]) as driven:
        await driven.ask("/tests tests/test_app.py")
        await driven.finished()
        assert "1 failed" in driven.transcript.plain_text
        assert any("test_bad" in line for line in driven.trace_lines())
        assert driven.engine.requests == []
        await driven.ask("which fails")
        await driven.finished(2)
        roles = [message.role for message in driven.engine.requests[0].messages]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]


async def test_enter_on_a_choice_runs_what_needs_nothing_more(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("/find")
        await driven.pilot.press("enter")
        await driven.finished()
        assert any("typecheck()" in line for line in driven.trace_lines())


async def test_findings_are_both_tools_in_one_turn(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("/findings app.py")
        await driven.finished()
        lines = driven.trace_lines()
        assert any("typecheck(path='app.py')" in line for line in lines)
        assert any("F401" in line for line in lines)


async def test_a_slow_disk_under_a_new_name_holds_nothing_up(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Fine.")]], writes_answers=True) as driven:
        await driven.ask("how is it")
        await driven.finished()
        assert driven.main.session is not None
        assert driven.main.session.log is not None
        disk = driven.main.session.log._lock
        disk.acquire()
        # Only an app that waits for the disk gets so far.
        patience = threading.Timer(10, disk.release)
        patience.start()
        await driven.ask("/rename my talk")
        await driven.type_in("and now")
        assert driven.prompt.text == "and now"
        assert "is named" not in driven.transcript.plain_text
        patience.cancel()
        disk.release()
        await driven.said("This session is named 'my talk'.")


async def test_undo_and_redo_move_the_files_of_a_turn(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    async with drive(repository, [[write], [TextDelta("done")]], allow_all=True) as driven:
        await driven.ask("write it")
        await driven.finished()
        assert (repository / "new.py").exists()
        await driven.ask("/undo")
        await driven.said("Took back: new.py. That was done for “write it”.")
        assert not (repository / "new.py").exists()
        await driven.ask("/redo")
        await driven.said("Made again: new.py. That was done for “write it”.")
        assert (repository / "new.py").exists()


@contextmanager
def journal_in_use(session: Session) -> Generator[None]:
    """Another program changes files just now: who wants to undo waits for it."""
    assert session.changes.journal
    with (journal_folder(home_directory("state"), session.workspace.root) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def waiting(driven: Driven) -> list[str]:
    return [f"{each.state} {each.text}" for each in driven.queue.shown]


def in_order(driven: Driven, *texts: str) -> bool:
    places = [driven.transcript.plain_text.find(text) for text in texts]
    return places == sorted(places) and places[0] >= 0


async def test_what_is_sent_after_an_undo_begins_when_that_is_done_or_refused(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    replies = [[write], [TextDelta("done")], [TextDelta("Seen.")], [TextDelta("Still there.")]]
    async with drive(repository, replies, allow_all=True, writes_answers=True) as driven:
        await driven.ask("write it")
        await driven.finished()
        assert driven.main.session
        with journal_in_use(driven.main.session):
            for text in ("/undo", "look again", "/redo"):
                await driven.ask(text)
            await driven.until(lambda: waiting(driven) == ["waits look again", "waits /redo"], "the queue")
            assert not driven.main.is_turn_running
        await driven.said("Made again: new.py.")
        assert in_order(driven, "Took back: new.py.", "› look again", "Seen.", "Made again: new.py.")
        (repository / "new.py").write_text("mine")
        with journal_in_use(driven.main.session):
            await driven.ask("/undo")
            await driven.ask("and now")
        await driven.finished(3)
        assert in_order(driven, "Seen.", "nothing was done.", "› and now")


async def test_held_messages_that_go_on_keep_the_order_of_an_undo_and_a_prompt(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    async with drive(repository, [[write], [TextDelta("done")]], allow_all=True, writes_answers=True) as driven:
        await driven.ask("write it")
        await driven.finished()
        assert driven.main.session
        messages = [MessageQueued(text="/undo", message_id="1", is_command=True)]
        driven.main.session.keep_waiting([*messages, MessageQueued(text="look again", message_id="2")])
    async with drive(repository, [[TextDelta("Seen.")]], writes_answers=True) as driven:
        driven.main.change_session("last")
        await driven.said("2 messages are held")
        assert driven.main.session
        with journal_in_use(driven.main.session):
            await driven.pilot.press("enter")
            await driven.until(lambda: waiting(driven) == ["waits look again"], "the undo")
            assert not driven.main.is_turn_running
        await driven.finished()
        assert in_order(driven, "Took back: new.py.", "› look again")


async def test_undo_names_the_files_of_a_run_that_it_passes_over(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    command = ToolCall("c2", "run_command", {"command": "echo > report"})
    async with drive(repository, [[write], [command]], allow_all=True) as driven:
        for number, request in enumerate(("write it", "run it"), start=1):
            await driven.ask(request)
            await driven.finished(number)
        await driven.ask("/undo")
        await driven.said("Took back: new.py. Left as it is what a run made since: report")
        assert [(repository / name).exists() for name in ("new.py", "report")] == [False, True]


async def test_only_turns_of_this_session_are_moved_unless_one_is_named(drive: Drive, repository: Path) -> None:
    write = ToolCall("c1", "write_file", {"path": "new.py", "content": "x = 1\n"})
    async with drive(repository, [[write], [TextDelta("done")]], allow_all=True) as driven:
        await driven.ask("write it")
        await driven.finished()
        await driven.ask("/new")
        await driven.until(lambda: "write it" not in driven.transcript.plain_text, "an empty chat")
        await driven.ask("/undo")
        await driven.said("This session has nothing left to undo. `punie undo --list` names the turns of other")
        assert (repository / "new.py").exists()
        assert driven.main.session
        assert driven.main.session.changes.journal
        turn = driven.main.session.changes.journal.turns()[0].turn
        await driven.ask(f"/undo {turn}")
        await driven.said("Took back: new.py.")
        assert not (repository / "new.py").exists()
        await driven.ask("/redo")
        await driven.said("This session has nothing left to redo.")
        assert not (repository / "new.py").exists()


async def test_nothing_to_undo_is_one_line(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("/undo")
        await driven.said("There is nothing to undo")


async def test_files_do_not_move_under_a_running_turn(drive: Drive, repository: Path) -> None:
    gate = threading.Event()
    async with drive(repository, [[TextDelta("Well"), gate]], writes_answers=True) as driven:
        await driven.ask("think")
        await driven.said("Well")
        await driven.ask("/undo")
        await driven.said("A turn is running; Esc stops it, and then /undo can be sent.")
        assert driven.prompt.text == "/undo"
        gate.set()
        await driven.finished()
        await driven.pilot.press("enter")
        await driven.said("There is nothing to undo")


async def test_a_new_session_knows_nothing_of_the_old_one(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("one")], [TextDelta("two")]]) as driven:
        await driven.ask("first")
        await driven.finished()
        await driven.ask("/clear")
        await driven.until(lambda: "first" not in driven.transcript.plain_text, "an empty chat")
        await driven.ask("second")
        await driven.finished(2)
        contents = [message.content for message in driven.engine.requests[1].messages if message.role == "user"]
        assert contents == ["second"]


async def test_commands_are_in_the_history(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("/status")
        await driven.said("scripted answers;")
        await driven.pilot.press("up")
        assert driven.prompt.text == "/status"
        assert not driven.popup.is_open
