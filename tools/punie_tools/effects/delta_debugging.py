"""Delta debugging: the smallest part of a change that still does what the whole does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Part = TypeVar("Part")


def smallest_part(parts: Sequence[Part], does_it: Callable[[Sequence[Part]], bool]) -> list[Part]:
    """Parts that do it together, and none of which can be left out. All of them are known to do it.

    A single one is found by halving; after that ever smaller pieces, and what is left without them, are tried. A try
    that neither does it nor fails to, because the parts need others, counts as not doing it.
    """
    current: list[Part] = list(parts)
    pieces = 2
    while len(current) > 1:
        cut = _cut(current, min(pieces, len(current)))
        smaller = next((piece for piece in cut if does_it(piece)), None)
        if smaller is not None:
            current, pieces = smaller, 2
            continue
        rests = (_without(cut, number) for number in range(len(cut)) if len(cut) > 2)
        smaller = next((rest for rest in rests if does_it(rest)), None)
        if smaller is not None:
            current, pieces = smaller, max(pieces - 1, 2)
        elif pieces >= len(current):
            break
        else:
            pieces *= 2
    return current


def _without(pieces: list[list[Part]], number: int) -> list[Part]:
    return [part for each, piece in enumerate(pieces) if each != number for part in piece]


def _cut(parts: list[Part], count: int) -> list[list[Part]]:
    """Into so many pieces of nearly the same length."""
    ends = [len(parts) * number // count for number in range(count + 1)]
    return [parts[start:end] for start, end in pairwise(ends)]
