"""The blocks of a transcript and the lines that they take.

Adding to the end costs what is added. A new width breaks only those blocks into rows that are on the screen; the
others keep their old number of rows until somebody looks there, or `settle_some` comes by.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from punie_tui.app.widgets.transcript.block import (
    FOLDED_AT_FIRST,
    SEEN_AT_END,
    Block,
    Part,
    Said,
    Speaker,
    Turn,
    plain_pieces,
)
from punie_tui.app.widgets.transcript.block_rows import cell_widths, layout, shown_text
from punie_tui.app.widgets.transcript.markdown_pieces import Piece, pieces_of

# A block that is right already costs a look, and far less than one that is broken anew.
_LOOKS_FOR_EACH = 20
_TIGHT: frozenset[Speaker] = frozenset({"call", "attached", "change"})


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a block, counted with the blank one above its text."""

    index: int
    row: int


class BlockList:
    """Knows no screen. `layouts` counts how often a block was broken into rows."""

    def __init__(self, on_layout: Callable[[Block], object] | None = None) -> None:
        """`on_layout` is told of each block that is broken into rows, as it may look different then."""
        self._on_layout = on_layout
        self.blocks: list[Block] = []
        self.width = 80
        self.line_count = 0
        self.layouts = 0
        self._heights: list[int] = []
        # Those of the first blocks that are still right.
        self._starts: list[int] = []
        self._stale_below = 0
        self._turn = Turn()
        self._said: Said | None = None
        self._part: Part | None = None

    # Adding.

    def add(self, speaker: Speaker, text: str) -> Said:
        """Add plain text. Returns what `index_after` and `put` know it by."""
        self.end_answer()
        part = self._begin(speaker)
        part.head = FOLDED_AT_FIRST.get(speaker, part.head)
        self._append_lines(part, text.split("\n"), is_begin=True)
        return part.said

    def _append_lines(self, part: Part, lines: Sequence[str], *, is_begin: bool) -> None:
        """Append all lines of a part, or those that go on after the blocks that it has."""
        first, speaker = len(self.blocks), part.said.speaker
        tail = SEEN_AT_END.get(speaker, 0)
        # What is folded away for a line or two would take as much room as it saves.
        tail = tail if not is_begin or len(lines) > part.head + tail + 1 else 0
        pieces = plain_pieces(lines, part.head, tail) if is_begin else plain_pieces(lines, tail_lines=tail)
        for place, piece in enumerate(pieces):
            is_last = place == len(pieces) - 1
            self._append(part, piece, is_seen=not tail or is_last or (is_begin and place == 0))
        part.tail = self.blocks[-1] if tail else None
        if is_begin:
            part.is_folded = part.is_long and (
                bool(tail) or (speaker in FOLDED_AT_FIRST and speaker not in SEEN_AT_END)
            )
        self.changed(first, len(self.blocks) - 1)

    def add_markdown(self, pieces: Iterable[Piece]) -> None:
        """Add to the answer that is being given, or begin one."""
        if self._said is None:
            self._part = self._begin("punie")
            self._said = self._part.said
        for piece in pieces:
            self._append(self._part_for(piece), piece)

    def end_answer(self) -> None:
        """What comes next is another one's."""
        self._said = self._part = None

    def drop_last(self, count: int) -> None:
        """Forget the last blocks: what they said is added anew."""
        for _ in range(count):
            block = self.blocks.pop()
            self.line_count -= self._heights.pop()
            part = block.part
            part.line_count -= _line_count(block.piece)
            if part.first is block:
                part.first = None
            if block.turn.first is block:
                block.turn.first = None
            block.turn.last = self.blocks[-1] if self.blocks and self.blocks[-1].turn is block.turn else None
            if part.said is self._said:
                is_rest = bool(self.blocks) and self.blocks[-1].part.said is self._said
                self._part = self.blocks[-1].part if is_rest else part
        del self._starts[len(self.blocks) :]
        self._stale_below = min(self._stale_below, len(self.blocks))

    def add_before(self, parts: Sequence[tuple[Speaker, str]]) -> int:
        """Add what was said before; returns how many blocks that makes. `punie` speaks Markdown."""
        earlier = BlockList()
        earlier.width = self.width
        for speaker, text in parts:
            if speaker == "punie":
                earlier.add_markdown(pieces_of(text))
                earlier.end_answer()
            else:
                earlier.add(speaker, text)
        count = len(earlier.blocks)
        self._join_turns(earlier)
        self.layouts += earlier.layouts
        self.blocks[:0] = earlier.blocks
        self._heights[:0] = earlier._heights
        self.line_count += earlier.line_count
        self._starts.clear()
        self._stale_below = min(self._stale_below + count, len(self.blocks)) if self._stale_below else 0
        if 0 < count < len(self.blocks):
            first = self.blocks[count]
            first.gap = _gap(self.blocks[count - 1], first.part, first.piece)
            self.changed(count)
        return count

    def place_of_said(self, said: Said) -> tuple[int, int] | None:
        """Where the blocks of a thing that was said begin, and how many they are; None where it is not here."""
        places = (index for index in reversed(range(len(self.blocks))) if self.blocks[index].part.said is said)
        if (last := next(places, None)) is None:
            return None
        first = self.span_of(last, lambda block: block.part.said is said)[0]
        return first, last + 1 - first

    def put(self, index: int, count: int, speaker: Speaker, text: str) -> tuple[Said, int]:
        """Let plain text stand, folded likewise, in place of so many blocks from an index on, which is not the first.

        Returns what it is known by, and how many blocks it takes.
        """
        new = BlockList()
        new.width, new._turn = self.width, self.blocks[index - 1].turn
        said = new.add(speaker, text)
        if count:
            new.blocks[0].part.is_folded = self.blocks[index].part.is_folded
        self._splice(index, count, new)
        return said, len(new.blocks)

    def grow(self, said: Said, lines: Sequence[str], instead_of: int) -> tuple[int, int, int]:
        """Let plain text go on with these lines, in place of so many that stand there last. Costs what is new.

        Returns from which block on how many are new, and in place of how many.
        """
        place = self.place_of_said(said)
        assert place is not None
        first, count = place
        part = self.blocks[first].part
        most_whole = part.head + SEEN_AT_END.get(said.speaker, 0) + 1
        is_begin = part.tail is None or part.line_count + len(lines) - instead_of <= most_whole
        # The last lines may take the place of some before the tail, also of the end of a full block.
        kept = 0 if is_begin else max(count - 3, 1)
        old = self.blocks[first + kept : first + count]
        standing = "\n".join(block.piece.text for block in old).split("\n")
        part.line_count -= len(standing)
        part.first = None if is_begin else part.first
        new = BlockList()
        new.width, new._turn = self.width, said.turn
        new._append_lines(part, [*standing[: len(standing) - instead_of], *lines], is_begin=is_begin)
        self._splice(first + kept, count - kept, new)
        return first + kept, len(new.blocks), count - kept

    def _splice(self, index: int, count: int, new: BlockList) -> None:
        """Let other blocks of the same turn stand in place of so many."""
        turn, before = self.blocks[index - 1].turn, self.blocks[index - 1]
        after = index + len(new.blocks)
        self.line_count += new.line_count - sum(self._heights[index : index + count])
        self.layouts += new.layouts
        self._forget(self.blocks[index : index + count])
        self.blocks[index : index + count] = new.blocks
        self._heights[index : index + count] = new._heights
        del self._starts[index:]
        if self._stale_below > index:
            self._stale_below = max(self._stale_below + len(new.blocks) - count, index)
        turn.last = self.blocks[self.span_of(index, lambda block: block.turn is turn)[1]]
        for place, above in ((index, before), (after, self.blocks[after - 1])):
            if place < len(self.blocks):
                block = self.blocks[place]
                block.gap = _gap(above, block.part, block.piece)
                self.changed(place)

    def _forget(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if self._on_layout:
                self._on_layout(block)

    def _join_turns(self, earlier: BlockList) -> None:
        """What is earlier may end within a turn whose rest is here."""
        if not self.blocks or not earlier.blocks or self.blocks[0].speaker == "person":
            return
        turn, rest = earlier.blocks[-1].turn, self.blocks[0].turn
        rest.first, rest.last = turn.first, rest.last or turn.last
        for block in reversed(earlier.blocks):
            if block.turn is not turn:
                break
            block.part.said.turn = rest

    # Lines.

    def start_of(self, index: int) -> int:
        """The first line of a block."""
        missing = len(self.blocks) - len(self._starts)
        if missing and index >= len(self._starts):
            known = len(self._starts)
            begin = self._starts[-1] + self._heights[known - 1] if known else 0
            self._starts += list(accumulate(self._heights[known:-1], initial=begin))
        return self._starts[index]

    def line_of(self, place: Place) -> int:
        """Where a place is; a row that its block no longer has is its last."""
        index = min(place.index, len(self.blocks) - 1)
        return self.start_of(index) + min(place.row, max(self._heights[index] - 1, 0))

    def place_of(self, line: int) -> Place:
        """What stands on a line that there is."""
        self.start_of(len(self.blocks) - 1)
        index = bisect_right(self._starts, line) - 1
        return Place(index, line - self._starts[index])

    def changed(self, first: int, last: int | None = None) -> None:
        """Blocks from the first to the last may have another height now."""
        for index in range(first, (first if last is None else last) + 1):
            height = self.blocks[index].height
            if height != self._heights[index]:
                self.line_count += height - self._heights[index]
                self._heights[index] = height
                del self._starts[index + 1 :]

    # Widths.

    def set_width(self, width: int) -> bool:
        """All blocks are to be broken anew, when somebody looks at them; whether the width is another one."""
        if width == self.width:
            return False
        self.width = width
        self._stale_below = len(self.blocks)
        return True

    def settle(self, index: int, rows: int, step: int = 1) -> bool:
        """Break blocks from one on into rows of the width, downwards or upwards, until so many rows are right.

        Whether one of them was not.
        """
        has_changed = False
        while 0 <= index < len(self.blocks) and rows > 0:
            # Of what is folded away there may be much, and none of it is looked at.
            has_changed |= bool(self._heights[index]) and self._settle(index)
            rows -= self._heights[index]
            index += step
        return has_changed

    def settle_some(self, count: int) -> bool:
        """Break at most so many more blocks, the newest first; whether any are left."""
        looks = count * _LOOKS_FOR_EACH
        while self._stale_below and count and looks:
            self._stale_below -= 1
            count -= self._settle(self._stale_below)
            looks -= 1
        return self._stale_below > 0

    def _settle(self, index: int) -> bool:
        block = self.blocks[index]
        if block.width == self.width or (block.rows and not block.shown_rows):
            # What is folded away waits until somebody looks there.
            return False
        self._lay_out(block)
        self.changed(index)
        return True

    def _lay_out(self, block: Block) -> None:
        laid_out = layout(block, self.width)
        block.shown, block.rows, block.width = laid_out.text.shown, len(laid_out.rows), self.width
        self.layouts += 1
        if self._on_layout:
            self._on_layout(block)

    # Folding.

    def fold_part(self, index: int) -> bool:
        """Fold or unfold the long part that a block is of; whether it is one."""
        part = self.blocks[index].part
        if not part.is_long or self.blocks[index].turn.is_folded:
            return False
        part.is_folded = not part.is_folded
        self.changed(*self.span_of(index, lambda block: block.part is part))
        return True

    def fold_turn(self, index: int, *, is_folded: bool | None = None) -> None:
        """Fold or unfold the turn that a block is of."""
        turn = self.blocks[index].turn
        turn.is_folded = not turn.is_folded if is_folded is None else is_folded
        self.changed(*self.span_of(index, lambda block: block.turn is turn))

    def fold_all_turns(self) -> None:
        """Fold all turns, or unfold all where they are folded."""
        turns = {block.turn for block in self.blocks}
        is_folded = not all(turn.is_folded for turn in turns)
        for turn in turns:
            turn.is_folded = is_folded
        self.changed(0, len(self.blocks) - 1)

    def unfold(self, index: int, row: int) -> None:
        """Let a row of a block's text be seen."""
        block = self.blocks[index]
        if block.turn.is_folded:
            self.fold_turn(index, is_folded=False)
        if row >= block.shown_rows:
            self.fold_part(index)

    def turn_starts(self) -> list[int]:
        """Where each turn begins."""
        return [index for index, block in enumerate(self.blocks) if block.turn.first is block]

    def span_of(self, index: int, belongs: Callable[[Block], bool]) -> tuple[int, int]:
        """The first and the last block around one that belong to it."""
        first = last = index
        while first > 0 and belongs(self.blocks[first - 1]):
            first -= 1
        while last + 1 < len(self.blocks) and belongs(self.blocks[last + 1]):
            last += 1
        return first, last

    # What stands where.

    def _begin(self, speaker: Speaker) -> Part:
        if speaker == "person":
            self._turn = Turn()
        return Part(Said(speaker, self._turn))

    def _part_for(self, piece: Piece) -> Part:
        assert self._part is not None and self._said is not None
        wanted = "code" if piece.kind == "code" else "row" if piece.kind in ("row", "line") else "words"
        has = self._part.kind
        if piece.kind == "hidden" or (wanted == has and not piece.is_first):
            return self._part
        self._part = Part(self._said, kind=wanted)
        return self._part

    def _append(self, part: Part, piece: Piece, *, is_seen: bool = True) -> None:
        """What is not seen at once has a row a line until somebody looks there."""
        block = Block(part, piece, gap=_gap(self.blocks[-1] if self.blocks else None, part, piece))
        turn = block.turn
        if piece.kind != "hidden":
            part.first = part.first or block
        turn.first = turn.first or block
        turn.last = block
        part.line_count += _line_count(piece)
        if piece.kind == "row" and part.widen_columns(cell_widths(block)):
            self._widen_table(part)
        if is_seen:
            self._lay_out(block)
        else:
            block.shown, block.rows = shown_text(block), _line_count(piece)
        self.blocks.append(block)
        self._heights.append(0)
        if len(self._starts) == len(self.blocks) - 1:
            self._starts.append(self.line_count)
        self.changed(len(self.blocks) - 1)

    def _widen_table(self, part: Part) -> None:
        for block in reversed(self.blocks):
            if block.part is not part:
                break
            block.width = 0
        self._stale_below = len(self.blocks)


def _line_count(piece: Piece) -> int:
    return 0 if piece.kind in ("hidden", "line") else piece.text.count("\n") + 1


def _gap(before: Block | None, part: Part, piece: Piece) -> int:
    """How many blank rows stand above a piece."""
    if before is None or piece.kind == "hidden":
        return 0
    if before.part.said is part.said:
        return 0 if piece.joins else 1
    return 0 if before.speaker in _TIGHT and part.said.speaker != "person" else 1
