"""The title of the terminal: the project and what punie does there, and afterwards what stood there before."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive
from app_on_terminal import AppOnTerminal

from punie_tui.app.terminal_title import PUT_BACK, TerminalTitle, TitleState
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.settings import Settings

TITLES = re.compile(r"\x1b\]0;([^\a]*)\a")
STATES: tuple[TitleState, ...] = ("works", "works", "asks", "rests", "rests")


def title_of(place: str, terminal: str = "xterm") -> tuple[TerminalTitle, list[str]]:
    written: list[str] = []
    return TerminalTitle(place, written.append, terminal), written


def test_each_state_is_written_once_and_the_old_title_comes_back() -> None:
    title, written = title_of("shop")
    title.show("rests")
    assert written == [], "the settings are not known yet"
    title.follow(Settings())
    for state in STATES:
        title.show(state)
    assert written[0] == "\x1b[22;0t\x1b]0;shop · punie\a"
    assert TITLES.findall("".join(written[1:])) == ["working · shop · punie", "asks you · shop · punie", "shop · punie"]
    title.put_back()
    title.put_back()
    assert written[4:] == [PUT_BACK]


def test_no_name_of_a_folder_breaks_out_of_the_title() -> None:
    title, written = title_of("a\x1b]52;c;eA==\a\x9c\x07b" + "x" * 1000)
    title.follow(Settings())
    (begun,) = written
    assert begun.removeprefix("\x1b[22;0t").count("\x1b") == 1
    assert begun.count("\a") == 1
    assert "\x9c" not in begun
    assert len(begun) < 150


@pytest.mark.parametrize("terminal", ["", "dumb", "linux"])
def test_a_terminal_without_titles_gets_none(terminal: str) -> None:
    title, written = title_of("shop", terminal)
    title.follow(Settings())
    title.show("works")
    title.put_back()
    assert written == []


def test_the_setting_turns_it_off_while_the_app_runs() -> None:
    title, written = title_of("shop")
    title.follow(Settings())
    title.follow(Settings(terminal_title=False))
    title.show("works")
    assert written[1:] == [PUT_BACK]
    title.follow(Settings())
    assert written[2:] == ["\x1b[22;0t\x1b]0;working · shop · punie\a"]


async def test_the_title_follows_a_turn_and_its_question(
    drive: Drive, make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    edit = ToolCall("c1", "write_file", {"path": "a.py", "content": "x = 2\n"})
    folder = make_repository({"a.py": "x = 1\n"})
    async with drive(folder, [[edit], [TextDelta("done")]], writes_answers=True) as driven:
        title = driven.app.terminal_title
        await driven.until(lambda: title.shown == f"{folder.name} · punie", "the title")
        await driven.ask("change it")
        await driven.asked()
        await driven.until(lambda: title.shown.startswith("asks you"), "the question")
        await driven.pilot.press("y")
        await driven.finished()
        await driven.until(lambda: title.shown == f"{folder.name} · punie", "rest")


def test_the_terminal_gets_its_title_back(make_repository: Callable[..., Path]) -> None:
    folder = make_repository({"a.py": "x = 1\n"})
    with AppOnTerminal(folder) as app:
        drawn = app.read_until(f"{folder.name} · punie\a".encode())
        assert drawn.count(b"\x1b[22;0t") == 1
        app.type_in(b"\x11")
        rest = app.read_until(None)
        assert rest.count(PUT_BACK.encode()) == 1
        assert rest.index(PUT_BACK.encode()) > rest.index(b"\x1b[?1049l")
