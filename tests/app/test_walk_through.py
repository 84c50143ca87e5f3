"""The README's walk-through: pictures become one animated SVG that shows each of them in its turn."""

from __future__ import annotations

import runpy
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Label

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
Animate = Callable[[Sequence[tuple[str, float]]], str]
animated: Animate = runpy.run_path(str(SCREENSHOTS / "animation.py"))["animated"]


class Words(App[None]):
    """A line that changes and one that stays."""

    def compose(self) -> ComposeResult:
        yield Label("first", id="changes")
        yield Label("lasting")


async def test_a_row_that_stays_is_written_once_and_the_last_picture_is_seen_where_nothing_moves() -> None:
    app = Words()
    async with app.run_test(size=(20, 4)) as pilot:
        pictures = [(app.export_screenshot(), 1.0)]
        app.query_one("#changes", Label).update("second")
        await pilot.pause()
        pictures.append((app.export_screenshot(), 3.0))
    made = animated(pictures)
    ElementTree.fromstring(made)
    assert made.count(">lasting") == made.count(">first") == made.count(">second") == 1
    shown = [row for row in made.split("<g class=") if 'visibility="visible"' in row]
    assert any(">second" in row for row in shown)
    assert not any(">first" in row for row in shown)
    assert "25.00%{visibility:hidden}" in made
    assert "4s step-end infinite" in made


def test_the_recorded_walk_is_there_and_small() -> None:
    walk = SCREENSHOTS / "walk.svg"
    assert walk.stat().st_size < 400_000
    text = walk.read_text(encoding="utf-8").replace("&#160;", " ")
    assert all(step in text for step in ("typecheck(path=", "@Ledger.post 99", "hunk 1/1", "^p"))
