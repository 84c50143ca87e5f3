"""The settings screen by keyboard: every field is there, each kind is changed, and what is wrong is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.widgets import Input, Static

from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.textual_adapter import keymap_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline
from punie_tui.own_files import settings_file
from punie_tui.settings import Settings


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "x = 1\n", ".punie.toml": "temperature = 0.3\n"})


async def open_settings(driven: Driven) -> SettingsScreen:
    await driven.pilot.press("ctrl+x", "comma")
    screen = await driven.shown(SettingsScreen)
    await driven.until(lambda: screen.reads_ended == 1, "the values")
    return screen


def row(screen: SettingsScreen, name: str) -> tuple[str, str]:
    """The value and where it comes from."""
    found = next(each for each in screen.query_one(Outline).rows if each.key == name)
    return found.parts[1][0], found.right


async def go_to(driven: Driven, screen: SettingsScreen, name: str) -> None:
    await driven.pilot.press("home", *["down"] * list(Settings.model_fields).index(name))
    current = screen.query_one(Outline).current
    assert current
    assert current.key == name


async def after(driven: Driven, screen: SettingsScreen, *keys: str) -> None:
    """Press the keys and wait until what they write was read again, or refused."""
    reads = screen.reads_ended
    await driven.pilot.press(*keys)
    await driven.until(lambda: screen.reads_ended > reads, "the written value")


async def test_every_setting_is_explained(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        screen = await open_settings(driven)
        for name, field in Settings.model_fields.items():
            assert screen.setting == name
            description = " ".join((field.description or "").split())
            assert description, name
            assert description in str(screen.query_one("#settings-about", Static).content)
            await driven.pilot.press("down")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5)])
async def test_each_kind_of_setting_is_changed_by_keyboard(
    drive: Drive, repository: Path, size: tuple[int, int]
) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("# mine\ntemperature = 0.1 # low\n")
    async with drive(repository, size=size) as driven:
        screen = await open_settings(driven)
        assert [each.key for each in screen.query_one(Outline).rows] == list(Settings.model_fields)
        assert row(screen, "temperature") == ("0.3", "project's file")
        await go_to(driven, screen, "confine_tests")
        about = str(screen.query_one("#settings-about", Static).content)
        assert "Counts from the next start." in about
        await after(driven, screen, "enter")
        assert row(screen, "confine_tests") == ("false", "your file")
        assert "it counts from the next start" in screen.told
        await go_to(driven, screen, "policy")
        await after(driven, screen, "enter")
        assert row(screen, "policy")[0] == "accept edits"
        await after(driven, screen, "backspace")
        assert row(screen, "policy")[0] == "ask"
        await after(driven, screen, "d")
        assert row(screen, "policy") == ("ask", "default")
        await go_to(driven, screen, "temperature")
        await driven.pilot.press("enter", *["backspace"] * 3)
        await after(driven, screen, "9", "enter")
        assert "less than or equal to 2" in screen.told
        await after(driven, screen, "backspace", "1", "enter")
        assert row(screen, "temperature") == ("0.3", "project's file")
        assert "What the project's file says still wins." in screen.told
        await go_to(driven, screen, "python")
        await driven.pilot.press("enter", *"nowhere", "escape")
        assert row(screen, "python") == ("", "default")
        # What is written stays the value of the setting that it was opened for.
        await driven.pilot.press("enter", *"/none")
        screen.query_one(Outline).focus()
        await driven.pilot.press("down")
        screen.query_one(Input).focus()
        await after(driven, screen, "enter")
        assert row(screen, "python") == ("/none", "your file")
        await go_to(driven, screen, "python")
        await after(driven, screen, "d")
        await go_to(driven, screen, "key_map")
        await driven.pilot.press("enter")
        assert "key_map is a table" in screen.told
        assert settings_file().read_text() == "# mine\ntemperature = 1.0 # low\nconfine_tests = false\n"
        await driven.pilot.press("escape")
        assert driven.app.screen is driven.main


async def test_theme_and_keys_count_at_once_and_the_file_may_be_read_only(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        screen = await open_settings(driven)
        await go_to(driven, screen, "theme")
        before = driven.app.theme
        await after(driven, screen, "enter")
        assert driven.app.theme == row(screen, "theme")[0] != before
        await go_to(driven, screen, "keys")
        await after(driven, screen, "enter")
        await after(driven, screen, "enter")
        await driven.until(lambda: "ctrl+n" in keymap_of(driven.app).get("move.down", ""), "the keys of emacs")
        settings_file().write_text("theme = \n")
        await after(driven, screen, "enter")
        assert "is not valid TOML" in screen.told
        assert settings_file().read_text() == "theme = \n"


async def test_the_footer_names_the_key_that_keeps_a_value(drive: Drive, repository: Path) -> None:
    async with drive(repository, size=(80, 24)) as driven:
        screen = await open_settings(driven)
        await go_to(driven, screen, "python")
        await driven.pilot.press("enter")
        footer = str(screen.query_one(KeyRow).render())
        assert "⏎ Save" in footer
        assert "esc Back" in footer
        await after(driven, screen, *"/none", "enter")
        assert row(screen, "python") == ("/none", "your file")


async def test_a_theme_for_this_run_stands_beside_the_one_that_is_set(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("f6")
        screen = await open_settings(driven)

        def theme() -> str:
            found = next(each for each in screen.query_one(Outline).rows if each.key == "theme")
            return "".join(text for text, _ in found.parts[1:])

        assert theme() == "punie-dark  punie-light until punie ends"
        driven.app.theme = "punie-contrast"
        await driven.until(lambda: theme() == "punie-dark  punie-contrast until punie ends", "the other theme")
        await go_to(driven, screen, "theme")
        await after(driven, screen, "enter")
        assert theme() == driven.app.theme
