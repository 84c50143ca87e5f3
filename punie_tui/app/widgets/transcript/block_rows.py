"""A block broken into rows at a width, and drawn: prefixes, cells of a table, colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from punie_tui.app.textual_adapter import width_of
from punie_tui.app.widgets.transcript.block import TABLE_GAP, Block, Speaker
from punie_tui.app.widgets.transcript.code_colours import colours_of
from punie_tui.app.widgets.transcript.inline_text import Emphasis, InlineText, inline_text
from punie_tui.app.widgets.transcript.markdown_pieces import cells_of
from punie_tui.app.widgets.transcript.wrapping import wrapped_rows

MARKS: dict[Speaker, str] = {
    "person": "› ",
    "steering": "» ",
    "call": "· ",
    "note": "  ",
    "result": "  ",
    "output": "  ",
    "error": "✗ ",
    "punie": "  ",
    "attached": "+ ",
    "change": "✓ ",
}
_CELL_BREAK = "\0"
_CHANGED_LINE = re.compile(r"(?m)^(?:[+](?![+]{2} )|-(?!-- )).*$")
_LEAST_WIDTH = 4
_TAB = 4
_NOTHING = InlineText("")

Row = tuple[tuple[int, int, int], ...]
"""Start and end of texts in `shown`, each with the column that it begins in."""

Mark = tuple[int, int, str]
"""Where what stands: the name of a style in `StyleOf`."""

StyleOf = Callable[[str], Style]
MarksIn = Callable[[str], Iterable[Mark]]
"""What is drawn over a text that is shown, besides what the text itself says."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A block's text in rows; `prefix` stands before the first one, or before each."""

    text: InlineText
    rows: list[Row]
    prefix: str


def layout(block: Block, width: int) -> Layout:
    """Break a block into rows. A table's row takes the columns that its table has now."""
    piece = block.piece
    if piece.kind == "hidden":
        return Layout(_NOTHING, [], "")
    prefix = _prefix(block)
    room = max(width - cell_len(prefix), _LEAST_WIDTH)
    if piece.kind in ("rule", "line"):
        return Layout(_NOTHING, [((0, 0, 0),)], prefix)
    text = _inline(block)
    if piece.kind == "row":
        return Layout(text, _rows_of_cells(text.shown, block.part.columns, room), prefix)
    broken = wrapped_rows(text.shown, room, by_words=piece.kind != "code")
    return Layout(text, [((start, end, 0),) for start, end in broken], prefix)


def shown_text(block: Block) -> str:
    """What `layout` would show, without the rows."""
    return _inline(block).shown


def cell_widths(block: Block) -> list[int]:
    """How wide the cells of a table's row are."""
    return [cell_len(cell) for cell in _inline(block).shown.split(_CELL_BREAK)]


def draw(block: Block, width: int, style_of: StyleOf, marks_in: MarksIn) -> list[Strip]:
    """The block's rows as strips."""
    laid_out = layout(block, width)
    muted, base = style_of("muted"), style_of(_base_style(block))
    if block.piece.kind == "rule":
        return [Strip([Segment("  " + "─" * max(width - 2, 1), muted)])]
    if block.piece.kind == "line":
        columns = _fitted(block.part.columns, max(width - len(laid_out.prefix), _LEAST_WIDTH))
        return [Strip([Segment(laid_out.prefix + "─┼─".join("─" * column for column in columns), muted)])]
    text = Text(laid_out.text.shown, end="")
    for start, end, name in (*_own_marks(block, laid_out.text), *marks_in(laid_out.text.shown)):
        text.stylize(style_of(name), start, end)
    prefix_style = muted if block.piece.kind == "code" else base
    strips: list[Strip] = []
    for number, row in enumerate(laid_out.rows):
        is_begun = number == 0 or block.piece.kind in ("code", "quote")
        segments = [Segment(laid_out.prefix if is_begun else " " * cell_len(laid_out.prefix), prefix_style)]
        column = 0
        for start, end, begin in row:
            if begin > column:
                segments.append(Segment(_gap(begin - column), muted))
            segments += _segments(text, start, end, base)
            column = begin + cell_len(laid_out.text.shown[start:end])
        strips.append(Strip(segments))
    return strips


def row_of(block: Block, width: int, letter: int) -> int:
    """In which row a letter of a block's text stands."""
    rows = layout(block, width).rows
    return next((number for number, row in enumerate(rows) if any(a <= letter < b for a, b, _ in row)), 0)


def end_of_row(block: Block, width: int, row: int) -> int:
    """How many letters of a block's text stand up to the end of a row."""
    rows = layout(block, width).rows
    return rows[row][-1][1] if 0 <= row < len(rows) else 0


