"""What fits of a line that goes on past the edge, marked where it is cut off."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

CUT_MARK = "…"


def cut_text(line: Strip, start: int, room: int, mark: Style) -> Strip:
    """So many of its cells from `start` on; a mark takes the outermost cell of a side where more of it lies.

    Blanks that a line begins with are no loss. The mark keeps the ground of the cell that it takes.
    """
    end = start + room
    goes_on = room > 0 and line.cell_length > end
    began_before = start > 0 and room > 1 and _indent(line) < min(start, line.cell_length)
    kept = line.crop(start + began_before, end - goes_on)
    left = [_mark(line, start, mark)] if began_before else []
    right = [_mark(line, end - 1, mark)] if goes_on else []
    return Strip([*left, *kept, *right])


def _indent(line: Strip) -> int:
    return line.cell_length - cell_len(line.text.lstrip())


def _mark(line: Strip, cell: int, mark: Style) -> Segment:
    styles = (segment.style for segment in line.crop(cell, cell + 1))
    taken = next(styles, None) or Style()
    return Segment(CUT_MARK, Style(bgcolor=taken.bgcolor) + mark)
