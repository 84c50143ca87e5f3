"""What a model streams in the benches, and when each token comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

TOKENS_A_SECOND = 120
READY = "the-lines-stand"
"""What the app says once the lines above are there."""

_GAPS = (0.6, 0.8, 1.9, 0.7, 1.0, 0.5, 1.4, 0.9, 1.1, 1.1)
"""Shares of the mean gap, uneven as a model's are; their mean is 1."""


def _paragraphs(lines: int) -> str:
    return "".join(f"Line {number} tells a little of the ledger and of its accounts.\n\n" for number in range(lines))


def _fence(lines: int) -> str:
    return "```python\n" + "".join(f"value_{number} = total({number}, 'x')\n" for number in range(lines)) + "```\n"


def _list(lines: int) -> str:
    return "".join(f"- item {number} of **many** with `code`\n" for number in range(lines))


def _table(lines: int) -> str:
    head = "| " + " | ".join(f"column {number}" for number in range(8)) + " |\n" + "|---" * 8 + "|\n"
    return head + "".join("| " + " | ".join(f"cell {row}.{each}" for each in range(8)) + " |\n" for row in range(lines))


TEXTS: dict[str, Callable[[int], str]] = {
    "paragraphs": _paragraphs,
    "fence": _fence,
    "list": _list,
    "table": _table,
}


def tokens_of(text: str) -> Iterator[tuple[float, str]]:
    """Pieces of about four characters, each with the seconds that pass before it."""
    gaps = cycle(_GAPS)
    for place in range(0, len(text), 4):
        yield next(gaps) / TOKENS_A_SECOND, text[place : place + 4]
