"""The wording that the summaries of tools share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar

_LONGEST_ITEM = 160
_left_out: ContextVar[list[int] | None] = ContextVar("left_out", default=None)


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`, `1,234 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def first_of(items: Sequence[str], most: int = 3, *, total: int = 0) -> str:
    """The first few items, each shortened, and how many more there are, or are of `total` where not all are given."""
    named = items[:most]
    listed = ", ".join(shortened(item) for item in named)
    left_out = max(total, len(items)) - len(named)
    if left_out and (counts := _left_out.get()) is not None:
        counts.append(left_out)
    return f"{listed} and {left_out:,} more" if left_out else listed


def leaves_out(tell: Callable[[], str]) -> bool:
    """Whether `first_of` names only some of the items that it is given while the sentence is made."""
    counts: list[int] = []
    token = _left_out.set(counts)
    try:
        tell()
    finally:
        _left_out.reset(token)
    return bool(counts)


def shortened(text: str, longest: int = _LONGEST_ITEM) -> str:
    """The text on one line, cut at `longest` characters, without the full stop that its sentence brings."""
    line = single_line(text)
    return (line if len(line) <= longest else line[: longest - 1] + "…").rstrip(".")


def single_line(text: str) -> str:
    """All white space, newlines too, as single spaces."""
    return " ".join(text.split())
