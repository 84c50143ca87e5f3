"""Rows of the trace: pieces of safe text with a role each, and where Enter on them leads."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Literal

from punie_tools.safe_text import safe_text

Role = Literal["", "good", "bad", "muted", "strong"]


@dataclass
class Row:
    """One line. `parts` are (safe text, role) pairs; `path` and `line` are what Enter opens."""

    parts: list[tuple[str, str]]
    path: str = ""
    line: int | None = None
    children: list[Row] = field(default_factory=list["Row"])
    is_expanded: bool = True


def row(text: str, role: Role = "", *, path: str = "", line: int | None = None) -> Row:
    """A row of one piece of foreign text."""
    return Row([(safe_text(text, single_line=True), role)], path, line)


def wrapped(text: str, width: int, role: Role = "", *, path: str = "", line: int | None = None) -> list[Row]:
    """Foreign text over as many rows as it needs; all lead to the same place."""
    lines: list[str] = []
    for paragraph in safe_text(text).splitlines() or [""]:
        lines += textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    return [Row([(piece, role)], path, line) for piece in lines]


def capped(rows: list[Row], most: int, what: str) -> list[Row]:
    """At most `most` rows, and one that says how many are not shown."""
    if len(rows) <= most:
        return rows
    return [*rows[:most], Row([(f"… {len(rows) - most} more {what}", "muted")])]
