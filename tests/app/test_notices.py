"""A bell or a desktop notice for long turns and questions, only while the terminal is not in front."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import Clock
from app_on_terminal import AppOnTerminal

from punie_tui.app.notices import Notices
from punie_tui.settings import Settings


class Terminal:
    """What is written to it, and whether it is in front; None where it does not say."""

    def __init__(self, settings: Settings) -> None:
        self.written: list[str] = []
        self.is_in_front: bool | None = False
        self.clock = Clock()
        self.notices = Notices("my\ashop", self.written.append, lambda: self.is_in_front, self.clock)
        self.notices.follow(settings)

    def turn_of(self, seconds: float) -> None:
        self.notices.turn_began()
        self.clock.now += seconds
        self.notices.turns_ended("done")


def test_a_long_turn_rings_the_bell_and_a_short_one_does_not() -> None:
    terminal = Terminal(Settings())
    terminal.turn_of(9.9)
    assert terminal.written == []
    terminal.turn_of(10)
    assert terminal.written == ["\a"]


def test_turns_without_a_pause_between_them_count_as_one() -> None:
    terminal = Terminal(Settings())
    terminal.notices.turn_began()
    terminal.clock.now += 6
    terminal.notices.turn_began()
    terminal.clock.now += 6
    terminal.notices.turns_ended("done")
    assert terminal.written == ["\a"]


def test_a_question_is_told_at_once_and_its_text_breaks_out_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    terminal = Terminal(Settings(notices="desktop"))
    terminal.notices.question_waits("run_command\x1b]0;owned\a" + "x" * 1000)
    (written,) = terminal.written
    assert written.startswith("\x1b]9;punie in my␇shop: a question waits: run_command␛]0;owned␇xxx")
    assert written.endswith("x\a")
    assert written.count("\x1b") == written.count("\a") == 1
    assert len(written) < 300


def test_tmux_hands_a_desktop_notice_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    terminal = Terminal(Settings(notices="desktop"))
    terminal.turn_of(60)
    assert terminal.written == ["\x1bPtmux;\x1b\x1b]9;punie in my␇shop: done after 60 s\a\x1b\\"]


def test_nothing_is_told_in_front_or_by_default_where_the_terminal_does_not_say() -> None:
    terminal = Terminal(Settings())
    terminal.is_in_front = True
    terminal.turn_of(60)
    terminal.notices.question_waits("run_command")
    terminal.is_in_front = None
    terminal.turn_of(60)
    assert terminal.written == []
    terminal.notices.follow(Settings(notices_without_focus=True))
    terminal.turn_of(60)
    assert terminal.written == ["\a"]
    terminal.notices.follow(Settings(notices="none", notices_without_focus=True))
    terminal.turn_of(60)
    assert terminal.written == ["\a"]


def test_the_app_tells_a_turn_that_ends_after_the_terminal_went_to_the_back(tmp_path: Path) -> None:
    settings = {"PUNIE_NOTICES": "desktop", "PUNIE_NOTICES_AFTER_SECONDS": "0", "TMUX": ""}
    with AppOnTerminal(tmp_path, **settings) as app:
        app.read_until(b"ask mode")
        # In one write, so that the terminal has gone to the back before the turn can end.
        app.type_in(b"git status\r\x1b[O")
        assert b"\x1b]9;punie in " in app.read_until(b" s\a")


@pytest.mark.parametrize(
    ("request_typed", "about", "settings"),
    [
        (b"run the tests", b"pytest_run", {}),
        # So sure of what no phrasing of its own says the model never is.
        (b"any news from git", b"what was meant", {"PUNIE_ASK_BELOW": "1"}),
    ],
)
def test_the_app_tells_of_a_question_that_waits_while_the_terminal_is_not_in_front(
    tmp_path: Path, request_typed: bytes, about: bytes, settings: dict[str, str]
) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    with AppOnTerminal(tmp_path, PUNIE_NOTICES="desktop", TMUX="", **settings) as app:
        app.read_until(b"ask mode")
        app.type_in(request_typed + b"\r\x1b[O")
        assert app.read_until(b": a question waits: " + about + b"\a")
