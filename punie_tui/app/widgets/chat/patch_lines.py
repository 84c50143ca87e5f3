"""A patch as a question about an edit shows it: numbers in place of its headers, and nothing else left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

LineKind = Literal["text", "file", "gap", "context", "removed", "added"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SIGNED: dict[str, LineKind] = {" ": "context", "-": "removed", "+": "added"}
_GAP = "⋯"


class PatchLine(NamedTuple):
    """`old` and `new` count from 1; 0 where the line is not in that file. `other` is what it was or became."""

    kind: LineKind
    text: str
    old: int = 0
    new: int = 0
    path: str = ""
    other: str | None = None


@dataclass(frozen=True)
class Patch:
    """What stands in a patch of one or more files, in its order."""

    lines: tuple[PatchLine, ...]

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(line.path for line in self.lines if line.kind == "file")

    @cached_property
    def counts(self) -> str:
        """How many lines come and go."""
        return counts_told(self._count("added"), self._count("removed"))

    @property
    def is_of_one_file(self) -> bool:
        """Whether the file's own row tells nothing that a headline with its path does not."""
        return len(self.paths) == 1

    @cached_property
    def last_number(self) -> int:
        """The largest number of a line; each row that is drawn asks for it."""
        return max((max(line.old, line.new) for line in self.lines), default=0)

    def _count(self, kind: LineKind) -> int:
        return sum(line.kind == kind for line in self.lines)


def counts_told(added: int, removed: int) -> str:
    """Lines that come and go, as short as it can be said."""
    return f"+{added} -{removed}"


def patch_of(text: str) -> Patch | None:
    """The patch that a tool's preview shows; None for what is none. Lines that belong to no hunk stay as they are."""
    lines = text.removesuffix("\n").split("\n")
    found = tuple(_parsed(lines))
    return Patch(found) if any(line.kind == "file" for line in found) else None


def _parsed(lines: Sequence[str]) -> Iterator[PatchLine]:
    place, path, is_first = 0, "", True
    while place < len(lines):
        if _is_header(lines, place):
            path, is_first = lines[place + 1][4:].removeprefix("b/"), True
            place += 2
            yield PatchLine("file", path, path=path)
        elif path and (hunk := _HUNK.fullmatch(lines[place])):
            if not is_first:
                yield PatchLine("gap", _GAP)
            is_first = False
            end = _end_of_hunk(lines, place + 1, hunk)
            yield from _hunk_lines(lines[place + 1 : end], int(hunk[1]), int(hunk[3]), path)
            place = end
        else:
            yield PatchLine("text", lines[place])
            place += 1


def _is_header(lines: Sequence[str], place: int) -> bool:
    """Also a line of a file may look like one; inside of hunks it is not asked."""
    return (
        place + 2 < len(lines)
        and lines[place].startswith("--- ")
        and lines[place + 1].startswith("+++ ")
        and _HUNK.fullmatch(lines[place + 2]) is not None
    )


def _end_of_hunk(lines: Sequence[str], start: int, hunk: re.Match[str]) -> int:
    """Where the lines end that its header counts."""
    old, new = (int(count) if count is not None else 1 for count in (hunk[2], hunk[4]))
    place = start
    while place < len(lines) and (old > 0 or new > 0):
        kind = _SIGNED.get(lines[place][:1])
        old -= kind in ("context", "removed")
        new -= kind in ("context", "added")
        place += 1
    # What tells that the last line has no end.
    return place + (place < len(lines) and lines[place].startswith("\\"))


def _hunk_lines(lines: Sequence[str], old: int, new: int, path: str) -> Iterator[PatchLine]:
    partners = _partners(lines)
    for place, line in enumerate(lines):
        kind = _SIGNED.get(line[:1], "text")
        is_old, is_new = kind in ("context", "removed"), kind in ("context", "added")
        text = line if kind == "text" else line[1:]
        yield PatchLine(kind, text, old * is_old, new * is_new, path, partners.get(place))
        old, new = old + is_old, new + is_new


def _partners(lines: Sequence[str]) -> dict[int, str]:
    """For lines that go and come in one place, by their order there: what each was or became."""
    found: dict[int, str] = {}
    removed: list[int] = []
    added: list[int] = []
    for place, line in enumerate((*lines, "")):
        match line[:1]:
            case "-" if not added:
                removed.append(place)
            case "+":
                added.append(place)
            case "\\":
                pass
            case sign:
                for old, new in zip(removed, added, strict=False):
                    found[old], found[new] = lines[new][1:], lines[old][1:]
                removed, added = ([place] if sign == "-" else []), []
    return found