def letter_at(block: Block, width: int, row: int, column: int) -> int:
    """Which letter of a block's text stands in a column of a row; -1 where none does."""
    laid_out = layout(block, width)
    if not 0 <= row < len(laid_out.rows):
        return -1
    for start, end, begin in laid_out.rows[row]:
        cells = cell_len(laid_out.prefix) + begin
        for letter in range(start, end):
            if cells <= column < cells + width_of(laid_out.text.shown[letter]):
                return letter
            cells += width_of(laid_out.text.shown[letter])
    return -1


def _inline(block: Block) -> InlineText:
    text = block.piece.text
    if "\t" in text:
        text = text.expandtabs(_TAB)
    match block.piece.kind:
        case "paragraph" | "heading" | "item" | "quote":
            return inline_text(text)
        case "row":
            return _joined([inline_text(cell) for cell in cells_of(text)])
        case _:
            return InlineText(text)


def _segments(text: Text, start: int, end: int, base: Style) -> Iterable[Segment]:
    if start == end:
        return
    part = text[start:end]
    plain = part.plain
    edges = sorted({0, len(plain), *(edge for span in part.spans for edge in (span.start, span.end))})
    for begin, stop in pairwise(edges):
        style = base
        for span in part.spans:
            if span.start <= begin and span.end >= stop and isinstance(span.style, Style):
                style += span.style
        yield Segment(plain[begin:stop], style)


def _prefix(block: Block) -> str:
    piece = block.piece
    mark = MARKS[block.speaker] if block.part.first is block else "  "
    match piece.kind:
        case "item":
            return f"{mark}{' ' * piece.indent}{'•' if piece.bullet in '-*+' else piece.bullet} "
        case "quote":
            return f"{mark}▌ "
        case "code":
            return f"{mark}{' ' * piece.indent}│ "
        case _:
            return mark + " " * piece.indent


def _base_style(block: Block) -> str:
    if block.piece.kind == "heading":
        return "title" if block.piece.level == 1 else "heading"
    if block.piece.kind == "row" and block.piece.level == 1:
        return "heading"
    return "quote" if block.piece.kind == "quote" else block.speaker


def _own_marks(block: Block, text: InlineText) -> Iterable[Mark]:
    piece = block.piece
    if block.speaker == "change":
        return _changed_lines(text.shown)
    return colours_of(text.shown, piece.language, piece.opening) if piece.kind == "code" else text.spans


def _changed_lines(diff: str) -> Iterable[Mark]:
    """The lines of a diff that come and go, each by its sign."""
    for line in _CHANGED_LINE.finditer(diff):
        yield line.start(), line.end(), "added" if line.group().startswith("+") else "removed"


def _joined(cells: list[InlineText]) -> InlineText:
    spans: list[tuple[int, int, Emphasis]] = []
    start = 0
    for cell in cells:
        spans.extend((start + begin, start + end, name) for begin, end, name in cell.spans)
        start += len(cell.shown) + 1
    return InlineText(_CELL_BREAK.join(cell.shown.replace("\n", " ") for cell in cells), tuple(spans))


def _rows_of_cells(shown: str, columns: list[int], room: int) -> list[Row]:
    widths = _fitted(columns, room)
    broken: list[list[tuple[int, int]]] = []
    start = 0
    for cell, width in zip(shown.split(_CELL_BREAK), widths, strict=False):
        broken.append([(start + begin, start + end) for begin, end in wrapped_rows(cell, width)])
        start += len(cell) + 1
    height = max((len(cell) for cell in broken), default=1)
    rows: list[Row] = []
    for number in range(height):
        row: list[tuple[int, int, int]] = []
        column = 0
        for cell, width in zip(broken, widths, strict=False):
            begin, end = cell[number] if number < len(cell) else (cell[-1][1], cell[-1][1])
            row.append((begin, end, column))
            column += width + TABLE_GAP
        rows.append(tuple(row))
    return rows


def _fitted(columns: list[int], room: int) -> list[int]:
    """The widths of columns that fit the room: the widest ones give way."""
    widths = [max(width, 1) for width in columns]
    excess = sum(widths) + TABLE_GAP * (len(widths) - 1) - room
    while excess > 0 and max(widths) > _LEAST_WIDTH:
        widest = widths.index(max(widths))
        second = max((width for place, width in enumerate(widths) if place != widest), default=0)
        cut = min(excess, max(widths[widest] - max(second, _LEAST_WIDTH), 1))
        widths[widest] -= cut
        excess -= cut
    return widths


def _gap(cells: int) -> str:
    return " │ ".rjust(cells) if cells >= TABLE_GAP else " " * cells
