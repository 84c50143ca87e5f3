"""The tests as rows of an outline: files, their classes, the tests, and the parameters below those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text
from punie_tui.app.widgets.outline import OutlineRow
from punie_tui.app.widgets.trace.results import OUTCOME_MARKS

if TYPE_CHECKING:
    from punie_tui.app.widgets.tests.known_tests import KnownTest, KnownTests, State
    from punie_tui.app.widgets.trace.rows import Role

_MARKS: dict[State, tuple[str, Role]] = {
    "not run": ("·", "muted"),
    "running": ("●", "strong"),
    **OUTCOME_MARKS,
}
_MOST_UNFOLDED = 300
_MOST_PARAMETERS_UNFOLDED = 10


@dataclass
class _Group:
    """What stands under one key: a test, or what lies below it."""

    key: str
    label: str
    test: KnownTest | None = None
    below: dict[str, _Group] = field(default_factory=dict[str, "_Group"])

    @property
    def holds_parameters(self) -> bool:
        return any(key.startswith(f"{self.key}[") for key in self.below)


def rows_of_tests(book: KnownTests, chosen: Mapping[str, bool]) -> list[OutlineRow]:
    """`chosen` says what the person folded or unfolded; what failed stands open otherwise, and much else is folded."""
    folds_files = len(book) > _MOST_UNFOLDED
    rows: list[OutlineRow] = []
    for file, tests in book.files.items():
        states: Counter[State] = Counter(test.state for test in tests.values())
        is_folded = chosen.get(file, folds_files and not _has_failures(states))
        group = _group_of_file(file, tests)
        rows.append(_row(group, 0, states, _seconds(tests.values()), is_folded=is_folded))
        if not is_folded:
            rows += _rows_below(group, 1, chosen)
    return rows


def _rows_below(group: _Group, depth: int, chosen: Mapping[str, bool]) -> Iterator[OutlineRow]:
    for each in group.below.values():
        tests = list(_tests_in(each))
        states: Counter[State] = Counter(test.state for test in tests)
        if each.test is not None and not each.below:
            yield _row(each, depth, states, each.test.worst.duration if each.test.outcomes else None, is_folded=None)
            continue
        is_long = each.holds_parameters and len(tests) > _MOST_PARAMETERS_UNFOLDED
        is_folded = chosen.get(each.key, is_long and not _has_failures(states))
        yield _row(each, depth, states, _seconds(tests), is_folded=is_folded)
        if not is_folded:
            yield from _rows_below(each, depth + 1, chosen)


def _group_of_file(file: str, tests: Mapping[str, KnownTest]) -> _Group:
    top = _Group(file, file)
    for name, test in tests.items():
        base, bracket, parameters = name[len(file) + 2 :].partition("[")
        group = top
        for part in base.split("::") if base else []:
            group = group.below.setdefault(part, _Group(f"{group.key}::{part}", part))
        if bracket:
            part = f"[{parameters}"
            group = group.below.setdefault(part, _Group(f"{group.key}{part}", part))
        if group is top:
            # The file itself failed: it could not be imported.
            group = top.below.setdefault("", _Group(name, "the file itself"))
        group.test = test
    return top


def _tests_in(group: _Group) -> Iterator[KnownTest]:
    if group.test is not None:
        yield group.test
    for each in group.below.values():
        yield from _tests_in(each)


def _row(
    group: _Group, depth: int, states: Counter[State], seconds: float | None, *, is_folded: bool | None
) -> OutlineRow:
    mark, role = _MARKS[_state_of(states)]
    label = safe_text(group.label, single_line=True)
    parts: list[tuple[str, Role]] = [(f"{mark} ", role), (label, "strong" if depth == 0 else "")]
    if is_folded is not None:
        parts.append((f"  {_counts(states)}", "muted"))
    shown_seconds = "" if seconds is None else f"{seconds:.2f} s"
    return OutlineRow(group.key, depth, tuple(parts), shown_seconds, is_folded)


def _state_of(states: Counter[State]) -> State:
    """The one that stands for all: what runs and what failed before everything else."""
    for state in ("running", "error", "failed", "xpassed", "not run", "passed", "xfailed", "skipped"):
        if states[state]:
            return state
    return "not run"


def _counts(states: Counter[State]) -> str:
    """What there is beside tests that pass; only how many where there is no such thing."""
    total = sum(states.values())
    told = [
        f"{states[state]} {state}" for state in ("failed", "error", "skipped", "xfailed", "xpassed") if states[state]
    ]
    done = total - states["not run"] - states["running"]
    return ", ".join([f"{total}" if done in (0, total) else f"{done}/{total}", *told])


def _has_failures(states: Counter[State]) -> bool:
    return bool(states["failed"] or states["error"])


def _seconds(tests: Iterable[KnownTest]) -> float | None:
    durations = [test.worst.duration for test in tests if test.outcomes]
    return sum(durations) if durations else None
