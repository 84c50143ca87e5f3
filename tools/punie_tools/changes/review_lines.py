"""Lines of a review that are found again in whichever hunk holds them, also after one was split or joined again."""

from __future__ import annotations

from dataclasses import dataclass

from punie_tools.changes.review import HunkPlace, Review


@dataclass(frozen=True)
class ReviewLine:
    """A line of the file before or of the proposed one, counted from 0, and what it holds."""

    file: int
    number: int
    is_new: bool
    text: bytes


def line_in(review: Review, place: HunkPlace, offset: int = 0, *, is_new: bool) -> ReviewLine | None:
    """A line of one side of a hunk; None where it has no such line."""
    hunk = review.hunk(place)
    lines, start = (hunk.new, hunk.new_start) if is_new else (hunk.old, hunk.old_start)
    if not 0 <= offset < len(lines):
        return None
    return ReviewLine(place[0], start + offset, is_new, lines[offset])


def place_of(review: Review, line: ReviewLine) -> HunkPlace | None:
    """The hunk that holds it now; None for a line that is in none, or was edited."""
    for number, hunk in enumerate(review.files[line.file].hunks):
        start = hunk.new_start if line.is_new else hunk.old_start
        if line_in(review, (line.file, number), line.number - start, is_new=line.is_new) == line:
            return line.file, number
    return None
