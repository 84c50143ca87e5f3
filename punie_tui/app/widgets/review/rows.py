"""The rows of a review: what stands on each, so that only those on the screen are ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

from punie_tools.changes.review import FileReview, Hunk, HunkPlace, Review
from punie_tools.files.line_matching import changed_pieces
from punie_tools.spelling import spelled

RowKind = Literal["file", "note", "context", "removed", "added", "pair", "comment", "gap", "worse", "better", "told"]

_CONTEXT = 3


class Row(NamedTuple):
    """`old` and `new` are line indexes into the file before and after; a pair shows both, of which one may lack.

    `hunk` is the hunk that the row belongs to; the lines around one belong to it as well. `other` is the line of the
    other side that a changed line was, or became.
    """

    kind: RowKind
    file: int
    hunk: int
    old: int | None = None
    new: int | None = None
    text: str = ""
    other: int | None = None
    is_change: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a hunk does to types, lint or tests; `place` is None where that shows elsewhere.

    `is_worse` is None for what is neither better nor worse. One that `is_of_file` stands above all hunks of its file.
    """

    place: HunkPlace | None
    text: str
    is_worse: bool | None
    is_of_file: bool = False

    def is_below(self, place: HunkPlace) -> bool:
        """Whether it stands below this hunk."""
        return self.place == place and not self.is_of_file


@dataclass(frozen=True)
class _FileRows:
    """The rows of a file; `made_of` is all that they depend on, and no verdict is."""

    made_of: object
    rows: list[Row]
    last_line: int


@dataclass(frozen=True)
class _FileHeights:
    """How many lines of the screen each row takes, in such a layout."""

    rows: list[Row]
    layout: object
    heights: list[int]


