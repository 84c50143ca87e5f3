"""The tree goes away under the app: each thing that needs it says so in a line, and the app stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from app_driver import Drive
from textual.widgets import Static

from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.commands import trust
from punie_tui.engine.protocol import TextDelta, ToolCall

EDIT = ToolCall("c1", "write_file", {"path": "a.py", "content": "a = 2\n"})


async def test_a_tree_that_is_deleted_under_a_review_costs_nothing_but_itself(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.py": "a = 1\n", "test_a.py": "def test_a(): ...\n"})
    trust.run([str(root)])
    async with drive(root, [[EDIT], [TextDelta("a pity")]]) as driven:
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.ask("change it")
        await driven.asked()
        await driven.pilot.press("r")
        await driven.shown(ReviewScreen)
        shutil.rmtree(root)
        await driven.pilot.press("A", "enter")
        await driven.finished()
        assert "a.py was changed by somebody else meanwhile; nothing was done." in driven.transcript.plain_text
        await driven.ask("/diff")
        await driven.said("No such file or directory")
        await driven.pilot.press("ctrl+n")
        screen = await driven.shown(TestsScreen)
        await driven.pilot.press("a")
        await driven.until(lambda: screen.runs_ended > 0, "the end of the run")
        assert "there is no such folder" in str(screen.query_one("#tests-heading", Static).render())
        assert not root.exists()
