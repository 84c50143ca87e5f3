"""The look on every terminal: text stands out from its ground, focus is told without colour, nothing moves unasked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_driver import Drive, Driven
from app_on_terminal import AppOnTerminal
from drawn_cells import contrast, drawn_strips, texts_with_styles
from rich.color import ColorSystem
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList, TextArea

from punie_tui.app.palettes import Colours
from punie_tui.app.screens.file_history import FileHistoryScreen
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.notes import NotesScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.sessions import SessionsScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import CommitScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.turns import TurnsScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.themes import THEME_NAMES, next_theme
from punie_tui.app.turn_runner import PendingChoice
from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
from punie_tui.app.widgets.messages import OpenFile
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.own_files import SavedLook, saved_look

MakeRepository = Callable[..., Path]

ANSWER = """# A heading

Some *words* with `code`, a [link](http://example.org):

- one

> quoted

```python
@property
def f(x: int) -> str:
    return f"{x}" * 3  # why
```

| a | b |
|---|---|
| 1 | 2 |
"""
LEAST: dict[Colours, dict[ColorSystem, float]] = {
    "many": {ColorSystem.TRUECOLOR: 4.5, ColorSystem.EIGHT_BIT: 4.5},
    # What the sixteen are each terminal decides.
    "sixteen": {ColorSystem.STANDARD: 3.0},
}


def region_read(screen: Screen[Any]) -> Region | None:
    """What stands below a dialog is dimmed, and not meant to be read."""
    return screen.children[0].region if isinstance(screen, ModalScreen) else None


async def measure(driven: Driven, place: str, colours: Colours) -> list[str]:
    """All text on the screen that does not stand out enough, in every theme of the app."""
    faint: list[str] = []
    for name in THEME_NAMES:
        driven.app.theme = name
        await driven.pilot.pause()
        await driven.pilot.pause()
        for system, least in LEAST[colours].items():
            wanted = 7.0 if name == "punie-contrast" and system is ColorSystem.TRUECOLOR else least
            for text, style in texts_with_styles(driven.app.screen, region_read(driven.app.screen)):
                if contrast(style, system) < wanted:
                    faint.append(f"{place}, {name}, {system.name}: {contrast(style, system):.2f} {style} {text!r}")
    return faint


@pytest.mark.parametrize("colours", ["many", "sixteen"])
async def test_text_stands_out_from_its_ground(drive: Drive, make_repository: MakeRepository, colours: Colours) -> None:
    root = make_repository({"a.py": "import os\nx: int = 1\n", "AGENTS.md": "# Notes\n\n- Use `x`.\n"})
    (root / "a.py").write_text("import os\nx: int = 'b'\n")
    replies = [
        [TextDelta(ANSWER)],
        [ToolCall("1", "ruff_check", {}), ToolCall("2", "read_file", {"path": "none"})],
        [TextDelta("Done.")],
        [ToolCall("3", "run_command", {"command": "ls; rm x"})],
        [TextDelta("Then not.")],
    ]
    faint: list[str] = []
    async with drive(root, replies, writes_answers=True, colours=colours) as driven:
        pilot = driven.pilot
        faint += await measure(driven, "start", colours)
        await driven.ask("hi")
        await driven.finished(1)
        faint += await measure(driven, "answer", colours)
        await driven.ask("lint")
        await driven.finished(2)
        await pilot.press("f3", "down")
        faint += await measure(driven, "trace", colours)
        await pilot.press("f4", "down")
        faint += await measure(driven, "repo", colours)
        await pilot.press("escape", "slash")
        faint += await measure(driven, "commands", colours)
        await pilot.press("escape", "backspace")
        await driven.ask("run")
        await driven.asked()
        faint += await measure(driven, "question", colours)
        await pilot.press("n", "enter")
        await driven.finished(3)

        await driven.ask("/notes")
        await driven.until(lambda: isinstance(driven.app.screen, NotesScreen) and driven.app.screen.is_loaded)
        faint += await measure(driven, "notes", colours)
        await pilot.press("tab")
        faint += await measure(driven, "text of a note", colours)
        await pilot.press("escape", "ctrl+o")
        await driven.until(lambda: isinstance(driven.app.screen, SessionsScreen) and driven.app.screen.is_loaded)
        faint += await measure(driven, "sessions", colours)
        await pilot.press("slash")
        faint += await measure(driven, "search", colours)
        await pilot.press("escape", "escape", "ctrl+l")
        await driven.until(lambda: isinstance(driven.app.screen, FindingsScreen) and driven.app.screen.checks_ended)
        faint += await measure(driven, "findings", colours)
        await pilot.press("q", "f4", "r")
        await driven.shown(ReviewScreen)
        faint += await measure(driven, "review", colours)
    assert faint == [], "\n".join(faint)


@pytest.mark.parametrize("colours", ["many", "sixteen"])
async def test_text_of_what_is_opened_stands_out(
    drive: Drive, make_repository: MakeRepository, colours: Colours
) -> None:
    root = make_repository({"test_a.py": "def test_a() -> None:\n    assert 1 == 2  # why\n"})
    (root / "b.py").write_text("x = 1\n")
    subprocess.run(["git", "add", "b.py"], cwd=root, check=True)
    faint: list[str] = []
    async with drive(root, [[TextDelta("hello")]], writes_answers=True, colours=colours) as driven:

        async def look(screen: type[Screen[Any]], is_there: Callable[[Any], bool] = lambda _: True) -> None:
            shown = await driven.shown(screen)
            await driven.until(lambda: is_there(shown), screen.__name__)
            faint.extend(await measure(driven, screen.__name__, colours))

        async def leave() -> None:
            await driven.pilot.press("escape")
            await driven.shown(MainScreen)

        await driven.ask("hi")
        await driven.finished()
        await driven.pilot.press("ctrl+g")
        await look(TurnsScreen, lambda screen: screen.is_loaded)
        await leave()
        await driven.pilot.press("ctrl+t")
        await look(TrustScreen)
        await leave()
        await driven.pilot.press("ctrl+n")
        await look(TestsScreen, lambda screen: screen.has_read)
        await leave()
        await driven.ask("/settings")
        await look(SettingsScreen)
        await leave()
        await driven.ask("/commit")
        await look(CommitScreen)
        await leave()
        driven.main.post_message(OpenFile("test_a.py", 2))
        await look(FileViewerScreen)
        await driven.pilot.press("slash", *"test")
        await driven.until(lambda: bool(driven.app.screen.query_one(TextArea).selected_text), "the match")
        await look(FileViewerScreen)
        await driven.pilot.press("enter", "b")
        await look(FileHistoryScreen, lambda screen: screen.is_read)
        await driven.pilot.press("escape")
        await driven.shown(FileViewerScreen)
        await driven.pilot.press("q")
        await driven.shown(MainScreen)
        driven.main.choice_wanted(PendingChoice(("lint, and fix", "tell what I can do")))
        await driven.until(lambda: driven.main.query_one(ChoicePanel).display, "the choices")
        faint += await measure(driven, "choices", colours)
    assert faint == [], "\n".join(faint)


async def test_without_colour_the_focus_and_the_cursor_are_told_by_weight(
    drive: Drive, make_repository: MakeRepository
) -> None:
    root = make_repository({"AGENTS.md": "x", "CLAUDE.md": "y"})
    async with drive(root, colours="none") as driven:
        await driven.pilot.press("slash")
        await driven.until(lambda: driven.popup.display, "the commands")
        styles = [style for _, style in texts_with_styles(driven.app.screen)]
        assert not any(style.color and not style.color.is_default for style in styles)
        await driven.pilot.press("escape", "backspace")
        await driven.ask("/notes")
        await driven.until(lambda: isinstance(driven.app.screen, NotesScreen) and driven.app.screen.is_loaded)
        options = driven.app.screen.query_one(OptionList)
        first, second = drawn_strips(driven.app.screen, options.region)[:2]
        assert all(segment.style and segment.style.reverse for segment in first if segment.text.strip())
        assert not any(segment.style and segment.style.reverse for segment in second)


def marked(screen: Screen[Any], region: Region) -> list[str]:
    """What is written bold, underlined and reversed at once."""
    styles = texts_with_styles(screen, region)
    return [text for text, style in styles if style.bold and style.underline and style.reverse]


async def test_without_colour_a_place_that_was_searched_for_is_told_by_weight_also_below_the_cursor(
    drive: Drive, make_repository: MakeRepository
) -> None:
    root = make_repository({"a.py": "x = 1\ndef total(rows): ...\n"})
    replies = [[TextDelta("one total two")]]
    async with drive(root, replies, writes_answers=True, colours="none") as driven:
        driven.main.post_message(OpenFile("a.py", None))
        text = (await driven.shown(FileViewerScreen)).query_one(TextArea)
        await driven.pilot.press("slash", *"total")
        await driven.until(lambda: text.selected_text == "total", "the match")
        # The cursor stands reversed right behind it, and is no part of it.
        await driven.pilot.press("enter")
        await driven.until(lambda: text.has_focus, "the text")
        assert marked(driven.app.screen, text.region) == ["total"]
        await driven.pilot.press("escape", "q")
        await driven.shown(MainScreen)
        await driven.ask("hi")
        await driven.finished()
        transcript = driven.transcript
        await driven.pilot.press("alt+c", "slash", *"total", "enter")
        await driven.until(lambda: transcript.has_focus, "the chat")
        await driven.until(lambda: marked(driven.main, transcript.region) == ["total"], "the match")
        row = next(strip for strip in drawn_strips(driven.main, transcript.region) if "two" in strip.text)
        assert all(segment.style and segment.style.reverse for segment in row if segment.text in ("one ", " two"))


async def test_without_colour_another_theme_reverses_no_more_than_the_one_before(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, colours="none") as driven:
        for _ in range(3):
            await driven.pilot.press("f6")
            await driven.pilot.pause()
            shown = dict(texts_with_styles(driven.main, driven.transcript.region))
            assert shown
            assert not any(style.reverse for style in shown.values()), driven.app.theme


def written_by(folder: Path, **variables: str) -> bytes:
    """What the app writes from its start to its end, once it was ready."""
    with AppOnTerminal(folder, **variables) as app:
        seen = app.read_until(b"mode (F5)")
        app.type_in(b"\x1bOR")
        app.type_in(b"\x11")
        seen += app.read_until(None)
        assert app.process.wait(60) == 0
    return seen


COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[\d;]+)(?:;[\d;]*)?m")


POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("variables", "wanted", "never"),
    [
        pytest.param({"TERM": "tmux-256color", "COLORTERM": ""}, rb"[34]8;5;\d", rb"[34]8;2;\d", id="256"),
        pytest.param({"TERM": "linux", "COLORTERM": ""}, rb"\x1b\[[\d;]*9[0-7]", rb"[34]8;[25];\d", id="16"),
        pytest.param({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, rb"[34]8;2;\d", rb"[34]8;5;\d", id="full"),
        pytest.param({"TERM": "screen", "NO_COLOR": "1", **POSIX}, rb"\xe2\x94\x81", COLOUR.pattern, id="none"),
    ],
)
def test_a_terminal_gets_the_colours_that_it_has(
    tmp_path: Path, variables: dict[str, str], wanted: bytes, never: bytes
) -> None:
    written = written_by(tmp_path, **variables)
    assert re.search(wanted, written)
    assert not re.search(never, written), re.findall(never, written)[:3]


async def test_nothing_blinks_or_glides_where_that_is_wanted(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path, is_still=True) as driven:
        assert driven.app.animation_level == "none"
        assert driven.prompt.cursor_blink is False
        await driven.pilot.press("ctrl+o")
        await driven.until(lambda: isinstance(driven.app.screen, SessionsScreen) and driven.app.screen.is_loaded)
        await driven.pilot.press("slash")
        assert driven.app.screen.query_one(Input).cursor_blink is False


APP_WITHOUT_SESSION = """
import asyncio, sys
from pathlib import Path
from punie_tui.app.app import PunieApp
from punie_tui.app.widgets.chat.prompt import Prompt

def refuse(*_):
    raise RuntimeError("none")

async def main():
    app = PunieApp(Path(sys.argv[1]), refuse)
    async with app.run_test():
        print(app.animation_level, app.screen.query_one(Prompt).cursor_blink)

asyncio.run(main())
"""


@pytest.mark.parametrize(("wanted", "told"), [("none", "none False"), ("full", "full True")])
def test_the_variable_of_textual_lets_nothing_move_either(tmp_path: Path, wanted: str, told: str) -> None:
    # Textual reads it when it is imported.
    ran = subprocess.run(
        [sys.executable, "-c", APP_WITHOUT_SESSION, str(tmp_path)],
        env={**os.environ, "TEXTUAL_ANIMATIONS": wanted},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split("\n")[0] == told


async def test_themes_go_round_and_are_chosen_by_name(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path) as driven:
        for name in ("punie-light", "punie-contrast", "punie-dark"):
            await driven.pilot.press("f6")
            assert driven.app.theme == name
        await driven.ask("/theme contrast")
        assert driven.app.theme == "punie-contrast"
        await driven.ask("/theme nord")
        assert driven.app.theme == "nord"
        assert next_theme("nord") == "punie-dark"
        await driven.ask("/theme none")
        await driven.said("There is no theme 'none'; there are punie-dark, punie-light, punie-contrast, ")
        assert driven.app.theme == "nord"


def test_the_look_is_read_before_the_first_frame(punie_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert saved_look() == SavedLook()
    (punie_home / "config").mkdir(parents=True)
    (punie_home / "config" / "settings.toml").write_text('theme = "punie-light"\nreduced_motion = true\n')
    assert saved_look() == SavedLook(theme="punie-light", reduced_motion=True)
    monkeypatch.setenv("PUNIE_THEME", "punie-contrast")
    monkeypatch.setenv("PUNIE_REDUCED_MOTION", "false")
    assert saved_look() == SavedLook(theme="punie-contrast")
    (punie_home / "config" / "settings.toml").write_text("theme = 3\n[")
    assert saved_look() == SavedLook(theme="punie-contrast")
