"""Many names, searched as the person types: what is found in a hundred thousand takes a few milliseconds.

The names lie in one folded text, so that the search is the interpreter's own; only what it finds is looked at singly.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import nsmallest

_CHUNK = 4_000
_MOST_FOUND = 3_000
_ENOUGH = 50
_SHORT_QUERY = 2

Rank = tuple[int, int, str]
"""How good a match is, less being better: the kind of match, the length, the name."""


class NameIndex:
    """`separator` parts a name into what it lies in and what it is called itself: `/` of paths, `.` of symbols."""

    def __init__(self, names: Sequence[str], separator: str) -> None:
        """A name with a line end in it is never found. Takes long for many names: not for the UI thread."""
        self._names = names
        self._separator = separator
        self._chunks = [_Chunk(names[first : first + _CHUNK], first) for first in range(0, len(names), _CHUNK)]
        self._first = nsmallest(_MOST_FOUND // 10, range(len(names)), key=self._depth)

    def __len__(self) -> int:
        return len(self._names)

    def best(self, query: str, most: int, is_cancelled: Callable[[], bool]) -> list[tuple[Rank, int]]:
        """The best matches with their places among the names; nothing more once it is cancelled.

        The letters stand together, or where too few names have that, one after the other.
        """
        folded = query.lower()
        if not folded:
            return [((0, *self._depth(place)), place) for place in self._first[:most]]
        found = dict(self._together(folded, is_cancelled))
        if len(found) < _ENOUGH and len(folded) > 1:
            for place, rank in self._scattered(folded, is_cancelled):
                found.setdefault(place, rank)
        return nsmallest(most, ((rank, place) for place, rank in found.items()))

    def _together(self, folded: str, is_cancelled: Callable[[], bool]) -> Iterator[tuple[int, Rank]]:
        # One or two letters stand in most names; they are looked for where a part begins.
        wanted = [self._separator + folded, "\n" + folded] if len(folded) <= _SHORT_QUERY else [folded]
        count = 0
        for chunk in self._chunks:
            for place in {place for each in wanted for place in chunk.with_text(each)}:
                yield place, self._rank_together(place, folded)
                count += 1
            if count >= _MOST_FOUND or is_cancelled():
                return

    def _rank_together(self, place: int, folded: str) -> Rank:
        name = self._names[place]
        own = name.lower().rpartition(self._separator)[2]
        kind = 0 if own == folded else 1 if own.startswith(folded) else 2 if folded in own else 3
        return kind, len(name), name

    def _scattered(self, folded: str, is_cancelled: Callable[[], bool]) -> Iterator[tuple[int, Rank]]:
        between = [f"[^{re.escape(letter)}\\n]*+{re.escape(letter)}" for letter in folded]
        pattern = re.compile(f"^{''.join(between)}[^\\n]*+$", re.MULTILINE)
        count = 0
        for chunk in self._chunks:
            for place in chunk.matching(pattern):
                name = self._names[place]
                yield place, (10 + _scatter(name, folded), len(name), name)
                count += 1
            if count >= _MOST_FOUND or is_cancelled():
                return

    def _depth(self, place: int) -> tuple[int, str]:
        name = self._names[place]
        return name.count(self._separator), name


class _Chunk:
    """Some names in one text, a line each; small enough that a search of it lets other threads go on."""

    def __init__(self, names: Sequence[str], first: int) -> None:
        self._first = first
        lines = [name.lower() if "\n" not in name else "" for name in names]
        self._text = "\n" + "\n".join(lines) + "\n"
        self._starts: list[int] = []
        start = 1
        for line in lines:
            self._starts.append(start)
            start += len(line) + 1

    def with_text(self, text: str) -> Iterator[int]:
        """The places of names that hold it; a text that begins with a line end begins the name."""
        at = self._text.find(text)
        while at >= 0:
            line = self._line_at(at + (text[0] == "\n"))
            yield self._first + line
            at = self._text.find(text, self._text.index("\n", self._starts[line]))

    def matching(self, pattern: re.Pattern[str]) -> Iterator[int]:
        for match in pattern.finditer(self._text):
            yield self._first + self._line_at(match.start())

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def _scatter(name: str, letters: str) -> int:
    """How far apart the letters stand, one that begins a word being as good as one that follows the last."""
    folded = name.lower()
    if len(folded) != len(name):
        # A letter in its small form may be two, and would shift all places behind it.
        name = folded
    at, cost = -1, 0
    for letter in letters:
        found = folded.find(letter, at + 1)
        before = name[found - 1] if found else " "
        begins_word = not before.isalnum() or (name[found].isupper() and not before.isupper())
        cost += 0 if found == at + 1 or begins_word else 1 + min(found - at, 8)
        at = found
    return cost
