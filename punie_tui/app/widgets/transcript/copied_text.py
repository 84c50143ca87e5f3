"""What is copied: the text as it was written, without marks, borders and the breaks that the width makes."""

from __future__ import annotations

from collections.abc import Iterator

from punie_tui.app.widgets.transcript.block import Block
from punie_tui.app.widgets.transcript.block_list import BlockList, Place
from punie_tui.app.widgets.transcript.block_rows import layout
from punie_tui.app.widgets.transcript.markdown_pieces import source_of


def text_of_rows(blocks: BlockList, first: Place, last: Place) -> str:
    """What stands on the rows from one to another. Of code and tables whole lines are taken."""
    parts: list[str] = []
    for index in range(first.index, last.index + 1):
        block = blocks.blocks[index]
        begin = first.row - block.gap if index == first.index else 0
        end = last.row - block.gap if index == last.index else block.shown_rows - 1
        text = "\n".join(_lines(block, max(begin, 0), min(end, block.shown_rows - 1), blocks.width))
        if not block.shown_rows or (end < 0 and index == last.index):
            continue
        parts.append("\n" * block.gap + text if parts else text)
    return "\n".join(parts)


def _lines(block: Block, begin: int, end: int, width: int) -> Iterator[str]:
    piece = block.piece
    if piece.kind in ("row", "line", "rule"):
        yield piece.source
        return
    laid_out = layout(block, width)
    rows = laid_out.rows[begin : end + 1]
    if not rows:
        return
    shown, start, stop = laid_out.text.shown, rows[0][0][0], rows[-1][0][1]
    if piece.kind in ("code", "plain"):
        # Tabs are kept, so lines are counted and not letters.
        first = shown.count("\n", 0, start)
        yield from piece.text.split("\n")[first : shown.count("\n", 0, stop) + 1]
        return
    bullet = f"{' ' * piece.indent}{piece.bullet} " if piece.kind == "item" and begin == 0 else ""
    yield bullet + shown[start:stop]


def text_of_part(blocks: BlockList, index: int) -> str:
    """The source of what stands around a block: a fence without its borders, a paragraph, a table, a result."""
    part, block = blocks.blocks[index].part, blocks.blocks[index]
    if part.kind == "words" and block.speaker == "punie":
        return source_of([block.piece])
    first, last = blocks.span_of(index, lambda other: other.part is part)
    pieces = [other.piece for other in blocks.blocks[first : last + 1] if other.piece.kind != "hidden"]
    return "\n".join(piece.text for piece in pieces) if part.kind == "code" else source_of(pieces)


def text_of_answer(blocks: BlockList, index: int) -> str:
    """The source of all that was said in one go where a block stands."""
    said = blocks.blocks[index].part.said
    first, last = blocks.span_of(index, lambda other: other.part.said is said)
    return source_of(block.piece for block in blocks.blocks[first : last + 1])
