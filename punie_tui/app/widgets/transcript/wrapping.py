"""Where a text is broken into rows: offsets into it, so that nothing of it is changed or copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

from punie_tui.app.textual_adapter import width_of

_WORD = re.compile(r"\s*\S+|\s+$")


def wrapped_rows(text: str, width: int, *, by_words: bool = True) -> list[tuple[int, int]]:
    """Start and end of each row; at least one. Code is broken at the edge, words are kept whole where they fit."""
    rows: list[tuple[int, int]] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if cell_len(line) <= width:
            rows.append((start, end))
        else:
            rows += _rows_of_words(text, start, end, width) if by_words else _rows_of_cells(text, start, end, width)
        start = end + 1
    return rows


def _rows_of_words(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    row_start, row_end, cells = start, start, 0
    for word in _WORD.finditer(text, start, end):
        word_cells = cell_len(word.group())
        if cells + word_cells <= width:
            cells += word_cells
        else:
            if row_end > row_start:
                yield row_start, row_end
                row_start = word.end() - len(word.group().lstrip())
            *whole, last = _rows_of_cells(text, row_start, word.end(), width)
            yield from whole
            row_start = last[0]
            cells = cell_len(text[row_start : word.end()])
        row_end = word.end()
    yield row_start, row_end


def _rows_of_cells(text: str, start: int, end: int, width: int) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    row_start, cells = start, 0
    for place in range(start, end):
        letter_cells = width_of(text[place])
        if cells + letter_cells > width and place > row_start:
            rows.append((row_start, place))
            row_start, cells = place, 0
        cells += letter_cells
    return [*rows, (row_start, end)]
