"""The smallest part that does what the whole does: whatever does it, and in few tries where one part does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.effects.delta_debugging import smallest_part


@given(count=st.integers(1, 40), guilty=st.sets(st.integers(0, 39), min_size=1, max_size=4))
def test_exactly_the_guilty_are_left(count: int, guilty: set[int]) -> None:
    wanted = {number % count for number in guilty}
    assert smallest_part(range(count), lambda part: wanted <= set(part)) == sorted(wanted)


@given(count=st.integers(1, 25), seed=st.sets(st.frozensets(st.integers(0, 24), min_size=1, max_size=3), min_size=1))
def test_nothing_can_be_left_out_of_what_is_left(count: int, seed: set[frozenset[int]]) -> None:
    """Several ways to do it, some of which need others: no part of the answer does it without one of its members."""
    ways = [{number % count for number in way} for way in seed]

    def does_it(part: Sequence[int]) -> bool:
        return any(way <= set(part) for way in ways)

    left = smallest_part(range(count), does_it)
    assert does_it(left)
    assert not any(does_it([each for each in left if each != one]) for one in left)


@pytest.mark.parametrize("guilty", [0, 77, 127])
def test_a_single_one_takes_a_search_by_halves(guilty: int) -> None:
    tries = 0

    def does_it(part: Sequence[int]) -> bool:
        nonlocal tries
        tries += 1
        return guilty in part

    assert smallest_part(range(128), does_it) == [guilty]
    assert tries <= 14
