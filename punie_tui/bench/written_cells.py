"""Which cells of a terminal a program wrote to, and where it left the cursor."""

from __future__ import annotations

import re

from rich.cells import get_character_cell_size

Cell = tuple[int, int]
"""Column and row, from 1 on."""

_PARTS = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[?\d;]*[mhl]|(.)", re.DOTALL)


def written_cells(written: bytes) -> tuple[set[Cell], Cell]:
    """Of what is written from a move of the cursor on: moves, letters, lines' ends, looks and modes.

    Any other code counts as the letters that it is spelled with: it may change whatever it likes.
    """
    cells: set[Cell] = set()
    column, row = 1, 1
    for to_row, to_column, letter in _PARTS.findall(written.decode("utf-8", "replace")):
        if to_row:
            column, row = int(to_column), int(to_row)
        elif letter == "\n":
            row += 1
        elif letter == "\r":
            column = 1
        elif letter:
            width = get_character_cell_size(letter)
            cells.update((column + place, row) for place in range(width))
            column += width
    return cells, (column, row)
