"""An edit of one file by places in its text, and how many of these stand after a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.replacements import Replacement
from punie_tools.changes.review import split_lines
from punie_tools.files.line_matching import changed_pieces


@dataclass(frozen=True)
class PlannedEdit:
    """`replacements` are places in `text`, the file before `change`, which makes all of them."""

    change: FileChange
    text: str
    replacements: tuple[Replacement, ...]

    def count_in(self, standing: Sequence[FileChange]) -> int:
        """How many of the places are in lines that differ, once only these changes are made."""
        made = next((change for change in standing if change.path == self.change.path), None)
        if made is None or made.after == self.change.after:
            return len(self.replacements) if made else 0
        before, after = (split_lines(image.data if image else b"") for image in (made.before, made.after))
        pieces = changed_pieces(before, after)
        spans = [[self.text.count("\n", 0, offset) for offset in (each.start, each.end)] for each in self.replacements]
        return sum(
            any(start <= last and first < max(end, start + 1) for start, end, _, _ in pieces) for first, last in spans
        )
