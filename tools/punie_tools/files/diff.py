"""A unified diff of a text before and after an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

_CONTEXT = 3

_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Diff:
    """A patch as git writes it, empty if nothing changed, and how many lines it adds and removes."""

    text: str
    added: int
    removed: int


def unified_diff(path: str, before: str, after: str) -> Diff:
    """The diff between two texts. Lines end with a newline alone, so a carriage return that changed shows."""
    old, new = _lines(before), _lines(after)
    output: list[str] = []
    added = removed = 0
    for group in _groups(old, new):
        output.append(_header(group))
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                output += (_shown(" ", line) for line in old[old_start:old_end])
                continue
            removed += old_end - old_start
            added += new_end - new_start
            output += (_shown("-", line) for line in old[old_start:old_end])
            output += (_shown("+", line) for line in new[new_start:new_end])
    head = f"--- a/{path}\n+++ b/{path}\n" if output else ""
    return Diff(head + "".join(output), added, removed)


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _groups(old: Sequence[str], new: Sequence[str]) -> list[list[_Opcode]]:
    """Changes with the lines around them. Comparing begins where the texts differ: a large file costs what changes."""
    start = max(_common(old, new) - _CONTEXT, 0)
    end = max(_common(old[start:][::-1], new[start:][::-1]) - _CONTEXT, 0)
    matcher = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end])
    return [
        [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in group]
        for group in matcher.get_grouped_opcodes(_CONTEXT)
        if any(opcode[0] != "equal" for opcode in group)
    ]


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def _header(group: Sequence[_Opcode]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@\n"


def _span(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
