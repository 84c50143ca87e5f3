"""Rows of lists of sessions and of turns: the words left, cut to what is free, and the facts right of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from punie_tools.safe_text import safe_text

_FEWEST_COLUMNS_FOR_WORDS = 20


def list_row(words: str, facts: Sequence[str], width: int, *, style: str = "") -> Content:
    """One row of `width` cells. Where there is no room the first facts go, until the words have theirs."""
    shown = list(facts)
    while shown and width - cell_len("  ".join(shown)) - 2 < _FEWEST_COLUMNS_FOR_WORDS:
        shown.pop(0)
    right = "  ".join(shown)
    room = max(width - cell_len(right) - (2 if right else 0), 1)
    text = safe_text(" ".join(words.split()), single_line=True)
    left = text if cell_len(text) <= room else f"{set_cell_size(text, room - 1).rstrip()}…"
    left = set_cell_size(left, room)
    return Content.assemble((left, style), ("  " if right else "", ""), (right, "$secondary"))


def moment(time: datetime) -> str:
    """A time as lists show it."""
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
