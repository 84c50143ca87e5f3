"""edit_file: replace an exact piece of a file's text, keeping everything else byte for byte."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import computed_field

from punie_tools.errors import ToolError
from punie_tools.files.atomic import replace_file
from punie_tools.files.diff import Diff, unified_diff
from punie_tools.files.encoding import HEAD_BYTES, encoding_of
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

SIZE_LIMIT = 20 * 1024 * 1024

_LINES_TO_COMPARE = 20_000
_LINES_NAMED = 10
_ANY_LINE_END = re.compile(r"\r\n|\r|\n")


class EditFileResult(ToolResult):
    """What changed: `replacements` places, `added` and `removed` lines."""

    path: str
    diff: str
    added: int
    removed: int
    replacements: int

    @computed_field
    @property
    def summary(self) -> str:
        places = "place" if self.replacements == 1 else "places"
        return f"Changed {self.path} in {self.replacements} {places} (+{self.added} -{self.removed} lines)."


def edit_file(context: ToolContext, path: str, old: str, new: str, replace_all: bool = False) -> EditFileResult:
    """Replace the text `old` by `new`; `old` must be in the file exactly as given, and once unless replace_all is true.

    Encoding, byte-order mark, line ends, file mode and all other text stay as they are.
    """
    edit = _plan(context, path, old, new, replace_all)
    try:
        replace_file(edit.file, edit.data)
    except OSError as error:
        raise ToolError(f"{edit.path} cannot be written: {(error.strerror or str(error)).lower()}.") from None
    return EditFileResult(
        path=edit.path,
        diff=edit.diff.text,
        added=edit.diff.added,
        removed=edit.diff.removed,
        replacements=edit.replacements,
    )


def preview(context: ToolContext, path: str, old: str, new: str, replace_all: bool = False) -> str:
    """The diff that the edit would make. Raises ToolError if it cannot be made."""
    return _plan(context, path, old, new, replace_all).diff.text


@dataclass(frozen=True)
class _Edit:
    file: Path
    path: str
    data: bytes
    diff: Diff
    replacements: int


def _plan(context: ToolContext, path: str, old: str, new: str, replace_all: bool) -> _Edit:
    """The whole edit, checked, but not written."""
    file = context.workspace.resolve(path)
    shown_as = context.workspace.relative(file)
    _check(file, shown_as, old, new)
    data = _read(file, shown_as)
    encoding = encoding_of(file, data[:HEAD_BYTES], shown_as)
    before = data[len(encoding.mark) :].decode(encoding.name, "surrogateescape")
    places = list(_pattern_of(old).finditer(before))
    if not places:
        raise ToolError(f"The text to replace is not in {shown_as}{_nearest(before, old)}.")
    if len(places) > 1 and not replace_all:
        raise ToolError(_ambiguity(shown_as, [before.count("\n", 0, place.start()) + 1 for place in places]))
    after = _replaced(before, places, new)
    if after == before:
        raise ToolError(f"The edit would change nothing in {shown_as}.")
    try:
        written = encoding.mark + after.encode(encoding.name, "surrogateescape")
    except UnicodeEncodeError as error:
        character = error.object[error.start]
        raise ToolError(f"{shown_as} is written in {encoding.name}, which has no {character!r}.") from None
    return _Edit(file, shown_as, written, unified_diff(shown_as, spelled(before), spelled(after)), len(places))


def _check(file: Path, shown_as: str, old: str, new: str) -> None:
    if file.is_dir():
        raise ToolError(f"{shown_as} is a folder, not a file.")
    if ".git" in (part.lower() for part in Path(shown_as).parts):
        raise ToolError(f"{shown_as} belongs to git itself, whose files can start programs; it is not edited.")
    if not old:
        raise ToolError("The text to replace is empty.")
    if old == new:
        raise ToolError("The new text is the same as the old one.")
    if not os.access(file, os.W_OK):
        raise ToolError(f"{shown_as} is read-only.")


def _read(file: Path, shown_as: str) -> bytes:
    try:
        size = file.stat().st_size
        if size > SIZE_LIMIT:
            raise ToolError(f"{shown_as} is too large to edit: {size:,} bytes, at most {SIZE_LIMIT:,}.")
        return file.read_bytes()
    except OSError as error:
        raise ToolError(f"{shown_as} cannot be read: {(error.strerror or str(error)).lower()}.") from None


def _pattern_of(old: str) -> re.Pattern[str]:
    """Finds the text whatever its line ends are: who says `old` sees lines, not carriage returns."""
    return re.compile(r"(?:\r\n|\r|\n)".join(re.escape(line) for line in _ANY_LINE_END.split(old)))


def _replaced(before: str, places: list[re.Match[str]], new: str) -> str:
    usual = _usual_line_end(before)
    pieces: list[str] = []
    position = 0
    for place in places:
        line_end = _ANY_LINE_END.search(place.group())
        pieces += [before[position : place.start()], _ANY_LINE_END.sub(line_end.group() if line_end else usual, new)]
        position = place.end()
    return "".join(pieces) + before[position:]


def _usual_line_end(text: str) -> str:
    """The most frequent one; a newline if there is none."""
    windows = text.count("\r\n")
    counts = {"\n": text.count("\n") - windows, "\r\n": windows, "\r": text.count("\r") - windows}
    return max(counts, key=lambda end: counts[end])


def _ambiguity(shown_as: str, lines: list[int]) -> str:
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
    return f"; the nearest place is line {line + 1}: {spelled(lines[line][:200])!r}"


TOOL = Tool(edit_file, risk=Risk.EDITS, preview=preview)
