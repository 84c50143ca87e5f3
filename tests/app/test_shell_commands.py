"""`!command` by keyboard: the person's own shell, shown in the chat, stopped by Escape, brought along once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from app_driver import Drive
from hypothesis import given
from hypothesis import strategies as st

from punie_tui.app.printed_text import PrintedText
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.shell_work import attachment_of, run_in_shell
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.chat.shown_command import command_parts
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import TextDelta


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "x = 1\n"})


async def test_a_command_runs_in_the_folder_and_the_next_prompt_brings_it(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")], [TextDelta("b")]]) as driven:
        await driven.ask("!ls; false")
        await driven.said("Exit code 1.")
        assert "· ! ls; false\n\n  app.py" in driven.transcript.plain_text
        assert driven.engine.requests == []
        price = driven.main.query_one(Prompt).price
        await driven.until(lambda: "output of ! ls; false" in price.shown, "the price")
        await driven.ask("why")
        await driven.finished()
        asked = driven.engine.requests[0].messages[-1]
        assert asked.content == "why"
        assert asked.attached == "[output: ! ls; false]\napp.py\n(Exit code 1)"
        await driven.ask("and now")
        await driven.finished(2)
        assert driven.engine.requests[1].messages[-1].attached == ""
        assert price.shown == ""


async def test_a_session_of_commands_alone_is_there_after_a_quit_and_an_offered_one_stays_offered(
    drive: Drive, repository: Path
) -> None:
    async with drive(repository) as driven:
        await driven.ask("!echo $((40 + 2))")
        await driven.said("42")
        session = driven.main.session
        assert session is not None
        await driven.until(lambda: session.has_saved_events, "the file")
        # As a crash does: nothing more of it reaches the file.
        assert session.log is not None
        session.log.close()
    async with drive(repository) as driven:
        await driven.until(lambda: "was cut off: “\\! echo" in driven.transcript.hint_text, "the offer")
        await driven.ask("!false")
        await driven.said("Exit code 1.")
        assert driven.main.check_action("go_on", ())
        await driven.pilot.press("ctrl+g")
        await driven.said("42")
        assert "Exit code 1." not in driven.transcript.plain_text
        assert not driven.main.check_action("go_on", ())
        await driven.pilot.press("ctrl+g")
        await driven.said("No turn ran in this session yet")
        assert driven.main.session is not None
        titles = [each.title for each in driven.main.session.sessions.summaries()]
        assert sorted(titles) == ["! echo $((40 + 2))", "! false"]


async def test_a_command_that_cannot_be_saved_is_told_of_in_the_status_line(
    drive: Drive, repository: Path, punie_home: Path
) -> None:
    (punie_home / "state").mkdir(parents=True)
    (punie_home / "state" / "sessions").write_text("no folder")
    async with drive(repository) as driven:
        await driven.ask("!echo 5")
        status = driven.main.query_one(StatusLine)
        await driven.until(lambda: "not saved" in str(status.render()), "not saved")


async def test_backspace_in_the_empty_prompt_drops_the_output(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.ask("!ls")
        await driven.until(lambda: "output of ! ls" in driven.main.query_one(Prompt).price.shown, "the price")
        await driven.pilot.press("backspace")
        await driven.ask("why")
        await driven.finished()
        assert driven.engine.requests[0].messages[-1].attached == ""


async def test_escape_stops_it_and_shows_what_was_printed(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("!echo begun; echo > here; sleep 300")
        await driven.until(lambda: (repository / "here").exists(), "the command to run")
        assert driven.main.check_action("stop", ())
        await driven.pilot.press("escape")
        await driven.said("Stopped.")
        assert "begun" in driven.transcript.plain_text
        assert not driven.main.check_action("stop", ())


async def test_a_second_command_waits_in_the_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("!sleep 300")
        await driven.ask("!ls")
        await driven.said("A command is running; Esc stops it.")
        assert driven.main.query_one(Prompt).text == "!ls"
        await driven.pilot.press("escape")
        await driven.said("Stopped.")


async def test_a_space_before_it_and_a_mark_alone_are_prompts(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")], [TextDelta("b")]]) as driven:
        await driven.ask(" !ls")
        await driven.ask("!!")
        await driven.finished(2)
        assert [request.messages[-1].content for request in driven.engine.requests] == ["!ls", "!!"]


def until_there_is(file: str) -> str:
    """A command that waits for a file, so that a test says when it goes on."""
    return f"while [ ! -e {file} ]; do sleep 0.01; done"


async def test_what_it_prints_is_shown_as_it_comes(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask(f"!echo begun; {until_there_is('go')}; echo over; false")
        await driven.said("\n\n  begun")
        assert driven.main.check_action("stop", ())
        (repository / "go").touch()
        await driven.said("\n\n  begun\nover\n\n  Exit code 1.")


async def test_it_goes_on_at_its_place_while_a_turn_runs_and_after_it(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Well.")]], writes_answers=True) as driven:
        await driven.ask(f"!{until_there_is('one')}; echo 1; {until_there_is('two')}; echo 2; false")
        await driven.ask("why")
        await driven.finished()
        status = driven.main.query_one(StatusLine)
        assert "your command" in str(status.render())
        (repository / "one").touch()
        await driven.said("echo 2; false\n\n  1\n\n› why\n\n  Well.")
        (repository / "two").touch()
        await driven.said("echo 2; false\n\n  1\n2\n\n  Exit code 1.\n\n› why\n\n  Well.")
        await driven.until(lambda: "ready" in str(status.render()), "the end of it")


async def test_who_reads_below_it_stays_there_while_it_grows(drive: Drive, repository: Path) -> None:
    said = "\n\n".join(f"number {number}" for number in range(60))
    async with drive(repository, [[TextDelta(said)]], writes_answers=True) as driven:
        await driven.ask(f"!{until_there_is('one')}; seq 50; {until_there_is('two')}; seq 51 99")
        await driven.ask("after")
        await driven.finished()
        await driven.pilot.press("alt+c", "pageup", "pageup")
        seen = [line.text for line in driven.transcript.render_lines(driven.transcript.size.region)]
        assert "number 30" in "".join(seen)
        for go, last in (("one", "50"), ("two", "99")):
            (repository / go).touch()
            await driven.said(f"\n{last}\n")
            assert [line.text for line in driven.transcript.render_lines(driven.transcript.size.region)] == seen


async def test_a_long_output_is_folded_to_both_ends_and_unfolds(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask(f"!seq 40; {until_there_is('go')}; seq 41 5000; false")

        def seen() -> str:
            lines = driven.transcript.render_lines(driven.transcript.size.region)
            return "\n".join(line.text.strip() for line in lines)

        await driven.until(lambda: "9\n10\n… 20 more lines (Space in the chat unfolds)\n31\n" in seen(), "both ends")
        (repository / "go").touch()
        await driven.said("Exit code 1.")
        assert "9\n10\n… 4,980 more lines (Space in the chat unfolds)\n4991\n" in seen()
        assert "\n2500\n" in driven.transcript.plain_text
        # From the tail too, and back.
        await driven.pilot.press("alt+c", "up", "up", "up", "space")
        assert "more lines" not in seen()
        await driven.pilot.press("home", *["pagedown"] * 3)
        assert "\n70\n71\n72\n" in seen()
        await driven.pilot.press("space")
        assert "… 4,980 more lines (Space" in seen()


async def test_what_is_searched_for_is_found_in_what_is_folded(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.ask("!seq 5000; false")
        await driven.said("Exit code 1.")
        await driven.pilot.press("alt+c", "slash", *"2345", "enter")
        lines = driven.transcript.render_lines(driven.transcript.size.region)
        assert "2345" in [line.text.strip(" ▌") for line in lines]


async def test_who_leaves_the_session_sees_all_that_it_printed_in_the_next(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.ask("why")
        await driven.finished()
        await driven.ask(f"!seq 100; {until_there_is('go')}; seq 101 200")
        await driven.said("\n100")
        await driven.ask("/new")
        await driven.until(lambda: not driven.transcript.plain_text, "an empty chat")
        (repository / "go").touch()
        await driven.said("\n".join(map(str, range(1, 201))))


async def test_it_goes_on_in_a_new_session(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.ask("why")
        await driven.finished()
        await driven.ask(f"!echo 1; {until_there_is('go')}; echo 2")
        await driven.said("\n\n  1")
        await driven.ask("/new")
        await driven.until(lambda: not driven.transcript.plain_text, "an empty chat")
        (repository / "go").touch()
        await driven.said("echo 2\n\n  1\n2")


async def test_a_session_that_is_gone_on_with_shows_it_again(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Well.")]]) as driven:
        await driven.ask("!ls; false")
        await driven.said("Exit code 1.")
        await driven.ask("why")
        await driven.finished()
        await driven.ask("!echo 5")
        await driven.said("\n\n  5")
        shown = driven.transcript.plain_text
    async with drive(repository) as driven:
        await driven.ask("/resume last")
        await driven.until(lambda: driven.transcript.plain_text == shown, shown)


async def test_quitting_asks_and_ends_it_with_what_it_printed_kept(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Well.")]]) as driven:
        await driven.ask("why")
        await driven.finished()
        await driven.ask("!echo 1; echo $$ > pid; sleep 300")
        await driven.said("\n\n  1")
        await driven.pilot.press("ctrl+q")
        await driven.shown(ConfirmScreen)
        await driven.pilot.press("y")
    assert not psutil.pid_exists(int((repository / "pid").read_text()))
    async with drive(repository) as driven:
        await driven.ask("/resume last")
        await driven.said("sleep 300\n\n  1\n\n  Stopped.")


@given(st.text("ab é\n\r\x1b[1m", max_size=60).map(str.encode), st.lists(st.integers(0, 60)))
def test_it_does_not_matter_in_which_pieces_the_output_comes(printed: bytes, cuts: list[int]) -> None:
    whole, pieces = PrintedText(), PrintedText()
    whole.add(printed)
    edges = [0, *sorted(min(cut, len(printed)) for cut in cuts), len(printed)]
    for start, end in pairwise(edges):
        pieces.add(printed[start:end])
    assert pieces.text == whole.text


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 400])
@pytest.mark.parametrize("ending", ["", "\n"])
def test_all_is_kept_up_to_a_limit_beyond_which_the_cut_is_told(count: int, ending: str) -> None:
    """Each of the lines has four characters with its end; half of the limit are twelve of them and a bit."""
    lines = [str(100 + number) for number in range(count)]
    printed = PrintedText(most_characters=100)
    printed.add(("\n".join(lines) + ending).encode())
    told = printed.text.split("\n")
    if count <= 24:
        assert told == (lines or [""])
    elif count == 400:
        kept_last = told[13:]
        left_out = count - 12 - len(kept_last)
        assert told[:13] == [*lines[:12], f"… {left_out} lines left out: punie keeps 100 characters …"]
        assert kept_last == lines[-len(kept_last) :]
        assert len(kept_last) in (12, 13)


@given(st.lists(st.text("ab é\n\r", max_size=30).map(str.encode), max_size=12))
def test_news_add_up_to_what_was_printed(pieces: list[bytes]) -> None:
    printed = PrintedText(most_characters=10_000)
    shown: list[str] = []
    end: list[str] = []
    for piece in pieces:
        printed.add(piece)
        news = printed.news()
        shown, end = [*shown, *news.lines], news.end
        assert "\n".join([*shown, *end]) == printed.text
    first = printed.news(is_first=True)
    assert ([*first.lines], first.end) == (shown, end)


def test_beyond_the_limit_the_news_are_the_last_lines_and_how_many_came() -> None:
    printed = PrintedText(most_characters=100)
    printed.add(b"".join(b"%d\n" % (100 + number) for number in range(300)))
    news = printed.news()
    assert news.lines == [str(100 + number) for number in range(12)]
    assert news.end == ["… 288 more lines so far …", *(str(390 + number) for number in range(10))]
    printed.add(b"more")
    assert printed.news().lines == []
    assert printed.news().end[-2:] == ["399", "more"]


def test_a_line_without_end_takes_no_more_room_than_it_shows() -> None:
    printed = PrintedText()
    for number in range(1000):
        printed.add(b"x" * 1000 + b"\r" * (number == 998))
    assert printed.text == "x" * 1000
    printed.add(b"y" * 1_000_000)
    assert printed.text == f"{'x' * 1000}{'y' * 99_000} … the rest of this line is left out"


def output_of(command: str, folder: Path) -> tuple[str, str]:
    ran = run_in_shell(command, folder, threading.Event(), PrintedText())
    return ran.output, ran.ending


def test_both_outputs_come_in_their_order(tmp_path: Path) -> None:
    assert output_of("echo one; echo two >&2; echo three", tmp_path) == ("one\ntwo\nthree", "")


def test_what_it_prints_is_shown_and_never_obeyed(tmp_path: Path) -> None:
    text, _ = output_of(r"printf '\033[31mred\033[0m \033]0;title\007 5%%\r100%%\n\342\200\256back\0'", tmp_path)
    assert list(command_parts("ls\0", text, "")) == [("call", "! ls␀"), ("output", "100%\n\\u202eback␀")]


def test_a_long_output_is_kept_whole(tmp_path: Path) -> None:
    text, _ = output_of("seq 1 1000000", tmp_path)
    assert text == "\n".join(map(str, range(1, 1_000_001)))


def test_what_is_long_is_cut_for_the_model(tmp_path: Path) -> None:
    text, _ = output_of("head -c 100000 /dev/zero | tr '\\0' x; echo; echo next", tmp_path)
    assert text == "x" * 100_000 + "\nnext"
    ran = run_in_shell("seq 1000000 1009999", tmp_path, threading.Event(), PrintedText())
    assert len(ran.output.splitlines()) == 10_000
    kept = attachment_of(ran).text
    assert len(kept) < 8_100
    assert kept.startswith("1000000\n1000001")
    assert "\n…\n" in kept
    assert kept.endswith(f"{ran.output[-3_000:]}\n(it ended well)")


def test_no_pager_waits_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGER", "GIT_PAGER", "TERM"):
        monkeypatch.setenv(name, "asks-for-keys")
    assert output_of("echo $PAGER $GIT_PAGER $TERM", tmp_path) == ("cat cat dumb", "")


def test_it_has_no_input_to_wait_for_and_a_signal_is_named(tmp_path: Path) -> None:
    assert output_of("cat", tmp_path) == ("", "")
    assert output_of("kill -9 $$", tmp_path) == ("", "It died of signal 9.")
    # As a shell tells it of what it waited for.
    assert output_of("exit 137", tmp_path) == ("", "It died of signal 9.")


def test_a_shell_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/no/such/shell")
    text, ending = output_of("ls", tmp_path)
    assert "/no/such/shell" in text
    assert ending == "Exit code 127."


def test_the_persons_own_variables_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "mine")
    assert output_of("echo $MY_TOKEN", tmp_path) == ("mine", "")


def test_the_key_of_a_server_is_in_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNIE_API_KEY", "sk-very-secret")
    assert output_of('echo "<$PUNIE_API_KEY>"', tmp_path)[0].strip() == "<>"
