"""The prompt in the person's own editor."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive

from punie_tui.app.own_editor import EditorError, edit_text
from punie_tui.app.widgets.chat.prompt import Prompt

Script = Callable[[str], str]
_SECONDS = 60.0


@pytest.fixture
def editor(tmp_path: Path) -> Script:
    """A program that does to the file what the script says."""

    def make(script: str) -> str:
        path = tmp_path / "my editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return f"'{path}'"

    return make


def test_the_text_comes_back_as_the_editor_left_it(editor: Script) -> None:
    command = editor('printf "über\\nall\\n" >> "$1"')
    assert edit_text("say ", {**os.environ, "VISUAL": command}) == "say über\nall"


def test_the_file_is_the_persons_alone_and_goes(editor: Script, tmp_path: Path) -> None:
    command = editor(f'stat -c %a "$1" "${{1%/*}}" > {tmp_path}/modes; echo "$1" > {tmp_path}/name')
    edit_text("x", {**os.environ, "EDITOR": command, "VISUAL": ""})
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    assert not Path((tmp_path / "name").read_text().strip()).parent.exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/no/such/editor", "There is no editor '/no/such/editor'; set $VISUAL or $EDITOR to one."),
        ("false", "false ended with exit code 1; the prompt is as it was."),
        ("'open quote", "$VISUAL or $EDITOR is no command"),
    ],
)
def test_an_editor_that_fails_is_one_line(command: str, told: str) -> None:
    with pytest.raises(EditorError) as error:
        edit_text("x", {**os.environ, "VISUAL": command})
    assert told in str(error.value)
    assert "\n" not in str(error.value)


async def test_where_the_terminal_cannot_be_lent_that_is_said(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:
        await driven.pilot.press("h", "i", "f12")
        await driven.until(lambda: "editor cannot be opened" in driven.transcript.plain_text, "the line")
        assert driven.main.query_one(Prompt).text == "hi"


def test_in_a_terminal_the_editor_has_it_and_the_prompt_comes_back(
    editor: Script, tmp_path: Path, punie_home: Path
) -> None:
    """The real app on a real terminal: type, F12, and what the editor wrote stands in the prompt."""
    (tmp_path / "project").mkdir()
    command = editor(f'cp "$1" {tmp_path}/seen; printf " from the editor" >> "$1"; echo THE-EDITOR-RAN')
    terminal, of_app = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    app = subprocess.Popen(
        [sys.executable, "-m", "punie_tui"],
        cwd=tmp_path / "project",
        env={**os.environ, "VISUAL": command, "TERM": "xterm-256color"},
        stdin=of_app,
        stdout=of_app,
        stderr=of_app,
        start_new_session=True,
    )
    os.close(of_app)
    try:
        read_until(terminal, b"ask mode")
        os.write(terminal, b"hello")
        read_until(terminal, b"hello")
        os.write(terminal, b"\x1b[24~")
        read_until(terminal, b"THE-EDITOR-RAN")
        read_until(terminal, b"from the editor")
        assert (tmp_path / "seen").read_text() == "hello"
        os.write(terminal, b"\x11")
        read_until(terminal, None)
        assert app.wait(60) == 0
    finally:
        app.kill()
        app.wait()
        os.close(terminal)


def read_until(terminal: int, wanted: bytes | None) -> None:
    """Read what the app draws until something stands there, or until it ends."""
    seen = b""
    while wanted is None or wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], _SECONDS)
        assert ready, f"never came: {wanted!r} in {seen[-2000:]!r}"
        try:
            chunk = os.read(terminal, 1 << 16)
        except OSError:
            chunk = b""
        if not chunk:
            assert wanted is None, seen[-2000:]
            return
        seen += chunk
