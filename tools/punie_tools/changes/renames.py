"""Which of the files that go and come in a change are one file under another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import product

from punie_tools.changes.change_set import FileChange

_ALIKE_ENOUGH = 0.5
_MOST_COMPARED = 2_500
"""Pairs of a file that goes and one that comes; in larger changes only equal ones are found, as git does."""


def renames_in(changes: Sequence[FileChange], *, never: Collection[str] = ()) -> dict[str, FileChange]:
    """By the path of a file that comes, the change that takes the same file away under its old name.

    Files named by `never` are taken for no others. The most alike find each other first, equal ones before all.
    """
    named = [change for change in changes if change.path not in never]
    gone = [change for change in named if change.before and change.before.data and change.after is None]
    come = [change for change in named if change.after and change.before is None]
    found: dict[str, FileChange] = {}
    for old, new in _most_alike_first(gone, come):
        if new.path not in found and old not in found.values():
            found[new.path] = old
    return found


def _most_alike_first(gone: Sequence[FileChange], come: Sequence[FileChange]) -> list[tuple[FileChange, FileChange]]:
    are_many = len(gone) * len(come) > _MOST_COMPARED
    lines = {} if are_many else {change: _lines(change) for change in (*gone, *come)}
    pairs: list[tuple[float, FileChange, FileChange]] = []
    for old, new in product(gone, come):
        assert old.before and new.after  # asked of both above
        if old.before.data == new.after.data:
            pairs.append((1.0, old, new))
        elif not are_many and b"\0" not in old.before.data + new.after.data:
            smaller, larger = sorted((len(old.before.data), len(new.after.data)))
            if smaller >= _ALIKE_ENOUGH * larger:
                pairs.append((_size(lines[old] & lines[new]) / larger, old, new))
    likely = [pair for pair in pairs if pair[0] >= _ALIKE_ENOUGH]
    return [(old, new) for _, old, new in sorted(likely, key=lambda pair: -pair[0])]


def _lines(change: FileChange) -> Counter[bytes]:
    """The bytes of each line, as often as it stands there."""
    image = change.before or change.after
    return Counter(image.data.splitlines(keepends=True)) if image else Counter()


def _size(lines: Counter[bytes]) -> int:
    return sum(len(line) * count for line, count in lines.items())
