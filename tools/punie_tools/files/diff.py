"""A unified diff of a text before and after an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from punie_tools.files.line_matching import Piece, changed_pieces

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
    """Changes with the lines around them; those with few lines between stand together."""
    together: list[list[Piece]] = []
    for piece in changed_pieces(old, new):
        if together and piece[0] - together[-1][-1][1] <= 2 * _CONTEXT:
            together[-1].append(piece)
        else:
            together.append([piece])
    return [_with_context(pieces, len(old)) for pieces in together]


def _with_context(pieces: Sequence[Piece], length: int) -> list[_Opcode]:
    start, new_start = pieces[0][0], pieces[0][2]
    lead = min(_CONTEXT, start)
    place, new_place = start - lead, new_start - lead
    group: list[_Opcode] = []
    for first, last, new_first, new_last in pieces:
        if first > place:
            group.append(("equal", place, first, new_place, new_first))
        group.append(("replace", first, last, new_first, new_last))
        place, new_place = last, new_last
    if trail := min(_CONTEXT, length - place):
        group.append(("equal", place, place + trail, new_place, new_place + trail))
    return group


def _header(group: Sequence[_Opcode]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@\n"


def _span(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
