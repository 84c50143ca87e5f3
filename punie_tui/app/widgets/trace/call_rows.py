"""Calls as rows of an outline: what is folded left out, and with a filter only what holds its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from punie_tools.safe_text import safe_text
from punie_tui.app.widgets.outline import OutlineRow
from punie_tui.app.widgets.trace.calls import CallParts, State, TracedCall
from punie_tui.app.widgets.trace.json_tree import rows_of_value
from punie_tui.app.widgets.trace.rows import Role, Row, wrapped

_BAR_CELLS = 10
_MARKS: dict[State, tuple[str, Role]] = {
    "waiting": ("·", "muted"),
    "runs": ("●", "strong"),
    "asks": ("?", "strong"),
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "denied": ("–", "bad"),
    "stopped": ("–", "muted"),
}


@dataclass(frozen=True)
class ShownRow:
    """A row of the outline, the call that it is of, and what it shows of that; None for the call's own row."""

    outline: OutlineRow
    call: TracedCall
    row: Row | None = None


def rows_of_calls(calls: Iterable[TracedCall], words: Sequence[str]) -> list[ShownRow]:
    """The rows that are seen. Of each match what it is below is shown too, and unfolded.

    `words` are in lower case. Rows that nobody has made yet are not searched.
    """
    shown: list[ShownRow] = []
    for call in calls:
        shown += _found_in(call, 0, words) if words else _unfolded(call, 0)
    return shown


def make_rows(call: TracedCall, width: int) -> CallParts:
    """The rows below the call, as far as it is known; takes a while for a large result."""
    is_cut = len(call.title) > width or any("\n" in str(value) for value in call.arguments.values())
    arguments = Row([("arguments", "muted")], children=rows_of_value(dict(call.arguments), max(width - 2, 12)))
    arguments.is_expanded = False
    return CallParts([arguments] if is_cut else [], _result_rows(call, width))


def _result_rows(call: TracedCall, width: int) -> list[Row]:
    from punie_tui.app.widgets.trace.results import rows_of

    end = call.end
    if end is None:
        return []
    if end.kind == "tool_finished":
        return rows_of(end.tool, end.result, width)
    return wrapped(end.error if end.kind == "tool_failed" else end.reason, width)


def cost_of(call: TracedCall) -> str:
    """How long it took, or takes by now, and its size in tokens."""
    if call.state in ("waiting", "asks"):
        return ""
    seconds = call.elapsed()
    timing = f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
    return f"{timing} {_shortly(call.tokens)} tok" if call.tokens else timing


def _shortly(number: int) -> str:
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 10_000 else f"{number / 1000:.0f}k"


def _unfolded(call: TracedCall, depth: int) -> Iterator[ShownRow]:
    head = _head(call, depth)
    yield head
    if head.outline.is_folded:
        return
    for key, row in _arguments(call):
        yield from _unfolded_row(call, row, key, depth + 1)
    if not call.end and call.progress:
        yield ShownRow(OutlineRow(f"{call.key} progress", depth + 1, ((_progress(call), "muted"),)), call)
    for inner in call.inner:
        yield from _unfolded(inner, depth + 1)
    for key, row in _result(call):
        yield from _unfolded_row(call, row, key, depth + 1)


def _unfolded_row(call: TracedCall, row: Row, key: str, depth: int) -> Iterator[ShownRow]:
    shown = _row(call, row, key, depth)
    yield shown
    if shown.outline.is_folded is False:
        for place, child in enumerate(row.children):
            yield from _unfolded_row(call, child, f"{key}.{place}", depth + 1)


def _found_in(call: TracedCall, depth: int, words: Sequence[str]) -> list[ShownRow]:
    missing = [word for word in words if word not in call.searched]
    if not missing:
        return list(_unfolded(call, depth))
    found: list[ShownRow] = []
    for key, row in _arguments(call):
        found += _found_in_row(call, row, key, depth + 1, missing)
    for inner in call.inner:
        found += _found_in(inner, depth + 1, missing)
    for key, row in _result(call):
        found += _found_in_row(call, row, key, depth + 1, missing)
    return [_opened(_head(call, depth)), *found] if found else []


def _found_in_row(call: TracedCall, row: Row, key: str, depth: int, words: Sequence[str]) -> list[ShownRow]:
    missing = [word for word in words if word not in row.searched]
    if not missing:
        return list(_unfolded_row(call, row, key, depth))
    found: list[ShownRow] = []
    for place, child in enumerate(row.children):
        found += _found_in_row(call, child, f"{key}.{place}", depth + 1, missing)
    return [_opened(_row(call, row, key, depth)), *found] if found else []


def _opened(shown: ShownRow) -> ShownRow:
    return replace(shown, outline=replace(shown.outline, is_folded=False))


def _arguments(call: TracedCall) -> Iterator[tuple[str, Row]]:
    for place, row in enumerate(call.rows.arguments if call.rows else ()):
        yield f"{call.key} a{place}", row


def _result(call: TracedCall) -> Iterator[tuple[str, Row]]:
    for place, row in enumerate(call.rows.result if call.rows else ()):
        yield f"{call.key} {place}", row


def _head(call: TracedCall, depth: int) -> ShownRow:
    mark, role = _MARKS[call.state]
    who: tuple[tuple[str, Role], ...] = (("you ", "muted"),) if call.is_of_person else ()
    is_empty = call.end is None and not call.inner and not call.progress
    parts: tuple[tuple[str, Role], ...] = ((f"{mark} ", role), *who, (call.title, "strong"))
    folded = None if is_empty and call.state == "stopped" else call.is_folded
    return ShownRow(OutlineRow(call.key, depth, parts, cost_of(call), folded), call)


def _row(call: TracedCall, row: Row, key: str, depth: int) -> ShownRow:
    is_folded = call.folds.get(key, not row.is_expanded) if row.children else None
    return ShownRow(OutlineRow(key, depth, tuple(row.parts), is_folded=is_folded), call, row)


def _progress(call: TracedCall) -> str:
    assert call.progress
    done, total = call.progress.done, call.progress.total
    text = safe_text(call.progress.text, single_line=True)
    if not total:
        return f"{done} {text}"
    filled = min(_BAR_CELLS * done // total, _BAR_CELLS)
    return f"{'━' * filled}{'─' * (_BAR_CELLS - filled)} {done}/{total} {text}"
