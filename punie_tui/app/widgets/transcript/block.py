"""What a transcript is made of: turns, what was said in them, its parts that fold, and their blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from punie_tui.app.widgets.transcript.markdown_pieces import Piece

Speaker = Literal["person", "steering", "punie", "result", "output", "call", "note", "error", "attached", "change"]

# Longer ones are folded to so many lines when they come.
FOLDED_AT_FIRST: dict[Speaker, int] = {"person": 10, "steering": 10, "attached": 1, "change": 1, "output": 10}
# Of what a command printed the last lines say how it went, and are seen when it is folded, too.
SEEN_AT_END: dict[Speaker, int] = {"output": 10}
# What the person folds keeps so many lines.
_LINES_OF_FOLDED = 3
_LINES_OF_BLOCK = 100
# Between rows of a table's cells.
TABLE_GAP = 3
# Columns grow by so much at once: each growth draws the whole table again.
_COLUMN_STEP = 4


@dataclass(eq=False, slots=True)
class Turn:
    """A prompt and all that follows; `first` is None until it holds something."""

    is_folded: bool = False
    first: Block | None = None
    last: Block | None = None


@dataclass(eq=False, slots=True)
class Said:
    """All that one speaker says in one go."""

    speaker: Speaker
    turn: Turn


@dataclass(eq=False, slots=True)
class Part:
    """What folds as one: a prompt, a result, a fence of code, or the words between them."""

    said: Said
    kind: Literal["words", "code", "row"] = "words"
    is_folded: bool = False
    head: int = _LINES_OF_FOLDED
    first: Block | None = None
    tail: Block | None = None
    """The last block, where that is seen when the part is folded, too."""
    line_count: int = 0
    columns: list[int] = field(default_factory=list[int])

    @property
    def is_long(self) -> bool:
        """Whether there is something to fold."""
        return self.line_count > self.head + self.tail_lines

    @property
    def tail_lines(self) -> int:
        """How many lines stand below what tells of the fold."""
        return self.tail.piece.text.count("\n") + 1 if self.tail else 0

    def widen_columns(self, widths: list[int]) -> bool:
        """Whether a table's columns had to grow for cells of these widths."""
        wanted = [-(-width // _COLUMN_STEP) * _COLUMN_STEP for width in widths]
        missing = [0] * (len(wanted) - len(self.columns))
        grown = [
            max(pair) for pair in zip([*self.columns, *missing], [*wanted, *[0] * len(self.columns)], strict=False)
        ]
        if grown == self.columns:
            return False
        self.columns = grown
        return True


@dataclass(eq=False, slots=True)
class Block:
    """The least that is drawn again as one. `shown` is its text without markup; `rows` are as many as `width` makes."""

    part: Part
    piece: Piece
    shown: str = ""
    gap: int = 0
    rows: int = 0
    width: int = 0

    @property
    def speaker(self) -> Speaker:
        return self.part.said.speaker

    @property
    def turn(self) -> Turn:
        return self.part.said.turn

    @property
    def shown_rows(self) -> int:
        """How many rows of its text stand on the screen."""
        if self.turn.is_folded:
            return min(self.rows, 1) if self.turn.first is self else 0
        if self.part.is_folded and self.part.is_long and self.part.tail is not self:
            # A single line that tells what is folded below it is never cut.
            most = min(self.rows, self.part.head) if self.part.head > 1 else self.rows
            return most if self.part.first is self else 0
        return self.rows

    @property
    def tells_fold(self) -> bool:
        """Whether a row below its text says how much is folded away."""
        if self.turn.is_folded:
            return self.turn.first is self and self.turn.last is not self
        return self.part.is_folded and self.part.is_long and self.part.first is self and self.part.head > 1

    @property
    def height(self) -> int:
        """All its rows, with the blank one above and what tells of a fold."""
        rows = self.shown_rows
        return rows + self.gap + self.tells_fold if rows else 0


def plain_pieces(lines: Sequence[str], first_lines: int = _LINES_OF_BLOCK, tail_lines: int = 0) -> list[Piece]:
    """Text that is no Markdown, in pieces, so that a long one is drawn in parts; first and last have so many lines."""
    ends = [first_lines, *range(first_lines + _LINES_OF_BLOCK, len(lines) - tail_lines, _LINES_OF_BLOCK)]
    cuts = [0, *(end for end in ends if end < len(lines) - tail_lines), len(lines) - tail_lines]
    pieces = [_plain(lines[start:end]) for start, end in pairwise(cuts)]
    return [*pieces, _plain(lines[-tail_lines:])] if tail_lines else pieces


def _plain(lines: Sequence[str]) -> Piece:
    text = "\n".join(lines)
    return Piece("plain", text, text, joins=True)
