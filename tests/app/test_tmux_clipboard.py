"""Copying inside tmux, whose default settings let no sequence of a program reach the terminal's clipboard."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_driver import Drive
from app_on_terminal import AppOnTerminal

from punie_tui.app.tmux_clipboard import hand_to_tmux
from punie_tui.engine.protocol import TextDelta

ANSWER = 'Zwei Zeilen:\n\n    größer als "$HOME"\n'


class RealTmux:
    """A server of its own, with one window and tmux's own settings."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.call("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sleep 600")
        self.variables = {"TMUX": self.call("display-message", "-p", "#{socket_path},#{pid},0").strip()}

    def call(self, *arguments: str) -> str:
        argv = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    @property
    def buffers(self) -> str:
        return self.call("list-buffers")


@pytest.fixture
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTmux]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux here")
    server = RealTmux(tmp_path_factory.mktemp("tmux") / "s")
    yield server
    server.call("kill-server")


def test_tmux_holds_what_it_was_handed(tmux: RealTmux, tmp_path: Path) -> None:
    assert tmux.call("show-options", "-sv", "set-clipboard").strip() == "external"
    assert hand_to_tmux(ANSWER, tmux.variables, tmp_path) == ""
    assert tmux.call("show-buffer") == ANSWER


def test_a_tmux_that_is_gone_is_told_in_a_sentence(tmp_path: Path) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux here")
    problem = hand_to_tmux("text", {"TMUX": f"{tmp_path / 'gone'},1,0"}, tmp_path)
    assert "gone" in problem
    assert "\n" not in problem
    assert problem.endswith(".")


def test_no_tmux_of_the_project_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "bin" / "tmux"
    trap.parent.mkdir()
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    monkeypatch.setenv("PATH", str(trap.parent))
    assert hand_to_tmux("text", {"TMUX": "/nowhere,1,0"}, tmp_path) == "there is no tmux on PATH."
    assert not (tmp_path / "sprung").exists()


def test_a_tmux_that_cannot_hand_it_on_keeps_it_at_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 3.2 it knows no `-w`."""
    old_tmux = tmp_path / "bin" / "tmux"
    old_tmux.parent.mkdir()
    old_tmux.write_text(f'#!/bin/sh\n[ "$2" = -w ] && exit 1\n/bin/cat > {tmp_path}/buffer\n')
    old_tmux.chmod(0o755)
    monkeypatch.setenv("PATH", str(old_tmux.parent))
    project = tmp_path / "project"
    project.mkdir()
    assert hand_to_tmux(ANSWER, {"TMUX": "/nowhere,1,0"}, project) == ""
    assert (tmp_path / "buffer").read_text() == ANSWER


def test_inside_tmux_the_terminal_around_it_is_handed_it_too(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path, TMUX=f"{tmp_path / 'gone'},1,0") as app:
        app.read_until(b"ask mode")
        app.type_in(b"hello")
        app.read_until(b"hello")
        # Shift+Home selects it, Ctrl+C copies it.
        app.type_in(b"\x1b[1;2H\x03")
        app.read_until(b"\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\a\x1b\\")


async def test_what_the_person_copies_in_the_app_is_in_tmux_and_nothing_else_is(
    drive: Drive, make_repository: Callable[..., Path], tmux: RealTmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", tmux.variables["TMUX"])
    async with drive(make_repository({"a.py": "x = 1\n"}), [[TextDelta(ANSWER)]], writes_answers=True) as driven:
        await driven.ask("explain")
        await driven.finished()
        assert tmux.buffers == ""
        await driven.pilot.press("alt+c", "Y")
        await driven.until(lambda: bool(tmux.buffers), "the buffer")
        assert tmux.call("show-buffer") == ANSWER.strip()


async def test_a_copy_that_tmux_did_not_take_is_told(
    drive: Drive, make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path / 'gone'},1,0")
    async with drive(make_repository({"a.py": "x = 1\n"}), []) as driven:
        driven.app.copy_to_clipboard("text")
        await driven.until(lambda: bool(driven.app._notifications), "what went wrong")
        (notice,) = driven.app._notifications
        assert notice.message.startswith("tmux did not take what was copied: ")
