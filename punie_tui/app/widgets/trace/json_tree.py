"""Values as JSON has them, as rows that fold: what a program gave, and the arguments of a call."""

from __future__ import annotations

import json
from typing import Any, cast

from punie_tools.safe_text import safe_text
from punie_tui.app.widgets.trace.rows import Row, and_more, wrapped

_MOST_ITEMS = 200
_MOST_DEPTH = 12
_PREVIEW = 80


def rows_of_value(value: object, width: int, depth: int = 0) -> list[Row]:
    """A row for each item, with what it holds folded below it; long texts are unfolded."""
    match value:
        case dict():
            items = [(str(name), each) for name, each in cast("dict[Any, Any]", value).items()]
        case list() | tuple():
            items = [(str(place), each) for place, each in enumerate(cast("list[Any]", value), 1)]
        case str():
            return wrapped(value, width)
        case _:
            return wrapped(_as_json(value), width)
    rows = [_item(name, each, width, depth) for name, each in items[:_MOST_ITEMS]]
    left_out = len(items) - len(rows)
    return [*rows, *and_more(left_out)]


def _item(name: str, value: object, width: int, depth: int) -> Row:
    shown = safe_text(name, single_line=True)
    told = _as_json(value)
    preview = told if len(told) <= _PREVIEW else f"{told[: _PREVIEW - 1]}…"
    row = Row(
        [(f"{shown}: ", "muted"), (safe_text(preview, single_line=True), "")],
        whole=f"{shown}: {safe_text(told, single_line=True)}",
    )
    if depth < _MOST_DEPTH and _has_more(value, told, width - len(shown) - 2):
        row.children = rows_of_value(value, max(width - 2, 12), depth + 1)
        row.is_expanded = isinstance(value, str)
    return row


def _has_more(value: object, told: str, room: int) -> bool:
    """Whether rows below it tell more than its own."""
    if isinstance(value, str):
        return len(told) > room
    return isinstance(value, dict | list | tuple) and told not in ("{}", "[]")


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)
