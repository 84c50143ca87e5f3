"""The wording that the summaries of tools share."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST_ITEM = 160


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`, `1,234 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def first_of(items: Sequence[str], most: int = 3) -> str:
    """The first few items, each shortened, and how many more there are."""
    listed = ", ".join(shortened(item) for item in items[:most])
    return f"{listed} and {len(items) - most:,} more" if len(items) > most else listed


def shortened(text: str, longest: int = _LONGEST_ITEM) -> str:
    """The text on one line, cut at `longest` characters, without the full stop that its sentence brings."""
    line = single_line(text)
    return (line if len(line) <= longest else line[: longest - 1] + "…").rstrip(".")


def single_line(text: str) -> str:
    """All white space, newlines too, as single spaces."""
    return " ".join(text.split())
