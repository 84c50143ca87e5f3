"""An edit of one file by places in its text, and which of these stand after a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.replacements import Replacement
from punie_tools.changes.review import split_lines
from punie_tools.files.line_matching import Piece, changed_pieces


@dataclass(frozen=True)
class PlannedEdit:
    """`replacements` are places in `text`, the file before `change`, which makes all of them."""

    change: FileChange
    text: str
    replacements: tuple[Replacement, ...]

    def count_in(self, standing: Sequence[FileChange]) -> int:
        """How many of the places are in lines that differ, once only these changes are made."""
        return len(self.lines_in(standing))

    def lines_in(self, standing: Sequence[FileChange]) -> list[int]:
        """The lines of those places, one for each, in the file as it is once only these changes are made."""
        made = next((change for change in standing if change.path == self.change.path), None)
        if made is None:
            return []
        ordered = sorted(self.replacements, key=lambda each: each.start)
        spans = [(self.text.count("\n", 0, each.start), self.text.count("\n", 0, each.end)) for each in ordered]
        if made.after == self.change.after:
            gained = [each.new.count("\n") - last + first for each, (first, last) in zip(ordered, spans, strict=True)]
            return [first + shift + 1 for (first, _), shift in zip(spans, accumulate(gained, initial=0), strict=False)]
        before, after = (split_lines(image.data if image else b"") for image in (made.before, made.after))
        pieces = changed_pieces(before, after)
        found = (next((piece for piece in pieces if _touches(piece, *span)), None) for span in spans)
        return [_line_after(first, piece) for (first, _), piece in zip(spans, found, strict=True) if piece]


def _touches(piece: Piece, first: int, last: int) -> bool:
    start, end, _, _ = piece
    return start <= last and first < max(end, start + 1)


def _line_after(line: int, piece: Piece) -> int:
    """Where a line of a piece, or what came in its place, stands afterwards, counted from 1."""
    start, _, new_start, new_end = piece
    return new_start + max(min(line - start, new_end - new_start - 1), 0) + 1
