"""Where words stand in a transcript or a file, whatever their case."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Match:
    """Where it stands: the block or line, and the letter within what is shown of it."""

    index: int
    start: int


class TextSearch:
    """One search; `matches` are in the order of the text."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.is_done = False
        self.matches: list[Match] = []
        self._pattern = re.compile(re.escape(words), re.IGNORECASE)

    def find(self, texts: Sequence[str], is_cancelled: Callable[[], bool]) -> list[Match]:
        """All matches; the place of a text is its block's. For another thread."""
        found: list[Match] = []
        for index, text in enumerate(texts):
            if is_cancelled():
                break
            found += [Match(index, start) for start, _ in self.spans(text)]
        return found

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each match in a text."""
        for match in self._pattern.finditer(text):
            yield match.span()

    def forget_from(self, index: int) -> None:
        """The blocks from one on are no more, or will be told anew."""
        del self.matches[bisect_left(self.matches, Match(index, 0)) :]

    def add(self, index: int, text: str) -> None:
        """Look into a block that came last."""
        self.matches += [Match(index, start) for start, _ in self.spans(text)]

    def near(self, place: Match) -> int | None:
        """The number of the match at a place or the next before it; of the first one where there is none."""
        return max(bisect_right(self.matches, place) - 1, 0) if self.matches else None

    def onwards(self, place: Match) -> int | None:
        """The number of the match at a place or the next after it; around the end, None where there is none."""
        return bisect_left(self.matches, place) % len(self.matches) if self.matches else None

    def backwards(self, place: Match) -> int | None:
        """The number of the last match before a place; around the end, None where there is none."""
        return (bisect_left(self.matches, place) - 1) % len(self.matches) if self.matches else None

    def told(self, number: int | None, walk: str, leave: str) -> str:
        """How often it was found, and the keys that go on from there."""
        count = len(self.matches)
        found = f"{min((number or 0) + 1, count):,} of {count:,} ({walk}, {leave})" if count else f"not found ({leave})"
        return f"“{self.words}” {found}"

    def step(self, number: int, step: int) -> int:
        """The number of the next match, or the one before; around the ends."""
        return (number + step) % len(self.matches)
