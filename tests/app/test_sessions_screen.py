"""Sessions by keyboard: gone on with, searched, named, forked, exported, deleted, and taken back turn by turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.widgets import Input, OptionList, Static

from punie_tui.agent.events import TextStreamed
from punie_tui.agent.session import Session
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.turns import TurnsScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings

SIZES = [(120, 40), (80, 24), (20, 5)]


def converse(root: Path, *turns: tuple[str, Reply], is_killed: bool = False) -> str:
    """Run turns in a session of their own; its id. A killed one is cut off in its last turn."""
    engine = ScriptedEngine([reply for _, reply in turns], writes_answers=False)
    with closing(Session(root.resolve(), engine, Settings(), allow_all=True)) as session:
        for prompt, _ in turns[: len(turns) - is_killed]:
            list(session.run(prompt))
        if is_killed:
            events = session.run(turns[-1][0])
            while not isinstance(next(events), TextStreamed):
                pass
            assert session.log is not None
            # Nothing more of it reaches the file, as if the program had died here.
            session.log.close()
        return session.session_id


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "x = 1  # TODO\n"})


@pytest.fixture
def three(repository: Path) -> list[str]:
    """The ids of three sessions, the one last used first."""
    find = ToolCall("c", "grep", {"pattern": "TODO"})
    return [
        converse(repository, ("find TODO", [find]), ("thanks", [TextDelta("You are *welcome*.")])),
        converse(repository, ("explain the ledger", [TextDelta("It keeps accounts.")])),
        converse(repository, ("say [bold]hi[/] \x1b[31m", [TextDelta("hi")])),
    ][::-1]


async def open_sessions(driven: Driven) -> SessionsScreen:
    await driven.pilot.press("ctrl+o")
    screen = await driven.shown(SessionsScreen)
    await driven.until(lambda: screen.is_loaded, "all of them")
    return screen


async def open_turns(driven: Driven) -> TurnsScreen:
    await driven.pilot.press("ctrl+g")
    screen = await driven.shown(TurnsScreen)
    await driven.until(lambda: screen.is_loaded, "all of them")
    return screen


def told(screen: SessionsScreen) -> str:
    return str(screen.query_one("#sessions-told", Static).render())


def ids(driven: Driven) -> list[str]:
    session = driven.main._session
    assert session is not None
    return [each.session_id for each in session.sessions.summaries()]


@pytest.mark.parametrize("size", SIZES)
async def test_a_session_is_gone_on_with(
    drive: Drive, repository: Path, three: list[str], size: tuple[int, int]
) -> None:
    async with drive(repository, [[TextDelta("Gladly.")]], size=size) as driven:
        screen = await open_sessions(driven)
        assert screen.shown_titles[1:] == ["explain the ledger", "find TODO"]
        await driven.pilot.press("end", "enter")
        await driven.until(lambda: "welcome" in driven.transcript.plain_text, "the session")
        text = driven.transcript.plain_text
        assert text.index("› find TODO") < text.index("· grep(") < text.index("› thanks") < text.index("welcome")
        assert driven.trace_lines()[0].startswith("✓ grep(pattern='TODO')")
        await driven.ask("more")
        await driven.finished()
        roles = [message.role for message in driven.engine.requests[-1].messages]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "user", "assistant", "user"]
        assert ids(driven)[0] == three[2]
        assert len(ids(driven)) == 3


def footer(screen: SessionsScreen) -> str:
    return str(screen.query_one(KeyRow).render())


async def test_the_search_narrows_as_it_is_typed(drive: Drive, repository: Path, three: list[str]) -> None:
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        await driven.pilot.press("slash", *"welc")
        await driven.until(lambda: screen.shown_titles == ["find TODO"], "one match")
        assert told(screen) == "1 of 3 sessions"
        await driven.until(lambda: "⏎ To the list  esc End search" in footer(screen), "the keys of the search")
        await driven.pilot.press("x")
        await driven.until(lambda: screen.shown_titles == [], "no match")
        await driven.pilot.press("enter")
        await driven.until(lambda: "esc End search" in footer(screen), "the list's keys")
        await driven.pilot.press("escape")
        await driven.until(lambda: len(screen.shown_titles) == 3, "all again")
        await driven.until(lambda: "esc Back" in footer(screen), "the way back")
        await driven.pilot.press("escape")
        assert isinstance(driven.app.screen, MainScreen)


async def test_a_session_is_named_and_the_name_is_searched(drive: Drive, repository: Path, three: list[str]) -> None:
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        await driven.pilot.press("down", "n", *"books", "enter")
        await driven.until(lambda: "books" in screen.shown_titles, "the name")
        assert screen.shown_titles[1] == "books"
        # What is done next is done to the same one.
        assert screen.query_one(OptionList).highlighted == 1
        await driven.pilot.press("slash", *"BOOK", "enter")
        # What matches is looked at first; another Enter opens it.
        assert driven.app.screen is screen
        assert screen.query_one(OptionList).has_focus
        assert screen.shown_titles == ["books"]
        await driven.pilot.press("enter")
        await driven.until(lambda: "It keeps accounts." in driven.transcript.plain_text, "the session")


async def test_the_session_that_is_open_is_named_too(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Hello.")]]) as driven:
        await driven.ask("hi")
        await driven.finished()
        screen = await open_sessions(driven)
        await driven.pilot.press("n")
        assert screen.query_one("#sessions-answer", Input).value == "hi"
        await driven.pilot.press(*"mine", "enter")
        await driven.until(lambda: screen.shown_titles == ["mine"], "the name")


async def test_a_fork_is_a_session_of_its_own(drive: Drive, repository: Path, three: list[str]) -> None:
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        await driven.pilot.press("end", "f")
        await driven.until(lambda: len(screen.shown_titles) == 4, "the copy")
        assert screen.shown_titles.count("find TODO") == 1
        assert "find TODO (fork)" in screen.shown_titles
        assert told(screen).startswith("Copied: ")


async def test_deleting_asks_and_enter_means_no(drive: Drive, repository: Path, three: list[str]) -> None:
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        for key in ("enter", "escape", "n"):
            await driven.pilot.press("d")
            question = await driven.shown(ConfirmScreen)
            # Sessions may bear the same name.
            assert " (1 turn, 20" in str(question.query(Static).first().render())
            await driven.pilot.press(key)
            await driven.until(lambda: driven.app.screen is screen, "the list again")
        assert ids(driven) == three
        await driven.pilot.press("d", "y")
        await driven.until(lambda: len(screen.shown_titles) == 2, "one less")
        assert ids(driven) == three[1:]


async def test_the_open_session_and_one_that_is_open_elsewhere_stay(drive: Drive, repository: Path) -> None:
    elsewhere = Session(repository.resolve(), ScriptedEngine([[TextDelta("x")]]), Settings())
    with closing(elsewhere):
        list(elsewhere.run("elsewhere"))
        async with drive(repository, [[TextDelta("Hello.")]]) as driven:
            await driven.ask("here")
            await driven.finished()
            screen = await open_sessions(driven)
            await driven.pilot.press("d")
            assert "open here" in told(screen)
            await driven.pilot.press("down", "d", "y")
            await driven.until(lambda: "open in a punie" in told(screen), "the reason")
            assert len(ids(driven)) == 2


@pytest.mark.parametrize("suffix", ["md", "html"])
async def test_a_session_is_exported_and_no_file_written_over_without_a_yes(
    drive: Drive, repository: Path, three: list[str], suffix: str
) -> None:
    file = repository / f"out.{suffix}"
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        answer = screen.query_one("#sessions-answer", Input)

        async def export() -> None:
            answer.value = str(file)
            await driven.pilot.press("enter")

        await driven.pilot.press("end", "e")
        # A letter is typed there, and the footer promises it for nothing else.
        assert "/ Search" not in footer(screen)
        await driven.until(lambda: "⏎ Write  esc Drop it" in footer(screen), "the keys of the answer")
        # In the tree it would be one more change of the person's.
        assert not Path(answer.value).is_relative_to(repository)
        assert Path(answer.value).parent.is_dir()
        file.write_text("mine")
        await export()
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("n")
        await driven.until(lambda: answer.has_focus, "another file")
        assert (answer.value, file.read_text()) == (str(file), "mine")
        await export()
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("y")
        await driven.until(lambda: "Written: " in told(screen), "the file")
        text = file.read_text(encoding="utf-8")
        assert "<em>welcome</em>" in text if suffix == "html" else "*welcome*" in text


async def test_while_a_turn_runs_no_other_session_goes_on(drive: Drive, repository: Path, three: list[str]) -> None:
    gate = threading.Event()
    async with drive(repository, [[TextDelta("Well, "), gate]]) as driven:
        await driven.ask("think")
        await driven.until(lambda: "Well," in driven.transcript.plain_text, "the first words")
        screen = await open_sessions(driven)
        await driven.pilot.press("end", "enter")
        assert driven.app.screen is screen
        assert "A turn is running" in told(screen)
        gate.set()
        await driven.finished()


async def test_a_new_session_begins_empty(drive: Drive, repository: Path, three: list[str]) -> None:
    async with drive(repository, [[TextDelta("one")], [TextDelta("two")]]) as driven:
        await driven.ask("first")
        await driven.finished()
        await open_sessions(driven)
        await driven.pilot.press("N")
        await driven.until(lambda: "first" not in driven.transcript.plain_text, "an empty transcript")
        await driven.ask("second")
        await driven.finished(2)
        assert len(driven.engine.requests[-1].messages) == 2
        assert len(ids(driven)) == 5


@pytest.mark.parametrize("size", SIZES)
async def test_without_sessions_the_screen_says_how_they_come(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    async with drive(repository, size=size) as driven:
        screen = await open_sessions(driven)
        assert "saved by itself" in told(screen)
        await driven.pilot.press("enter", "n", "f", "e", "d", "question_mark")
        assert isinstance(driven.app.screen, KeysScreen)
        await driven.pilot.press("escape", "escape")
        assert isinstance(driven.app.screen, MainScreen)


async def test_foreign_text_in_a_title_is_shown_and_not_obeyed(
    drive: Drive, repository: Path, three: list[str]
) -> None:
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        row = str(screen.query_one(OptionList).get_option_at_index(0).prompt)
        assert row.startswith("say [bold]hi[/] ␛[31m")


async def test_a_session_that_was_cut_off_is_offered_and_one_key_goes_on_with_it(
    drive: Drive, repository: Path, three: list[str]
) -> None:
    converse(repository, ("first", [TextDelta("one")]), ("second", [TextDelta("tw"), TextDelta("o")]), is_killed=True)
    async with drive(repository, [[TextDelta("three")]]) as driven:
        assert "was cut off" in driven.transcript.hint_text
        await driven.pilot.press("ctrl+g")
        await driven.until(lambda: "› second" in driven.transcript.plain_text, "the session")
        assert driven.transcript.plain_text.rstrip().endswith("Stopped.")
        await driven.ask("third")
        await driven.finished()
        contents = [message.content for message in driven.engine.requests[-1].messages if message.role != "system"]
        assert contents == ["first", "one", "second", "tw", "third"]
    async with drive(repository) as driven:
        assert "was cut off" not in driven.transcript.hint_text


@pytest.mark.parametrize(
    ("asked", "again"), [(" /undo means what", " /undo means what"), ("/findings app.py", "/findings app.py")]
)
async def test_what_was_asked_comes_back_as_it_was_typed(
    drive: Drive, repository: Path, asked: str, again: str
) -> None:
    """A prompt stays one, and a command a command."""
    async with drive(repository, [[TextDelta("one")]]) as driven:
        await driven.ask(asked)
        await driven.finished()
        screen = await open_turns(driven)
        await driven.pilot.press("home", "enter")
        await driven.until(lambda: screen.is_attached is False and driven.prompt.text == again, again)


async def test_an_offer_is_no_more_once_something_else_was_said(drive: Drive, repository: Path) -> None:
    converse(repository, ("first", [TextDelta("one")]), is_killed=True)
    async with drive(repository, [[TextDelta("Hello.")]]) as driven:
        await driven.ask("hi")
        await driven.finished()
        await open_turns(driven)


def shown(driven: Driven) -> str:
    """The part of the chat that is on the screen, its lines joined."""
    region = driven.transcript.region
    rows = driven.app.screen._compositor.render_strips()[region.y : region.bottom]
    lines = (strip.crop(region.x, region.right).text.strip() for strip in rows)
    return " ".join(" ".join(lines).split())


def edit(number: int) -> Reply:
    return [ToolCall("c", "edit_file", {"path": "app.py", "old": f"x = {number}", "new": f"x = {number + 1}"})]


@pytest.mark.parametrize("size", SIZES)
async def test_turns_are_taken_back_and_made_again_with_their_files(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    replies = [edit(1), edit(2), edit(3), [TextDelta("fine")]]
    async with drive(repository, replies, size=size, allow_all=True) as driven:
        for number, prompt in enumerate(("one", "two", "three"), 1):
            await driven.ask(prompt)
            await driven.finished(number)
        file = repository / "app.py"
        for keys, value, shown, asked_next in (
            (["up", "up"], 2, ["one"], "two"),
            (["home"], 1, [], "one"),
            (["end"], 4, ["one", "two", "three"], ""),
            (["up"], 3, ["one", "two"], "three"),
        ):
            await open_turns(driven)
            await driven.pilot.press(*keys, "enter")
            await driven.until(lambda wanted=f"x = {value} ": wanted in file.read_text(), f"x = {value}")
            await driven.until(lambda: "stand" in driven.transcript.plain_text, "what was done")
            await driven.until(
                lambda wanted=shown: (
                    [line[2:] for line in driven.transcript.plain_text.splitlines() if line.startswith("› ")] == wanted
                ),
                f"the turns {shown}",
            )
            assert driven.prompt.text == asked_next
            driven.prompt.clear()
        await driven.ask("go on")
        await driven.finished(4)
        prompts = [message.content for message in driven.engine.requests[-1].messages if message.role == "user"]
        assert prompts == ["one", "two", "go on"]
        screen = await open_turns(driven)
        assert screen.query_one(OptionList).option_count == 4


async def test_a_file_that_the_person_edited_stops_the_way_back_and_nothing_moves(
    drive: Drive, repository: Path
) -> None:
    other = [ToolCall("c", "write_file", {"path": "other.py", "content": "y = 1\n"})]
    async with drive(repository, [edit(1), other], allow_all=True) as driven:
        await driven.ask("one")
        await driven.finished()
        await driven.ask("two")
        await driven.finished(2)
        mine = "x = 2  # mine\n" + "# also mine\n" * 60
        (repository / "app.py").write_text(mine)
        await open_turns(driven)
        # Where the session stands nothing has to be done, and that is said.
        await driven.pilot.press("enter")
        await driven.said("stands there already")
        driven.transcript.add("result", "\n".join(f"line {number}" for number in range(50)))
        await driven.pilot.press("alt+c", "home", "f3")
        assert not driven.transcript.is_vertical_scroll_end
        await open_turns(driven)
        await driven.pilot.press("home", "enter")
        await driven.until(lambda: "app.py was edited since punie" in driven.transcript.plain_text, "the reason")
        # The diffs have more rows than there is room for; what is seen is the reason, and what can be done.
        await driven.until(lambda: "The session stays where it is" in shown(driven), "the reason on the screen")
        assert "changed since in app.py" in shown(driven)
        assert "or fork there" in shown(driven)
        assert (repository / "app.py").read_text() == mine
        assert (repository / "other.py").read_text() == "y = 1\n"
        assert "› two" in driven.transcript.plain_text


async def test_a_fork_at_a_turn_leaves_files_and_session_as_they_are(drive: Drive, repository: Path) -> None:
    async with drive(repository, [edit(1), edit(2)], allow_all=True) as driven:
        await driven.ask("one")
        await driven.finished()
        await driven.ask("two")
        await driven.finished(2)
        (original,) = ids(driven)
        await open_turns(driven)
        await driven.pilot.press("up", "f")
        await driven.until(lambda: "› two" not in driven.transcript.plain_text, "the copy")
        assert "x = 3" in (repository / "app.py").read_text()
        assert len(ids(driven)) == 2
        session = driven.main._session
        assert session is not None
        assert session.session_id != original
        summaries = {each.session_id: each for each in session.sessions.summaries()}
        assert (summaries[original].turn_count, summaries[session.session_id].turn_count) == (2, 1)


async def test_a_long_session_shows_its_end_first_and_all_of_it_in_the_end(drive: Drive, repository: Path) -> None:
    find = [ToolCall("c", "grep", {"pattern": "TODO"})]
    turns = [(f"prompt number {number}", find) for number in range(60)]
    last = converse(repository, *turns, ("the last", [TextDelta("done")]))
    async with drive(repository) as driven:
        await open_sessions(driven)
        await driven.pilot.press("enter")
        await driven.until(lambda: "› the last" in driven.transcript.plain_text, "the end")
        await driven.until(lambda: not driven.main.is_replaying, "all of it")
        shown = [line for line in driven.transcript.plain_text.splitlines() if line.startswith("› ")]
        assert shown == [f"› prompt number {number}" for number in range(60)] + ["› the last"]
        lines = driven.trace_lines()
        assert sum(line.startswith("✓ grep") for line in lines) == 60
        await driven.pilot.press("f3", "home", "space")
        await driven.until(lambda: "app.py" in driven.trace_lines()[1], "the rows of the first call")
        assert ids(driven) == [last]


async def test_a_list_in_a_folder_of_hostile_files_goes_on(drive: Drive, repository: Path, three: list[str]) -> None:
    session = Session(repository.resolve(), ScriptedEngine([]), Settings())
    folder = session.sessions.folder
    session.close()
    (folder / "20200101-000000-000000.jsonl").write_bytes(b"\0" * 100)
    (folder / "20200101-000000-000001.jsonl").mkdir()
    (folder / "20200101-000000-000002.jsonl").symlink_to("nowhere")
    async with drive(repository) as driven:
        screen = await open_sessions(driven)
        await driven.pilot.press("slash", *"20200101-000000-000000", "enter", "enter")
        await driven.until(lambda: "holds nothing" in told(screen), "the reason")
