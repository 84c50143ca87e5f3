"""The reading of a prompt: tokens read, from the cache, left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Drive

from punie_tui.app.widgets.reading_bar import reading_texts
from punie_tui.app.widgets.status import StatusLine
from punie_tui.engine.protocol import Progress, TextDelta


@pytest.mark.parametrize(
    ("size", "first", "last"),
    [
        ((120, 40), "reading ▒▒▒░░░░░░░░░ 0 read, 1,024 from cache, 3,072 left", "reading ▒▒▒██████░░░ 2,048 read, "),
        ((80, 24), "reading 25%", "reading 75%"),
        ((40, 12), "reading 25%", "reading 75%"),
    ],
)
async def test_the_status_line_shows_how_far_it_is(
    drive: Drive, make_repository: Callable[..., Path], size: tuple[int, int], first: str, last: str
) -> None:
    begun, read = threading.Event(), threading.Event()
    steps = [Progress(done=done, total=4096, cached=1024) for done in (1024, 3072)]
    async with drive(
        make_repository({"a.py": ""}), [[steps[0], begun, steps[1], read, TextDelta("So.")]], size=size
    ) as it:
        line = it.main.query_one(StatusLine)
        await it.ask("read")
        await it.until(lambda: first in str(line.render()), "the beginning")
        assert "ask" in str(line.render())
        # Nor do trust and model give way to it, where there is room for these at all.
        assert ("not trusted" in str(line.render()) and str(line.render()).endswith("scripted")) == (size[0] >= 80)
        begun.set()
        await it.until(lambda: last in str(line.render()), "the middle")
        read.set()
        await it.finished()
        assert "reading" not in str(line.render())


def test_counts_that_an_engine_does_not_know_break_nothing() -> None:
    assert reading_texts(0, 0, 0) == ("reading",)
    assert reading_texts(9, 5, 7)[0] == "reading ▒▒▒▒▒▒▒▒▒▒▒▒ 0 read, 5 from cache, 0 left"
