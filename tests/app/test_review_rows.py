"""The rows of a review as properties: what of a hunk stays, goes and comes is all shown, in both layouts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Hunk, Review
from punie_tools.changes.tree_access import FileImage
from punie_tui.app.widgets.review.rows import ReviewRows, Row

FILES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=20).map(b"".join)
LAYOUTS = pytest.mark.parametrize("side_by_side", [True, False])


def review_of(before: bytes, after: bytes, mode_after: int = 0o644) -> Review:
    return Review([FileChange("a.txt", FileImage(before, 0o644), FileImage(after, mode_after))])


def rows_of(review: Review, *, side_by_side: bool) -> list[Row]:
    return ReviewRows(review).rows((), side_by_side=side_by_side)


def numbers(rows: list[Row]) -> list[tuple[int | None, int | None]]:
    """Old and new number of each row that shows a line, as the screen has them."""
    shown = [row for row in rows if row.old is not None or row.new is not None]
    return [(row.old if row.old is None else row.old + 1, row.new if row.new is None else row.new + 1) for row in shown]


@LAYOUTS
def test_a_line_that_an_edit_keeps_is_context(side_by_side: bool) -> None:
    review = review_of(b"1\n2\n3\n4\n5\n", b"1\n5\n")
    review.edit(0, 0, b"4\n")
    rows = rows_of(review, side_by_side=side_by_side)
    assert numbers(rows) == [(1, 1), (2, None), (3, None), (4, 2), (5, 3)]
    assert [row.is_change for row in rows[1:]] == [False, True, True, False, False]


@LAYOUTS
@given(before=FILES, after=FILES, data=st.data())
def test_each_line_of_a_hunk_is_shown_once(
    side_by_side: bool, before: bytes, after: bytes, data: st.DataObject
) -> None:
    review = review_of(before, after)
    if not review.files:
        return
    for _ in range(data.draw(st.integers(0, 3))):
        hunk = data.draw(st.integers(0, len(review.files[0].hunks) - 1))
        if data.draw(st.booleans()):
            review.edit(0, hunk, data.draw(FILES))
        else:
            review.split(0, hunk)
    rows = rows_of(review, side_by_side=side_by_side)
    for number, hunk in enumerate(review.files[0].hunks):
        inside = [row for row in rows if row.hunk == number and is_inside(row, hunk)]
        old = [row.old for row in inside if row.old is not None]
        new = [row.new for row in inside if row.new is not None]
        assert old == list(range(hunk.old_start, hunk.old_start + len(hunk.old)))
        assert new == list(range(hunk.new_start, hunk.new_start + len(hunk.new)))
        for row in inside:
            if not row.is_change and row.old is not None and row.new is not None:
                assert hunk.old[row.old - hunk.old_start] == hunk.new[row.new - hunk.new_start]


def is_inside(row: Row, hunk: Hunk) -> bool:
    """Not one of the lines around the hunk."""
    if row.is_change:
        return True
    return row.old is not None and hunk.old_start <= row.old < hunk.old_start + len(hunk.old)


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("is_there", [True, False])
def test_lines_of_one_side_alone_have_the_whole_width(is_new: bool, is_there: bool) -> None:
    text = FileImage(b"1\n2\n", 0o644)
    nothing = FileImage(b"", 0o644) if is_there else None
    sides = (nothing, text) if is_new else (text, nothing)
    review = Review([FileChange("a.txt", *sides), FileChange("b.txt", text, FileImage(b"1\n", 0o644))])
    kinds = [row.kind for row in rows_of(review, side_by_side=True)]
    side = "added" if is_new else "removed"
    assert kinds == ["file", side, side, "file", "pair", "pair"]
    if not is_new and is_there:
        review.edit(0, 0, b"2\n")
        assert [row.kind for row in rows_of(review, side_by_side=True)][1:3] == ["pair", "pair"]


@LAYOUTS
@pytest.mark.parametrize(("before", "after"), [(b"1\n2\n", b"1\n"), (b"1\n", b"1\n2\n")])
def test_an_edit_that_takes_the_change_back_is_told(side_by_side: bool, before: bytes, after: bytes) -> None:
    review = review_of(before, after)
    review.edit(0, 0, b"".join(review.files[0].hunks[0].old))
    told = [row.text for row in rows_of(review, side_by_side=side_by_side) if row.kind == "note"]
    assert told == ["edited so that no line changes"]


@pytest.mark.parametrize("text", [b"", b"ls\n"])
def test_a_change_of_the_mode_alone_is_told(text: bytes) -> None:
    _, *rows = rows_of(review_of(text, text, 0o755), side_by_side=False)
    assert [(row.kind, row.text) for row in rows] == [("note", "mode 644 → 755")]


def test_a_binary_file_is_one_note() -> None:
    _, *rows = rows_of(review_of(b"\0", b"\0\0"), side_by_side=False)
    assert [(row.kind, row.text) for row in rows] == [("note", "a binary file, decided as a whole")]


@pytest.mark.parametrize("data", [b"1\n2\n3\n", b"\0 1 2 3"])
def test_another_name_is_told_before_the_lines(data: bytes) -> None:
    changes = [FileChange("old \x1b.txt", FileImage(data, 0o644), None), FileChange("b", None, FileImage(data, 0o644))]
    _, *rows = rows_of(Review(changes), side_by_side=False)
    assert (rows[0].kind, rows[0].text) == ("note", "the file is renamed: it was old \x1b.txt")
    assert not any(row.is_change for row in rows)
