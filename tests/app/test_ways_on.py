"""What leads on from where a person stands: to the turns from the empty prompt, to the fixes from a mere listing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive

from punie_tui.app.screens.turns import TurnsScreen
from punie_tui.engine.protocol import TextDelta, ToolCall

_WAY_TO_FIXES = "The findings (Ctrl+L) offer the fixes of ruff and of the language server."


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "import os\n", "good.py": "x = 1\n"})


async def test_escape_twice_in_the_empty_prompt_leads_to_the_turns(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("Well.")]], writes_answers=True) as driven:
        usual = driven.prompt.placeholder
        await driven.pilot.press("escape", "escape")
        assert driven.prompt.placeholder == usual
        # A session without a turn may be saved as well: it has none to go back to.
        assert driven.main.session
        driven.main.session.keep_act("Staged 1 hunk.")
        assert driven.main.session.session_id
        await driven.pilot.press("escape")
        assert driven.prompt.placeholder == usual
        await driven.ask("think")
        await driven.finished()
        for between in ("f3", "pagedown", "a"):
            await driven.pilot.press("escape")
            assert driven.prompt.placeholder == "Esc again: go back to a turn"
            await driven.pilot.press(between)
            assert driven.prompt.placeholder == usual
            await driven.pilot.press("f2", "ctrl+c")
        await driven.pilot.press("b", "escape", "escape", "ctrl+c")
        assert driven.app.screen is driven.main
        await driven.pilot.press("escape", "escape")
        await driven.shown(TurnsScreen)
        assert driven.prompt.placeholder == usual


@pytest.mark.parametrize(
    ("prompt", "path", "is_told"),
    [
        ("fix the lint of app.py", "app.py", True),
        ("show the lint of app.py", "app.py", False),
        ("fix the lint of good.py", "good.py", False),
    ],
)
async def test_who_wants_a_fix_and_gets_a_listing_is_told_where_the_fixes_are(
    drive: Drive, repository: Path, *, prompt: str, path: str, is_told: bool
) -> None:
    async with drive(repository, [[ToolCall("1", "ruff_check", {"path": path})]]) as driven:
        await driven.ask(prompt)
        await driven.finished()
        assert (_WAY_TO_FIXES in driven.transcript.plain_text) is is_told


async def test_the_pane_with_the_keys_takes_the_whole_width_and_gives_it_back(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        panes = {"chat": driven.main.query_one("#chat"), "trace": driven.trace, "repo": driven.repo}

        def widths() -> dict[str, int]:
            return {name: pane.outer_size.width for name, pane in panes.items() if pane.region}

        beside = widths()
        assert len(beside) == 3
        for to_pane, name in (("f2", "chat"), ("f3", "trace"), ("f4", "repo")):
            await driven.pilot.press(to_pane, "alt+z")
            assert widths() == {name: 120}
            # It stays so in the pane that one goes to.
            await driven.pilot.press("f2")
            assert widths() == {"chat": 120}
            await driven.pilot.press("alt+z")
            assert widths() == beside
