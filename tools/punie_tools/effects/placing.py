"""Beside which hunk each finding of an effect belongs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from punie_tools.changes.review import HunkPlace, Review
from punie_tools.effects.effects import Effect, Finding


@dataclass(frozen=True)
class PlacedFinding:
    """`place` is None for one outside all hunks: in another file, or away from what changed."""

    place: HunkPlace | None
    finding: Finding
    is_cured: bool


def placed(review: Review, effect: Effect, kept: Collection[HunkPlace]) -> list[PlacedFinding]:
    """The findings of an effect that was found with the hunks `kept`."""
    added = [PlacedFinding(_place(review, found, kept), found, is_cured=False) for found in effect.added]
    cured = [PlacedFinding(_place(review, found, ()), found, is_cured=True) for found in effect.cured]
    return [*added, *cured]


def _place(review: Review, found: Finding, kept: Collection[HunkPlace]) -> HunkPlace | None:
    if found.kind == "tests":
        return None
    for file, reviewed in enumerate(review.files):
        if reviewed.shown_path == found.file:
            return _in_file(review, file, found.line - 1, kept)
    return None


def _in_file(review: Review, file: int, line: int, kept: Collection[HunkPlace]) -> HunkPlace | None:
    """The hunk whose lines hold this one, counted from 0, if the kept hunks are in the file."""
    shift = 0
    for number, hunk in enumerate(review.files[file].hunks):
        lines: Sequence[bytes] = hunk.new if (file, number) in kept else hunk.old
        start = hunk.old_start + shift
        if start <= line < start + len(lines):
            return file, number
        shift += len(lines) - len(hunk.old)
    return None
