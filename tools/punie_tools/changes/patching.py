"""A patch on the files as they are: hunks find their place by their text, and only then by their line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from punie_tools.changes.patch_text import FilePatch, Hunk
from punie_tools.changes.text_edit import ANY_LINE_END, DecodedText
from punie_tools.errors import ToolError

_LONGEST_SHOWN = 80
_NORMAL_FORMS: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip)
"""How lines are compared: as they are, without white space at their end, without any around them."""


@dataclass(frozen=True)
class _Line:
    text: str
    end: str


def patched(decoded: DecodedText, file: FilePatch) -> str:
    """The text after all hunks. Raises ToolError, with the nearest place, for one that fits nowhere."""
    lines = _split(decoded.text)
    position = shift = 0
    for number, hunk in enumerate(file.hunks, start=1):
        start = _place(lines, hunk, position, shift, decoded.shown_as, number, is_numbered=file.is_numbered)
        replaced = _replaced(lines, hunk, start, decoded.line_end)
        old_count = sum(sign != "+" for sign, _ in hunk.lines)
        lines[start : start + old_count] = replaced
        position = start + len(replaced)
        if hunk.line is not None:
            shift = position - (hunk.line - 1) - old_count
    return "".join(line.text + line.end for line in lines)


def new_text(file: FilePatch) -> str:
    """The text of a new file: the lines that are added."""
    added = [text for hunk in file.hunks for sign, text in hunk.lines if sign == "+"]
    has_no_end = bool(file.hunks) and file.hunks[-1].new_has_no_end
    return "\n".join(added) + ("" if has_no_end or not added else "\n")


def _split(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position = 0
    for end in ANY_LINE_END.finditer(text):
        lines.append(_Line(text[position : end.start()], end.group()))
        position = end.end()
    return [*lines, _Line(text[position:], "")] if position < len(text) else lines


def _place(
    lines: Sequence[_Line], hunk: Hunk, position: int, shift: int, shown_as: str, number: int, *, is_numbered: bool
) -> int:
    """The index of the hunk's first old line. A numbered hunk stands at the fitting place nearest to its line."""
    old = [text for sign, text in hunk.lines if sign != "+"]
    expected = hunk.line - 1 + shift if hunk.line is not None else None
    if not old:
        return _insertion(lines, hunk, position, expected, shown_as)
    begin = max(_after(lines, hunk.within, position), position) if not is_numbered else position
    for normal in _NORMAL_FORMS:
        target = [normal(text) for text in old]
        found = [at for at in range(begin, len(lines) - len(old) + 1) if _fits(lines, target, at, normal)]
        if hunk.is_at_end:
            found = [at for at in found if at + len(old) == len(lines)] or found
        if found and expected is not None:
            return min(found, key=lambda at: abs(at - expected))
        if found:
            return found[0]
    where = f", at line {hunk.line}" if hunk.line is not None else ""
    why = _first_difference(lines, old, begin, expected if expected is not None else begin)
    raise ToolError(f"Change {number} of {shown_as}{where} fits nowhere: {why}.")


def _first_difference(lines: Sequence[_Line], old: list[str], begin: int, expected: int) -> str:
    """Where most of the old lines are as the patch has them, nearest to their line: the first that is not, and what is.

    Empty lines count for nothing, since they are everywhere.
    """
    wanted, there = [text.strip() for text in old], [line.text.strip() for line in lines]
    alike = {
        at: sum(bool(text) and text == each for text, each in zip(wanted, there[at : at + len(wanted)], strict=False))
        for at in range(begin, len(lines))
    }
    best = max(alike, key=lambda at: (alike[at], -abs(at - expected)), default=begin)
    if not alike.get(best):
        return f"the file has no such lines as {next(filter(str.strip, old), '')[:_LONGEST_SHOWN]!r}"
    for number, (line, text) in enumerate(zip(lines[best : best + len(old)], old, strict=False), start=best + 1):
        if line.text.strip() != text.strip():
            return f"line {number} is {line.text[:_LONGEST_SHOWN]!r}, and not {text[:_LONGEST_SHOWN]!r}"
    return f"the file ends before {old[len(lines) - best][:_LONGEST_SHOWN]!r}"


def _fits(lines: Sequence[_Line], target: list[str], at: int, normal: Callable[[str], str]) -> bool:
    return all(normal(lines[at + offset].text) == text for offset, text in enumerate(target))


def _insertion(lines: Sequence[_Line], hunk: Hunk, position: int, expected: int | None, shown_as: str) -> int:
    """Where lines are added that say nothing of their neighbours: behind their line, their heading, or at the end."""
    if expected is not None:
        return min(max(expected + 1, position), len(lines))
    if not hunk.within:
        return len(lines)
    after = _after(lines, hunk.within, position)
    if after < position:
        raise ToolError(f"{shown_as} has no line {hunk.within[:_LONGEST_SHOWN]!r} to add something behind.")
    return after


def _after(lines: Sequence[_Line], within: str, position: int) -> int:
    """The index behind the line that is named above a hunk; -1 if there is none."""
    if not within:
        return position
    for at in range(position, len(lines)):
        if lines[at].text.strip() == within:
            return at + 1
    return -1


def _replaced(lines: Sequence[_Line], hunk: Hunk, start: int, line_end: str) -> list[_Line]:
    """The new lines: context stays as the file has it, and what is added ends as the lines around it do."""
    new: list[_Line] = []
    at = start
    end = _end_near(lines, start, line_end)
    told, real = _indents(hunk, lines, start)
    for sign, text in hunk.lines:
        if sign == "+":
            # Indented as the file indents the old line before it, where the patch does that otherwise.
            is_shifted = text.strip() and text.startswith(told)
            new.append(_Line(real + text[len(told) :] if is_shifted else text, end))
            continue
        if text.strip():
            told, real = _indent(text), _indent(lines[at].text)
        if sign == " ":
            new.append(lines[at])
        at += 1
    if at >= len(lines) and new:
        # The hunk reaches the end of the file, and may say whether that ends with a line end.
        was_open = bool(lines) and not lines[-1].end
        is_open = hunk.new_has_no_end if hunk.old_has_no_end or hunk.new_has_no_end else was_open
        new = [*(_Line(line.text, line.end or end) for line in new[:-1]), _Line(new[-1].text, "" if is_open else end)]
    return new


def _indents(hunk: Hunk, lines: Sequence[_Line], start: int) -> tuple[str, str]:
    """How the patch and how the file indent the first old line."""
    old = [text for sign, text in hunk.lines if sign != "+"]
    pairs = zip(old, lines[start : start + len(old)], strict=True)
    return next(((_indent(text), _indent(line.text)) for text, line in pairs if text.strip()), ("", ""))


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _end_near(lines: Sequence[_Line], start: int, line_end: str) -> str:
    near = lines[start : start + 1] or lines[start - 1 : start]
    return next((line.end for line in near if line.end), line_end)
