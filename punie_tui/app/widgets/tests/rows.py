"""The tests as rows of an outline: files, their classes, the tests, and the parameters below those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
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
    "collection error": ("✗", "bad"),
    **OUTCOME_MARKS,
}
_TELLING_FIRST: tuple[State, ...] = (
    "running",
    "collection error",
    "error",
    "failed",
    "xpassed",
    "not run",
    "passed",
    "xfailed",
    "skipped",
)
_TOLD: tuple[State, ...] = ("failed", "error", "skipped", "xfailed", "xpassed")
_MOST_UNFOLDED = 300
_MOST_PARAMETERS_UNFOLDED = 10


@dataclass
class _Group:
    """What stands under one key: a test, or what lies below it; of that `test` tells how its collection ended."""

    key: str
    label: str
    test: KnownTest | None = None
    below: dict[str, _Group] = field(default_factory=dict[str, "_Group"])

    @property
    def holds_parameters(self) -> bool:
        return any(key.startswith(f"{self.key}[") for key in self.below)


def rows_of_tests(book: KnownTests, chosen: Mapping[str, bool], filter_text: str = "") -> list[OutlineRow]:
    """`chosen` says what the person folded or unfolded; what failed stands open otherwise, and much else is folded."""
    kept = {
        file: {name: test for name, test in tests.items() if test.holds(filter_text)}
        for file, tests in book.files.items()
    }
    folds_files = sum(map(len, kept.values())) > _MOST_UNFOLDED
    rows: list[OutlineRow] = []
    for file, tests in kept.items():
        if not tests:
            continue
        is_folded = chosen.get(file, folds_files and not _has_failures(tests.values()))
        group = _group_of_file(file, tests)
        rows.append(_row(group, 0, list(tests.values()), is_folded=is_folded))
        if not is_folded:
            rows += _rows_below(group, 1, chosen)
    return rows


def _rows_below(group: _Group, depth: int, chosen: Mapping[str, bool]) -> Iterator[OutlineRow]:
    for each in group.below.values():
        tests = list(_tests_in(each))
        if each.test is not None and not each.below:
            yield _row(each, depth, tests, is_folded=None)
            continue
        is_long = each.holds_parameters and len(tests) > _MOST_PARAMETERS_UNFOLDED
        is_folded = chosen.get(each.key, is_long and not _has_failures(tests))
        yield _row(each, depth, tests, is_folded=is_folded)
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
        group.test = test
    return top


def _tests_in(group: _Group) -> Iterator[KnownTest]:
    if group.test is not None:
        yield group.test
    for each in group.below.values():
        yield from _tests_in(each)


def _row(group: _Group, depth: int, tests: Sequence[KnownTest], *, is_folded: bool | None) -> OutlineRow:
    mark, role = _MARKS[_state_of({test.state for test in tests})]
    label = safe_text(group.label, single_line=True)
    parts: list[tuple[str, Role]] = [(f"{mark} ", role), (label, "strong" if depth == 0 else "")]
    if is_folded is not None or not all(test.is_test for test in tests):
        parts.append((f"  {_counts(tests)}", "muted"))
    durations = [test.worst.duration for test in tests if test.outcomes and test.is_test]
    shown_seconds = f"{sum(durations):.2f} s" if durations else ""
    return OutlineRow(group.key, depth, tuple(parts), shown_seconds, is_folded)


def _state_of(states: Set[State]) -> State:
    """The one that stands for all: what runs and what failed before everything else."""
    for state in _TELLING_FIRST:
        if state in states:
            return state
    return "not run"


def _counts(tests: Sequence[KnownTest]) -> str:
    """What there is beside tests that pass; only how many where there is no such thing."""
    states: Counter[State] = Counter(test.state for test in tests if test.is_test)
    total = sum(states.values())
    done = total - states["not run"] - states["running"]
    told = [test.state for test in tests if not test.is_test]
    told += [f"{total}" if done in (0, total) else f"{done}/{total}"] if total or not told else []
    return ", ".join([*told, *(f"{states[state]} {state}" for state in _TOLD if states[state])])


def _has_failures(tests: Iterable[KnownTest]) -> bool:
    return any(test.has_failed for test in tests)
