"""The prompt in the person's own editor."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive
from app_on_terminal import AppOnTerminal

from punie_tui.app.own_editor import EditorError, edit_text
from punie_tui.app.widgets.chat.prompt import Prompt

Script = Callable[[str], str]


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
        ("false", "false ended with exit code 1; the text is as it was."),
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
    with AppOnTerminal(tmp_path / "project", VISUAL=command) as app:
        app.read_until(b"ask mode")
        app.type_in(b"hello")
        app.read_until(b"hello")
        app.type_in(b"\x1b[24~")
        app.read_until(b"THE-EDITOR-RAN")
        app.read_until(b"from the editor")
        assert (tmp_path / "seen").read_text() == "hello"
        app.type_in(b"\x11")
        app.read_until(None)
        assert app.process.wait(60) == 0
