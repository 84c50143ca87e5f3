"""Project notes in the app: shown with their price, drafted under review, edited in the person's own editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app_driver import Drive
from app_on_terminal import AppOnTerminal
from textual.widgets import OptionList, Static, TextArea

from punie_tui.app.screens.notes import NotesScreen
from punie_tui.app.screens.review import ReviewScreen

MakeRepository = Callable[..., Path]


async def test_a_draft_is_reviewed_and_the_note_is_then_in_force(drive: Drive, make_repository: MakeRepository) -> None:
    root = make_repository({"pyproject.toml": '[project]\nname = "till"\n'})
    async with drive(root, writes_answers=True) as driven:
        await driven.ask("/notes")
        screen = await driven.shown(NotesScreen)
        await driven.until(lambda: screen.is_loaded, "what is there")
        assert "There are no project notes here" in str(screen.query_one("#notes-told", Static).content)

        await driven.pilot.press("d")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("r", "enter")
        await driven.until(lambda: driven.app.screen is screen, "the notes again")
        assert not (root / "AGENTS.md").exists()

        await driven.pilot.press("d")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("a", "enter")
        options = screen.query_one(OptionList)
        await driven.until(lambda: options.option_count == 1, "the new note")
        assert (root / "AGENTS.md").read_text().startswith("# till\n")
        assert "AGENTS.md" in str(options.get_option_at_index(0).prompt)
        assert "tokens" in str(options.get_option_at_index(0).prompt)
        assert screen.query_one(TextArea).text.startswith("# till")

        await driven.pilot.press("e")
        told = screen.query_one("#notes-told", Static)
        await driven.until(lambda: "editor cannot be opened" in str(told.content), "why there is no editor")
        await driven.pilot.press("escape")
        await driven.ask("/undo")
        await driven.said("Took back: AGENTS.md.")
        assert not (root / "AGENTS.md").exists()


async def test_a_model_that_writes_tells_its_notes_at_the_start(drive: Drive, make_repository: MakeRepository) -> None:
    root = make_repository({"AGENTS.md": "Use *tabs*.", "CLAUDE.md": "x"})
    async with drive(root, writes_answers=True) as driven:

        def shown() -> str:
            transcript = driven.transcript
            return " ".join(transcript.render_line(y).text.strip() for y in range(transcript.size.height))

        wanted = "Project notes: AGENTS.md, CLAUDE.md; about"
        await driven.until(lambda: wanted in shown(), wanted)


def test_a_note_is_edited_in_the_persons_own_editor(make_repository: MakeRepository, tmp_path: Path) -> None:
    root = make_repository({})
    (root / "AGENTS.md").write_bytes(b"\xef\xbb\xbfOurs.\r\n")
    editor = tmp_path / "vi"
    editor.write_text(
        '#!/bin/sh\nfor file; do :; done\necho "$1 $(basename "$file")" > "$0.told"\necho "More." >> "$file"\n'
    )
    editor.chmod(0o755)
    with AppOnTerminal(root, VISUAL=str(editor)) as app:
        app.read_until(b"ask mode")
        app.type_in(b"/notes\r")
        app.read_until(b"reads none of them")
        app.type_in(b"\r")
        app.read_until(b"Changed")
        assert (tmp_path / "vi.told").read_text().endswith(" AGENTS.md\n")
        assert (root / "AGENTS.md").read_bytes() == b"\xef\xbb\xbfOurs.\r\nMore.\r\n"
        # The file's own view leads there too, at the line of its cursor.
        app.type_in(b"\x1b")
        app.read_until(b"ask mode")
        app.type_in(b"\x1bOS")
        app.read_until(b" Review")
        app.type_in(b"jj\r")
        app.read_until(b" Edit")
        app.type_in(b"je")
        app.read_until(b"Changed")
        assert (tmp_path / "vi.told").read_text() == "+2 AGENTS.md\n"
        assert (root / "AGENTS.md").read_bytes() == b"\xef\xbb\xbfOurs.\r\nMore.\r\nMore.\r\n"
        app.type_in(b"\x11")
        app.read_until(None)
        assert app.process.wait(60) == 0
