"""Rows of the trace: pieces of safe text with a role each, and where Enter on them leads."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from punie_tools.safe_text import safe_text

Role = Literal["", "good", "bad", "muted", "strong"]
MOST_ROWS = 200
"""Of one result; what is beyond is told by its number."""


@dataclass
class Row:
    """One line. `parts` are (safe text, role) pairs; `path` and `line` are what Enter opens.

    `whole` is all that is told, where the parts are only a piece of it; a row that `continues` tells what the one
    before it does.
    """

    parts: list[tuple[str, Role]]
    path: str = ""
    line: int | None = None
    children: list[Row] = field(default_factory=list["Row"])
    is_expanded: bool = True
    whole: str = ""
    continues: bool = False

    @cached_property
    def text(self) -> str:
        """What it tells, without roles."""
        return self.whole or "".join(text for text, _ in self.parts).strip()

    @cached_property
    def searched(self) -> str:
        return self.text.lower()


def row(text: str, role: Role = "", *, path: str = "", line: int | None = None) -> Row:
    """A row of one piece of foreign text."""
    return Row([(safe_text(text, single_line=True), role)], path, line)


def wrapped(text: str, width: int, role: Role = "", *, path: str = "", line: int | None = None) -> list[Row]:
    """Foreign text over as many rows as it needs; all lead to the same place."""
    rows: list[Row] = []
    for paragraph in safe_text(text).splitlines() or [""]:
        pieces = textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
        rows += [
            Row([(piece, role)], path, line, whole=paragraph.strip(), continues=place > 0)
            for place, piece in enumerate(pieces)
        ]
    return rows


def hung(label: str, rows: list[Row], role: Role = "muted", *, told: str = "") -> list[Row]:
    """Rows of one wrapped text, the first beside its label; `told` is the whole text where its indent counts."""
    first, *rest = rows
    whole = f"{label}{told or first.text}"
    return [
        Row([(label, role), *first.parts], first.path, first.line, whole=whole),
        *(
            Row([(" " * len(label), ""), *more.parts], more.path, more.line, whole=whole, continues=True)
            for more in rest
        ),
    ]


def capped(rows: list[Row], most: int, what: str) -> list[Row]:
    """At most `most` rows, and one that says how many are not shown."""
    return [*rows[:most], *and_more(len(rows) - most, what)]


def and_more(count: int, what: str = "") -> list[Row]:
    """A row that says how many are not shown; none where all are."""
    return [Row([(f"… {count} more {what}".rstrip(), "muted")])] if count > 0 else []


def text_of_rows(rows: Iterable[Row], depth: int = 0) -> str:
    """All that they tell, folded or not, each row on a line."""
    lines: list[str] = []
    for each in rows:
        if not each.continues:
            lines.append(f"{'  ' * depth}{each.text}")
        if each.children:
            lines.append(text_of_rows(each.children, depth + 1))
    return "\n".join(lines)