class ReviewRows:
    """The rows of a review, which make no work again for files whose lines stay, whatever is decided about them."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._files: dict[int, _FileRows] = {}
        self._heights: dict[int, _FileHeights] = {}

    def rows(self, folded: Collection[int], *, side_by_side: bool, notes: Sequence[Note] = ()) -> list[Row]:
        """All rows, files after each other, each hunk with the lines around it and what it does below it."""
        rows = [_row_of_note(note, (0, 0)) for note in notes if note.place is None]
        for place in range(len(self._review.files)):
            rows.append(Row("file", place, 0))
            if place not in folded:
                rows += self._rows_of(place, side_by_side, notes).rows
        return rows

    def lines_to_make(self, folded: Collection[int], *, side_by_side: bool, notes: Sequence[Note]) -> int:
        """How much work `rows` would be now, in lines of hunks and around them: what is known is none."""
        count = 0
        for place, file in enumerate(self._review.files):
            known = self._files.get(place)
            if place not in folded and (known is None or known.made_of != self._depends_on(place, side_by_side, notes)):
                count += sum(len(hunk.old) + len(hunk.new) + 2 * _CONTEXT for hunk in file.hunks)
        return count

    def heights(
        self, folded: Collection[int], notes: Sequence[Note], layout: object, height_of: Callable[[Row], int]
    ) -> Iterator[int]:
        """How many lines of the screen each of the rows made last takes; what is known of a layout stays known."""
        yield from (height_of(_row_of_note(note, (0, 0))) for note in notes if note.place is None)
        for place in range(len(self._review.files)):
            yield 1
            if place not in folded:
                yield from self._heights_of(place, layout, height_of)

    def rows_to_measure(self, folded: Collection[int], layout: object) -> int:
        """How much work `heights` would be now."""
        unknown = (place for place in self._files if place not in folded and not self._is_measured(place, layout))
        return sum(len(self._files[place].rows) for place in unknown)

    @property
    def last_line(self) -> int:
        """The largest number of a line in any row so far, counted from 0."""
        return max((file.last_line for file in self._files.values()), default=0)

    def _rows_of(self, place: int, side_by_side: bool, notes: Sequence[Note]) -> _FileRows:
        file, made_of = self._review.files[place], self._depends_on(place, side_by_side, notes)
        known = self._files.get(place)
        if known is None or known.made_of != made_of:
            rows = list(_with_comments(self._review, file, list(_rows_of_file(place, file, side_by_side, notes))))
            last_line = max((max(row.old or 0, row.new or 0) for row in rows), default=0)
            known = self._files[place] = _FileRows(made_of, rows, last_line)
        return known

    def _heights_of(self, place: int, layout: object, height_of: Callable[[Row], int]) -> list[int]:
        if not self._is_measured(place, layout):
            rows = self._files[place].rows
            self._heights[place] = _FileHeights(rows, layout, [height_of(row) for row in rows])
        return self._heights[place].heights

    def _is_measured(self, place: int, layout: object) -> bool:
        known = self._heights.get(place)
        return known is not None and known.rows is self._files[place].rows and known.layout == layout

    def _depends_on(self, place: int, side_by_side: bool, notes: Sequence[Note]) -> object:
        file = self._review.files[place]
        hunks = tuple((hunk.old_start, hunk.new_start, hunk.old, hunk.new, hunk.is_edited) for hunk in file.hunks)
        here = tuple(note for note in notes if note.place and note.place[0] == place)
        return side_by_side, hunks, here, tuple(said for said in self._review.comments if said.path == file.shown_path)


def _row_of_note(note: Note, place: HunkPlace) -> Row:
    kind: RowKind = "told" if note.is_worse is None else "worse" if note.is_worse else "better"
    return Row(kind, *place, text=note.text)


def _rows_of_file(place: int, file: FileReview, side_by_side: bool, notes: Sequence[Note]) -> Iterator[Row]:
    of_file = (note for note in notes if note.is_of_file and note.place and note.place[0] == place)
    yield from (_row_of_note(note, (place, 0)) for note in of_file)
    if file.is_binary and not file.renamed_from:
        yield Row("note", place, 0, text="a binary file, decided as a whole")
        return
    side_by_side = side_by_side and _has_two_sides(file)
    shown_up_to = 0
    for number, hunk in enumerate(file.hunks):
        if file.is_rename(number):
            yield Row("note", place, number, text=f"the file is renamed: it was {spelled(file.renamed_from)}")
            yield from (_row_of_note(note, (place, number)) for note in notes if note.is_below((place, number)))
            continue
        delta = hunk.new_start - hunk.old_start
        first = max(shown_up_to, hunk.old_start - _CONTEXT)
        if number and first > shown_up_to:
            yield Row("gap", place, number)
        yield from _context(place, number, first, hunk.old_start, delta, side_by_side)
        if hunk.old != hunk.new or hunk.is_edited:
            yield from _rows_of_hunk(place, number, hunk, side_by_side)
        if hunk.old == hunk.new:
            yield Row("note", place, number, text=_note_on_equal_lines(file, hunk))
        yield from (_row_of_note(note, (place, number)) for note in notes if note.is_below((place, number)))
        end = hunk.old_start + len(hunk.old)
        following = file.hunks[number + 1].old_start if number + 1 < len(file.hunks) else len(file.lines)
        shown_up_to = min(end + _CONTEXT, following)
        yield from _context(place, number, end, shown_up_to, delta + len(hunk.new) - len(hunk.old), side_by_side)


def _has_two_sides(file: FileReview) -> bool:
    """Whether there are lines both before and after; the lines of one side alone have the whole width."""
    is_all_gone = file.lines == tuple(line for hunk in file.hunks for line in hunk.old)
    return bool(file.lines) and (not is_all_gone or any(hunk.new for hunk in file.hunks))


def _note_on_equal_lines(file: FileReview, hunk: Hunk) -> str:
    """Why there is a hunk of which no line changes."""
    if hunk.is_edited:
        return "edited so that no line changes"
    is_in_both = file.change.before is not None and file.change.after is not None
    return file.mode_told if is_in_both else "an empty file"


def _context(place: int, hunk: int, first: int, last: int, delta: int, side_by_side: bool) -> Iterator[Row]:
    kind: RowKind = "pair" if side_by_side else "context"
    for line in range(first, last):
        yield Row(kind, place, hunk, line, line + delta)


def _rows_of_hunk(place: int, number: int, hunk: Hunk, side_by_side: bool) -> Iterator[Row]:
    """Its changed lines, and the equal ones between them; a hunk that is not cut may be large, and is not compared."""
    old_place = new_place = 0
    pieces = changed_pieces(hunk.old, hunk.new) if hunk.old and hunk.new else [(0, len(hunk.old), 0, len(hunk.new))]
    # Behind the last change there may be equal lines too, where the person kept some that were to go.
    behind = (len(hunk.old), len(hunk.old), len(hunk.new), len(hunk.new))
    for first, last, new_first, new_last in (*pieces, behind):
        delta = hunk.new_start + new_place - hunk.old_start - old_place
        yield from _context(place, number, hunk.old_start + old_place, hunk.old_start + first, delta, side_by_side)
        old = range(hunk.old_start + first, hunk.old_start + last)
        new = range(hunk.new_start + new_first, hunk.new_start + new_last)
        pairs = list(zip_longest(old, new))
        if side_by_side:
            yield from (Row("pair", place, number, left, right, is_change=True) for left, right in pairs)
        else:
            yield from (
                Row("removed", place, number, old=left, other=right, is_change=True)
                for left, right in pairs
                if left is not None
            )
            yield from (
                Row("added", place, number, new=right, other=left, is_change=True)
                for left, right in pairs
                if right is not None
            )
        old_place, new_place = last, new_last


def _with_comments(review: Review, file: FileReview, rows: list[Row]) -> Iterator[Row]:
    here = (comment for comment in review.comments if comment.path == file.shown_path)
    said = {CommentedLine(comment.line, comment.is_removed): comment.text for comment in here}
    for row in rows:
        yield row
        line = line_of(row)
        if line is not None and line in said:
            here = row._replace(kind="comment", text=said.pop(line), other=None, is_change=False)
            yield here._replace(old=None) if row.new is not None else here
        if row.kind == "pair" and row.is_change and row.old is not None:
            gone = CommentedLine(row.old + 1, is_removed=True)
            if gone in said:
                told = f"on the line before: {said.pop(gone)}"
                yield Row("comment", row.file, row.hunk, old=row.old, text=told)


class CommentedLine(NamedTuple):
    """The number of a line, from 1, in the proposed file, or in the one before if it goes."""

    number: int
    is_removed: bool

    def __str__(self) -> str:
        return f"{'removed ' * self.is_removed}line {self.number}"


def line_of(row: Row) -> CommentedLine | None:
    """The line that a comment on this row is about; on a comment's own row the one that this is about."""
    place = row.new if row.new is not None else row.old
    if place is None or row.kind not in ("context", "removed", "added", "pair", "comment"):
        return None
    return CommentedLine(place + 1, is_removed=row.new is None)
