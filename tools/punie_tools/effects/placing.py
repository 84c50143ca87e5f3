"""At which line of a review each finding of an effect is; hunks may be split and joined."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from punie_tools.changes.review import HunkPlace, Review
from punie_tools.changes.review_lines import ReviewLine, line_in
from punie_tools.effects.effects import Effect, Finding
from punie_tools.spelling import spelled


@dataclass(frozen=True)
class PlacedFinding:
    """`line` is None for one outside all hunks: in another file, or away from what changed."""

    line: ReviewLine | None
    finding: Finding
    is_cured: bool


def placed(review: Review, effect: Effect, kept: Collection[HunkPlace]) -> list[PlacedFinding]:
    """The findings of an effect that was found with the hunks `kept`."""
    added = [PlacedFinding(_line(review, found, kept), found, is_cured=False) for found in effect.added]
    cured = [PlacedFinding(_line(review, found, ()), found, is_cured=True) for found in effect.cured]
    return [*added, *cured]


def _line(review: Review, found: Finding, kept: Collection[HunkPlace]) -> ReviewLine | None:
    if found.kind == "tests":
        return None
    for file, reviewed in enumerate(review.files):
        if found.file in (reviewed.shown_path, spelled(reviewed.renamed_from)):
            return line_in_file(review, file, found.line - 1, kept)
    return None


def line_in_file(review: Review, file: int, line: int, kept: Collection[HunkPlace]) -> ReviewLine | None:
    """The line of a hunk that this one is, counted from 0, if the kept hunks are in the file."""
    shift = 0
    for number, hunk in enumerate(review.files[file].hunks):
        is_kept = (file, number) in kept
        lines: Sequence[bytes] = hunk.new if is_kept else hunk.old
        start = hunk.old_start + shift
        if start <= line < start + len(lines):
            return line_in(review, (file, number), line - start, is_new=is_kept)
        shift += len(lines) - len(hunk.old)
    return None
