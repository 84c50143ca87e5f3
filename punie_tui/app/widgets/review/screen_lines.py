"""Where the rows of a review stand on the screen: a row takes one line, or several where long lines are wrapped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from punie_tui.app.widgets.transcript.wrapping import wrapped_rows


@dataclass(frozen=True)
class Columns:
    """How the width of the screen is shared out; `number_width` is that of a line's number."""

    width: int
    number_width: int

    @property
    def gutter(self) -> int:
        """Cursor, verdict, both numbers and the sign."""
        return 2 + 2 * (self.number_width + 1) + 2

    @property
    def room(self) -> int:
        """For a line's text, where sides stand one below the other."""
        return max(self.width - self.gutter, 4)

    @property
    def half(self) -> int:
        """For one of two sides, its number included."""
        return max((self.width - 2) // 2, self.number_width + 6)

    @property
    def half_room(self) -> int:
        return self.half - self.number_width - 2


class ScreenLines:
    """Rows and lines, both counted from 0; what is kept and looked through are the rows of several lines alone."""

    def __init__(self, heights: Iterable[int]) -> None:
        """How many lines each row takes."""
        self._rows: list[int] = []
        self._starts: list[int] = []
        self._heights: list[int] = []
        self.count = 0
        for row, height in enumerate(heights):
            if height > 1:
                self._rows.append(row)
                self._starts.append(self.count)
                self._heights.append(height)
            self.count += height

    def first_of(self, row: int) -> int:
        """The line at which a row begins."""
        before = bisect_left(self._rows, row) - 1
        if before < 0:
            return row
        return self._starts[before] + self._heights[before] + row - self._rows[before] - 1

    def row_at(self, line: int) -> tuple[int, int]:
        """The row on a line, and the which of its lines that is."""
        here = bisect_right(self._starts, line) - 1
        if here < 0:
            return line, 0
        inside, height = line - self._starts[here], self._heights[here]
        return (self._rows[here], inside) if inside < height else (self._rows[here] + 1 + inside - height, 0)


def pieces_of(text: str, room: int, *, by_words: bool) -> list[tuple[int, int]]:
    """Start and end of what of a line's text stands on each line of the screen."""
    if by_words or not text.isascii():
        return wrapped_rows(text, room, by_words=by_words)
    return [(start, min(start + room, len(text))) for start in range(0, len(text), room)] or [(0, 0)]
