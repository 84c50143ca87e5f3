"""What a model streams in the benches, and when each token comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, count, cycle, islice
from pathlib import Path
from statistics import fmean
from typing import cast

TOKENS_A_SECOND = 120
READY = "the-lines-stand"
"""What the app says once the lines above are there."""

_TIMINGS = Path(__file__).with_name("token_timings.json")
"""The file says how it was recorded; record_timings.py makes it anew."""
_LETTERS_IN_A_TOKEN = 4


@dataclass(frozen=True)
class StreamedText:
    """A document of any length, made of lines that differ by their numbers."""

    line: Callable[[int], str]
    head: str = ""
    end: str = ""

    def of(self, lines: int) -> str:
        """So many lines, with what begins and what ends the document."""
        return self.begun(lines) + self.end

    def begun(self, lines: int) -> str:
        """So many lines, of a document that goes on."""
        return self.head + "".join(self.line(number) for number in range(lines))

    def lines_from(self, first: int) -> Iterator[str]:
        """Further lines without end."""
        return (self.line(number) for number in count(first))


TEXTS = {
    "paragraphs": StreamedText(lambda number: f"Line {number} tells a little of the ledger and of its accounts.\n\n"),
    "fence": StreamedText(lambda number: f"value_{number} = total({number}, 'x')\n", "```python\n", "```\n"),
    "list": StreamedText(lambda number: f"- item {number} of **many** with `code`\n"),
    "table": StreamedText(
        lambda number: "| " + " | ".join(f"cell {number}.{column}" for column in range(8)) + " |\n",
        "| " + " | ".join(f"column {column}" for column in range(8)) + " |\n" + "|---" * 8 + "|\n",
    ),
}


def tokens_of(text: Iterable[str]) -> Iterator[tuple[float, str]]:
    """Pieces of about four characters, each with the seconds that pass before it."""
    letters = chain.from_iterable(text)
    for gap in cycle(recorded_gaps()):
        token = "".join(islice(letters, _LETTERS_IN_A_TOKEN))
        if not token:
            return
        yield gap, token


@cache
def recorded_gaps() -> tuple[float, ...]:
    """The seconds between a real model's tokens, one after the other, as they are at the benches' own speed."""
    gaps = cast("list[int]", json.loads(_TIMINGS.read_text(encoding="utf-8"))["microseconds"])
    mean = fmean(gaps)
    return tuple(gap / mean / TOKENS_A_SECOND for gap in gaps)
