"""The leader key with its hints, and the palette, by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.command import CommandPalette
from textual.containers import VerticalScroll
from textual.widgets import Input, OptionList, TextArea

from punie_tui.app.key_map import KeyChoice
from punie_tui.app.palette_rows import Found, Rows
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.leader import LeaderScreen
from punie_tui.app.screens.settings import SettingsScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import TreeReviewScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.repo.panel import RepoPanel
from punie_tui.engine.protocol import TextDelta


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"a.py": "x = 1\n", "tests/test_a.py": "def test_a() -> None:\n    pass\n"})
    (root / "a.py").write_text("x = 2\n")
    return root


def hints(driven: Driven) -> str:
    assert isinstance(driven.app.screen, LeaderScreen)
    return driven.app.screen.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 5)])
async def test_the_leader_key_hints_and_does(drive: Drive, repository: Path, size: tuple[int, int]) -> None:
    async with drive(repository, size=size) as driven:
        await driven.pilot.press("d", "ctrl+x")
        shown = hints(driven)
        assert "t tests" in shown
        assert "d review the" in shown
        assert shown.index("Go to") < shown.index("t tests") < shown.index("Change")
        if size[1] >= 24:
            assert driven.app.screen.query_one(VerticalScroll).max_scroll_y == 0
        await driven.pilot.press("z", "escape")
        assert driven.app.screen is driven.main
        assert driven.prompt.text == "d"
        await driven.pilot.press("ctrl+x", "m")
        assert driven.main.session is not None
        assert driven.main.session.policy.value == "accept edits"
        await driven.pilot.press("ctrl+x", "d")
        await driven.shown(TreeReviewScreen)
        await driven.pilot.press("ctrl+x")
        assert "v side by s" in hints(driven)
        assert "s split" in hints(driven)
        assert "e edit" not in hints(driven)
        await driven.pilot.press("q")
        await driven.until(lambda: driven.app.screen is driven.main, "the main screen")


async def test_letters_in_one_go_are_one_choice_and_the_rest_is_typed(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        assert driven.main.session is not None
        await driven.pilot.press("ctrl+x")
        await driven.shown(LeaderScreen)
        await driven.press_at_once("m", "m", "h", "i")
        await driven.until(lambda: driven.prompt.text == "mhi", "the letters behind the choice")
        assert driven.main.session.policy.value == "accept edits"
        await driven.pilot.press("ctrl+x")
        await driven.shown(LeaderScreen)
        await driven.press_at_once("escape", "o", "n")
        await driven.until(lambda: driven.prompt.text == "mhion", "the letters behind Escape")


@pytest.mark.parametrize(
    ("key", "told"),
    [("ctrl+c", []), ("escape", []), ("0", ["0 does nothing there."]), ("f9", ["F9 does nothing there."])],
)
async def test_a_key_that_chooses_nothing_leaves_the_leaders_panel(
    drive: Drive, repository: Path, key: str, told: list[str]
) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("ctrl+x")
        await driven.shown(LeaderScreen)
        await driven.pilot.press("down", "pageup", "end")
        assert isinstance(driven.app.screen, LeaderScreen)
        await driven.press_at_once(key, "a")
        await driven.until(lambda: driven.prompt.text == "a", "the letter behind it")
        assert [each.message for each in driven.app._notifications] == told


async def test_enter_twice_in_the_palette_chooses_once(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("ctrl+p")
        palette = await driven.shown(CommandPalette)
        await driven.pilot.press(*"testsrunread")
        found = palette.query_one(OptionList)
        await driven.until(lambda: found.option_count > 0, "the row")
        await driven.press_at_once("enter", "enter", "enter")
        await driven.shown(TestsScreen)


async def test_where_text_is_selected_the_leader_key_cuts(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("a", "b", "c", "shift+left", "ctrl+x")
        assert driven.app.screen is driven.main
        assert driven.prompt.text == "ab"
        await driven.pilot.press("ctrl+x", "t")
        assert isinstance(driven.app.screen, TestsScreen)


async def test_a_colon_leads_in_vim_where_nothing_is_typed(drive: Drive, repository: Path) -> None:
    async with drive(repository, keys=KeyChoice("vim")) as driven:
        await driven.until(lambda: driven.app.has_keys, "the key map")
        await driven.pilot.press("colon")
        assert driven.prompt.text == ":"
        await driven.pilot.press("f3", "colon", "f")
        assert isinstance(driven.app.screen, FindingsScreen)


async def test_rows_that_are_read_slowly_outlive_the_searches_of_a_quick_hand(drive: Drive, repository: Path) -> None:
    is_typed = asyncio.Event()

    class SlowRows(Rows):
        async def read(self) -> Sequence[Found]:
            await is_typed.wait()
            return [Found("tests: run", "", lambda: None)]

    async with drive(repository) as driven:
        driven.app.push_screen(CommandPalette((SlowRows,)))
        await driven.shown(CommandPalette)
        # Each letter outdates the search of the one before, which still waits for its rows.
        await driven.pilot.press(*"test")
        is_typed.set()
        found = driven.app.screen.query_one(OptionList)
        await driven.until(lambda: found.option_count == 1, "the row")
        assert str(found.get_option_at_index(0).prompt) == "tests: run"


async def choose(driven: Driven, text: str, row: str, key: str = "ctrl+p") -> None:
    """Open the palette, search, and take the first row, which is to hold `row`."""
    await driven.pilot.press(key)
    await driven.shown(CommandPalette)
    await driven.pilot.press(*text)

    def first() -> str:
        found = driven.app.screen.query_one(OptionList)
        is_searched = driven.app.screen.query_one(Input).value == text
        return str(found.get_option_at_index(0).prompt) if is_searched and found.option_count else ""

    await driven.until(lambda: row in first(), f"{row!r} as the first row")
    await driven.pilot.press("enter")
    await driven.until(lambda: not isinstance(driven.app.screen, CommandPalette), "the choice")
    await driven.pilot.pause()


async def test_the_palette_finds_actions_commands_themes_modes_and_sessions(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("done")]]) as driven:
        await driven.ask("hello [b]there[/b]")
        await driven.finished()
        await choose(driven, "testsrunread", "tests: run, read, debug  Ctrl+N")
        assert isinstance(driven.app.screen, TestsScreen)
        await choose(driven, "nextfailure", "next failure  n")
        await driven.pilot.press("escape")
        await choose(driven, "punielight", "Theme: punie-light")
        assert driven.app.theme == "punie-light"
        await choose(driven, "modeplanmode", "Mode: plan")
        assert driven.main.session is not None
        assert driven.main.session.policy.value == "plan"
        await choose(driven, "newsession", "begin a new session")
        await driven.until(lambda: "hello" not in driven.transcript.plain_text, "the new session")
        await choose(driven, "sessionhello", "Session: hello [b]there[/b]")
        await driven.said("hello [b]there[/b]")
        await choose(driven, "modename", "/mode NAME")
        assert driven.prompt.text == "/mode "


@pytest.mark.parametrize("text", ["keymap", "key map", "vim", "emacs"])
async def test_the_palette_leads_to_the_key_map_by_the_words_for_it(drive: Drive, repository: Path, text: str) -> None:
    async with drive(repository) as driven:
        await choose(driven, text, "Settings: keys: the key map")
        screen = await driven.shown(SettingsScreen)
        await driven.until(lambda: screen.reads_ended == 1, "the values")
        assert screen.setting == "keys"


async def test_leader_and_palette_work_while_trust_is_asked_for(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.pilot.press("ctrl+t")
        await driven.shown(TrustScreen)
        await driven.pilot.press("ctrl+x")
        assert "t trust this folder" in hints(driven)
        await driven.pilot.press("escape")
        await choose(driven, "trustthis", "Trust: trust this folder  t")
        session = driven.main.session
        assert session is not None
        await driven.until(lambda: session.trust.is_trusted, "the trust")
        assert driven.app.screen is driven.main


async def test_the_palette_finds_what_another_screen_does_and_opens_it(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await choose(
            driven, "bisect", "Tests: bisect: find the hunks of the last turn that broke the test  b in the te"
        )
        await driven.shown(TestsScreen)
        await choose(driven, "contrast", "Theme: punie-contrast")
        assert driven.app.theme == "punie-contrast"
        await driven.pilot.press("escape")
        await choose(driven, "theme", "Change: theme: dark, light or high contrast  F6")
        assert driven.app.theme == "punie-dark"
        await choose(driven, "debugrun", "Tests: debug: run to the failure, show stack and values  d in the tests")
        await driven.shown(TestsScreen)
        await driven.pilot.press("escape")
        await choose(driven, "blame", "Repo: blame: which commit each line comes from  b in the repo")
        assert isinstance(driven.app.focused, RepoPanel)


@pytest.mark.parametrize(("pane", "key", "size"), [("f2", "alt+o", (120, 40)), ("f4", "slash", (20, 5))])
async def test_files_and_symbols_are_opened_by_name(
    drive: Drive, make_repository: Callable[..., Path], pane: str, key: str, size: tuple[int, int]
) -> None:
    code = {"shop/ledger.py": "import abc\n\n\nclass LedgerBook(abc.ABC):\n    def balance_view(self): ...\n"}
    async with drive(make_repository(code), size=size) as driven:
        for text, row, line in (("ledger.p", "shop/ledger.py", 1), ("ledgbo", "LedgerBook", 4)):
            await driven.pilot.press(pane)
            await choose(driven, text, row, key)
            viewer = await driven.shown(FileViewerScreen)
            shown = viewer.query_one(TextArea)
            assert shown.text == code["shop/ledger.py"]
            assert shown.cursor_location == (line - 1, 0)
            await driven.pilot.press("escape")
            await driven.until(lambda: driven.app.screen is driven.main, "the main screen")
