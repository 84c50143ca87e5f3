"""Where a text to replace stands in a file: exactly, or but for white space, indentation or quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import pairwise

from punie_tools.changes.text_edit import ANY_LINE_END, with_line_ends
from punie_tools.errors import ToolError
from punie_tools.spelling import spelled

_LINES_TO_COMPARE = 20_000
_LINES_NAMED = 10
_LONGEST_SHOWN = 200
_WHOLE_LINE_END = r"(?:\r\n|\r(?!\n)|(?<!\r)\n)"
_QUOTES = str.maketrans(dict.fromkeys('"`\u201c\u201d\u2018\u2019', "'"))


@dataclass(frozen=True)
class Replacement:
    """A stretch of a text and what comes in its place. `difference` is what was overlooked to find it; mostly empty."""

    start: int
    end: int
    new: str
    difference: str = ""


def find_replacements(text: str, old: str, new: str, *, replace_all: bool, shown_as: str) -> list[Replacement]:
    """The places to change, once unless `replace_all`. Raises ToolError if they are none or not clear."""
    if not old:
        raise ToolError("The text to replace is empty.")
    if old == new:
        raise ToolError("The new text is the same as the old one.")
    if exact := _exact(text, old, new, may_overlap=not replace_all):
        if len(exact) > 1 and not replace_all:
            raise ToolError(_ambiguity(text, exact, shown_as))
        return exact
    for difference, alike in _DIFFERENCES.items():
        if found := _alike(text, old, new, difference, alike):
            if len(found) > 1:
                raise ToolError(f"{_ambiguity(text, found, shown_as)} It differs there in {difference}.")
            if found[0].difference != difference:
                line = text.count("\n", 0, found[0].start) + 1
                raise ToolError(
                    f"The text to replace is in {shown_as} at line {line}, but its lines are indented otherwise "
                    "among themselves; say it as it stands there."
                )
            return found
    raise ToolError(f"The text to replace is not in {shown_as}{_nearest(text, old)}.")


def replaced(text: str, replacements: Sequence[Replacement], shown_as: str) -> str:
    """The text with all of them made. Raises ToolError if two overlap."""
    ordered = sorted(replacements, key=lambda each: each.start)
    for first, second in pairwise(ordered):
        if second.start < first.end:
            line = text.count("\n", 0, second.start) + 1
            raise ToolError(f"Two of the edits change the same place in {shown_as}, line {line}; nothing was done.")
    pieces: list[str] = []
    position = 0
    for each in ordered:
        pieces += [text[position : each.start], each.new]
        position = each.end
    return "".join(pieces) + text[position:]


def _exact(text: str, old: str, new: str, *, may_overlap: bool) -> list[Replacement]:
    """Whatever the line ends are: who says the old text sees lines, not carriage returns."""
    pattern = re.compile(_WHOLE_LINE_END.join(re.escape(line) for line in ANY_LINE_END.split(old)))
    places: list[Replacement] = []
    start = 0
    while place := pattern.search(text, start):
        written = with_line_ends(new, _line_end_in(place.group(), text))
        places.append(Replacement(place.start(), place.end(), written))
        # One that begins in the middle of another is a place as well, if one alone is meant.
        start = place.start() + 1 if may_overlap else place.end()
    return places


def _line_end_in(place: str, text: str) -> str:
    """The line end of the place itself, or else the file's first one."""
    found = ANY_LINE_END.search(place) or ANY_LINE_END.search(text)
    return found.group() if found else "\n"


def _alike(text: str, old: str, new: str, difference: str, alike: Callable[[str], str]) -> list[Replacement]:
    """Whole lines that are the old text's but for a difference."""
    lines = _Lines(text)
    wanted = ANY_LINE_END.split(old.strip("\r\n"))
    if not any(line.strip() for line in wanted):
        return []
    normal, target = [alike(line) for line in lines.texts], [alike(line) for line in wanted]
    first = target[0]
    starts = [
        start
        for start, line in enumerate(normal[: len(normal) - len(target) + 1])
        if line == first and normal[start : start + len(target)] == target
    ]
    return [lines.replacement(start, wanted, new, difference) for start in starts]


class _Lines:
    """A text's lines and where each begins and ends, without its line end."""

    def __init__(self, text: str) -> None:
        self.texts: list[str] = []
        self._spans: list[tuple[int, int]] = []
        self._text = text
        position = 0
        for end in ANY_LINE_END.finditer(text):
            self._add(position, end.start())
            position = end.end()
        self._add(position, len(text))

    def _add(self, start: int, end: int) -> None:
        self.texts.append(self._text[start:end])
        self._spans.append((start, end))

    def replacement(self, start: int, wanted: Sequence[str], new: str, difference: str) -> Replacement:
        """The difference is kept empty if the lines are not all indented as those that are wanted are."""
        stop = start + len(wanted)
        first, last = self._spans[start][0], self._spans[stop - 1][1]
        told, real = _indent(wanted[0]), _indent(self.texts[start])
        if not new.strip("\r\n") and stop < len(self._spans):
            # The lines go, and their last line end with them.
            last = self._spans[stop][0]
        is_shifted = all(map(partial(_is_shifted, told, real), wanted, self.texts[start:stop]))
        indented = _reindented(new.strip("\r\n"), told, real)
        line_end = _line_end_in(self._text[first:last], self._text)
        return Replacement(first, last, with_line_ends(indented, line_end), difference if is_shifted else "")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _is_shifted(told: str, real: str, wanted: str, line: str) -> bool:
    """Whether a line is indented as it should be, if `told` is what the file has as `real`."""
    indent = _indent(wanted)
    if told == real:
        return not wanted.strip() or indent == _indent(line)
    return not wanted.strip() or (indent.startswith(told) and _indent(line) == real + indent[len(told) :])


def _reindented(new: str, told: str, real: str) -> str:
    """The new lines begin as the file's do: what stands before the old text there stands before them, too."""
    if told == real:
        return new
    lines = ANY_LINE_END.split(new)
    return "\n".join(real + line[len(told) :] if line.strip() and line.startswith(told) else line for line in lines)


def _ambiguity(text: str, places: Sequence[Replacement], shown_as: str) -> str:
    lines = [text.count("\n", 0, place.start) + 1 for place in places]
    named = ", ".join(map(str, lines[:_LINES_NAMED])) + (" …" if len(lines) > _LINES_NAMED else "")
    return (
        f"The text to replace is in {shown_as} {len(lines)} times, in lines {named}; "
        "say more of the text around it, or set replace_all."
    )


def _nearest(text: str, old: str) -> str:
    """Where the text comes closest to `old`, as the end of a sentence; empty if nothing is like it."""
    wanted = next((line.strip() for line in old.splitlines() if line.strip()), "")
    lines = text.splitlines()[:_LINES_TO_COMPARE]
    stripped = [line.strip() for line in lines]
    nearest = [wanted] if wanted in stripped else get_close_matches(wanted, stripped, n=1, cutoff=0.6)
    if not nearest or not wanted:
        return ""
    line = stripped.index(nearest[0])
    return f"; the nearest place is line {line + 1}: {spelled(lines[line][:_LONGEST_SHOWN])!r}"


_DIFFERENCES: dict[str, Callable[[str], str]] = {
    "white space at the ends of lines": str.rstrip,
    "indentation": str.strip,
    "quotes": lambda line: line.rstrip().translate(_QUOTES),
    "white space": lambda line: " ".join(line.split()),
    "white space and quotes": lambda line: " ".join(line.translate(_QUOTES).split()),
}
"""What a model gets wrong in a text that it repeats, the smallest difference first."""
