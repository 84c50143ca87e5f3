"""A whole task by keyboard: ask, review, test, stage, commit. Nano is the real one, the model that writes a script."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.widgets import Static, TextArea

from punie_tui.app.screens.main import MainScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import CommitScreen, TreeReviewScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.widgets.outline import Outline
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import TextDelta, ToolCall

SHOP = '''"""Prices."""

import json

TAX = 10


def total(prices):
    return sum(prices)


def gross(prices):
    return total(prices)


def largest(prices):
    return max(prices, default=0)


def receipt(prices):
    import sys

    return f"{gross(prices)} to pay"
'''
LINTED = SHOP.replace("import json\n", "", 1)
"""As lint --fix leaves it where its other hunk is rejected: `sys` stays."""
PROPOSED = (
    LINTED.replace("TAX = 10", "TAX = 25")
    .replace("    return total(prices)\n", "    net = total(prices)\n    return net + net * TAX // 100\n")
    .replace(" to pay", " to pay, tax included")
)
ACCEPTED = PROPOSED.replace("TAX = 25", "TAX = 10")
COMMITTED = ACCEPTED.replace(" to pay, tax included", " to pay")
FILES = {
    ".gitignore": "__pycache__/\n",
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n",
    "src/shop.py": SHOP,
    "tests/test_shop.py": (
        "from shop import gross, total\n\n\ndef test_total():\n    assert total([40, 60]) == 100\n\n\n"
        "def test_gross():\n    assert gross([40, 60]) == 110\n"
    ),
}


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


async def review(driven: Driven, kind: type[ReviewScreen], *keys: str) -> None:
    """Open the review with the first key, and decide with the others."""
    opens, *decides = keys
    await driven.pilot.press(opens)
    screen = await driven.shown(kind)
    await driven.until(lambda: any(view.has_focus for view in screen.query(ReviewView)), "its focus")
    await driven.pilot.press(*decides)


async def outcomes(driven: Driven) -> set[str]:
    """What the tests screen shows once all tests have run."""
    await driven.pilot.press("ctrl+n")
    screen = await driven.shown(TestsScreen)
    await driven.until(lambda: screen.has_read, "the tests in the files")
    if "not trusted" in str(screen.query_one("#tests-heading", Static).render()):
        await driven.pilot.press("ctrl+t")
        await driven.shown(TrustScreen)
        await driven.pilot.press("t")
        await driven.shown(TestsScreen)
    runs = screen.runs_ended
    await driven.pilot.press("a")
    await driven.until(lambda: screen.runs_ended > runs, "the end of the run")
    rows = {"".join(text for text, _ in row.parts) for row in screen.query_one(Outline).rows}
    await driven.pilot.press("escape")
    await driven.shown(MainScreen)
    return rows


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["wide", "narrow"])
async def test_from_the_question_to_the_commit(
    drive: Drive, make_repository: Callable[..., Path], size: tuple[int, int]
) -> None:
    root, shop = make_repository(FILES), "src/shop.py"
    write = ToolCall("w1", "write_file", {"path": shop, "content": PROPOSED})
    async with drive(
        root, [[write], [TextDelta("Gross holds the tax.")]], size=size, writes_answers=True, router=open_engine("nano")
    ) as driven:
        # Nano calls ruff by itself.
        await driven.ask("fix the lint errors in src")
        await driven.asked()
        assert not driven.engine.requests
        await review(driven, ReviewScreen, "r", "a", "r", "enter")
        await driven.finished(1)
        assert (root / shop).read_text() == LINTED

        assert {"✓ test_total", "✗ test_gross"} <= await outcomes(driven)

        # What must be written is the bigger model's.
        await driven.ask("rewrite gross so that it adds the tax, as its test wants, and say so on the receipt")
        await driven.asked()
        await review(driven, ReviewScreen, "r", "r", "a", "a", "enter")
        await driven.finished(2)
        await driven.said("Gross holds the tax.")
        assert (root / shop).read_text() == ACCEPTED

        assert {"✓ test_total", "✓ test_gross"} <= await outcomes(driven)

        # The last hunk stays out of the commit.
        await driven.until(lambda: driven.main.has_repo_state, "the repo panel")
        await driven.pilot.press("f4")
        await review(driven, TreeReviewScreen, "r", "a", "a", "enter")
        message = (await driven.shown(CommitScreen)).query_one(TextArea)
        await driven.until(lambda: message.has_focus, "its focus")
        await driven.pilot.press("ctrl+u")
        await driven.press_at_once(*"Add the tax", "ctrl+s")
        await driven.said("Committed")
    assert git(root, "log", "--format=%s") == "Add the tax\nStart the project\n"
    assert git(root, "show", f"HEAD:{shop}") == COMMITTED
    assert git(root, "show", "--format=", "--name-only", "HEAD") == f"{shop}\n"
    assert git(root, "status", "--porcelain") == f" M {shop}\n"
    assert (root / shop).read_text() == ACCEPTED


async def test_lint_in_plain_words_fixes_what_it_names(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository(
        {"ruff.toml": 'lint.select = ["F"]\n', "a.py": "import sys\nimport os\nimport re\n\nprint(os, re, f'')\n"}
    )
    async with drive(root, allow_all=True, router=open_engine("nano")) as driven:
        await driven.ask("fix the unused imports")
        await driven.finished(1)
        assert (root / "a.py").read_text() == "import os\nimport re\n\nprint(os, re, f'')\n"
        await driven.said("Fixed 1 violation of F401; none left.")
        (root / "a.py").write_text("import re\nimport os\n\nprint(os, re, f'')\n")
        await driven.ask("sort the imports")
        await driven.finished(2)
        assert (root / "a.py").read_text() == "import os\nimport re\n\nprint(os, re, f'')\n"
        assert not driven.engine.requests
