"""Where lines differ: whatever is found rebuilds both sides, and long files are compared like short ones."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from punie_tools.files.line_matching import SHORT, changed_pieces

LINES = st.lists(st.sampled_from("abcdefgh"), max_size=40)


def assert_rebuilds(old: Sequence[str], new: Sequence[str], short: int = SHORT) -> None:
    place = new_place = 0
    for first, last, new_first, new_last in changed_pieces(old, new, short):
        assert list(old[place:first]) == list(new[new_place:new_first])
        assert last > first or new_last > new_first
        place, new_place = last, new_last
    assert list(old[place:]) == list(new[new_place:])


@given(LINES, LINES)
def test_between_the_pieces_all_is_equal(old: list[str], new: list[str]) -> None:
    assert_rebuilds(old, new)


@given(old=LINES, new=LINES)
def test_so_it_is_where_no_part_is_short_enough_for_difflib(old: list[str], new: list[str]) -> None:
    assert_rebuilds(old, new, short=0)


def test_a_hundred_thousand_lines_of_which_half_changed_are_matched_one_by_one() -> None:
    old = [f"line {number}" for number in range(100_000)]
    new = [f"{'changed' if number % 2 else 'line'} {number}" for number in range(100_000)]
    pieces = changed_pieces(old, new)
    assert len(pieces) == 50_000
    assert_rebuilds(old, new)


def test_a_moved_block_is_found_by_the_lines_that_stay() -> None:
    old = [f"line {number}" for number in range(6000)]
    new = [*old[3000:3010], *old[:3000], *old[3010:]]
    assert [(last - first, new_last - new_first) for first, last, new_first, new_last in changed_pieces(old, new)] == [
        (0, 10),
        (10, 0),
    ]
