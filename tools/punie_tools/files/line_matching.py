"""Where two runs of lines differ, also where they are long and differ much.

Short ones are compared by difflib. In long ones the lines that each side holds once are found first, and the longest
run of them that stands in the same order on both sides cuts the rest into short ones (the patience diff).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TypeVar

Line = TypeVar("Line", str, bytes)
Piece = tuple[int, int, int, int]
"""From and to in the old lines, from and to in the new ones."""

SHORT = 4_000_000
"""Up to here difflib answers at once."""


def changed_pieces(old: Sequence[Line], new: Sequence[Line], short: int = SHORT) -> list[Piece]:
    """The pieces that differ, in order, none empty on both sides; all between them is equal.

    `short` is the product of both lengths up to which difflib compares.
    """
    return list(_joined(_pieces(old, new, 0, 0, short)))


def _pieces(old: Sequence[Line], new: Sequence[Line], old_start: int, new_start: int, short: int) -> Iterator[Piece]:
    """Comparing begins where they differ, so that a large file costs what changes."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    old_start, new_start = old_start + start, new_start + start
    if not old or not new:
        if old or new:
            yield old_start, old_start + len(old), new_start, new_start + len(new)
    elif len(old) * len(new) <= short:
        for tag, first, last, new_first, new_last in SequenceMatcher(None, old, new).get_opcodes():
            if tag != "equal":
                yield old_start + first, old_start + last, new_start + new_first, new_start + new_last
    elif anchors := _anchors(old, new):
        place = new_place = 0
        for anchor, new_anchor in (*anchors, (len(old), len(new))):
            yield from _pieces(
                old[place:anchor], new[new_place:new_anchor], old_start + place, new_start + new_place, short
            )
            place, new_place = anchor, new_anchor
    else:
        yield old_start, old_start + len(old), new_start, new_start + len(new)


def _anchors(old: Sequence[Line], new: Sequence[Line]) -> list[tuple[int, int]]:
    """Lines that stand once on each side, the longest run of them in the same order; never the very first alone."""
    old_counts, new_counts = Counter(old), Counter(new)
    places = {line: place for place, line in enumerate(new) if new_counts[line] == 1}
    pairs = [(place, places[line]) for place, line in enumerate(old) if old_counts[line] == 1 and line in places]
    ends: list[int] = []
    end_pairs: list[int] = []
    before: list[int] = []
    for number, (_, new_place) in enumerate(pairs):
        length = bisect_left(ends, new_place)
        before.append(end_pairs[length - 1] if length else -1)
        if length == len(ends):
            ends.append(new_place)
            end_pairs.append(number)
        else:
            ends[length] = new_place
            end_pairs[length] = number
    found: list[tuple[int, int]] = []
    number = end_pairs[-1] if end_pairs else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces that touch on both sides are one."""
    current: Piece | None = None
    for piece in pieces:
        if current is not None and (current[1], current[3]) == (piece[0], piece[2]):
            current = (current[0], piece[1], current[2], piece[3])
            continue
        if current is not None:
            yield current
        current = piece
    if current is not None:
        yield current


def _common(left: Sequence[Line], right: Sequence[Line]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
