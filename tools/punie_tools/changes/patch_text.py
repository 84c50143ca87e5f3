"""Patches as models write them: unified diffs, and the `*** Begin Patch` style. Read leniently, file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from punie_tools.errors import ToolError
from punie_tools.spelling import spelled

Sign = Literal[" ", "-", "+"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_LOOSE_HUNK = re.compile(r"@@+ ?(.*?)(?: ?@@+)?$")
_BEGIN = re.compile(r"([ \t]*)(?:--- \S|diff --git |\*\*\* (?:Begin Patch|Update File: |Add File: |Delete File: ))")
_MARKS = ("*** Begin Patch", "*** Update File: ", "*** Add File: ", "*** Delete File: ")
_MNEMONIC = re.compile(r"[ciwo]/")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_LETTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


@dataclass
class Hunk:
    """Lines with their signs. `line` is where they should stand, from 1; `within` a line above, such as a `def`."""

    line: int | None = None
    within: str = ""
    is_at_end: bool = False
    lines: list[tuple[Sign, str]] = field(default_factory=list[tuple[Sign, str]])
    old_has_no_end: bool = False
    """Whether the last old line has no line end; said so in a unified diff alone."""
    new_has_no_end: bool = False


@dataclass
class FilePatch:
    """What happens to a file. `path` is None for a new file, `new_path` for one that is removed."""

    path: str | None
    new_path: str | None
    hunks: list[Hunk] = field(default_factory=list[Hunk])
    new_mode: int | None = None
    is_announced: bool = True
    """Whether only git's header line named its paths so far."""
    is_numbered: bool = True
    """Whether hunks say their line, as a unified diff does; else they follow each other."""


def parse_patch(patch: str) -> list[FilePatch]:
    """The files of a patch, whatever is written around it. Raises ToolError for a text that holds none."""
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines] if "\r\n" in patch else lines
    lines = _without_indent(lines)
    is_marked = any(line.startswith(_MARKS) for line in lines)
    found = list(_marked(lines)) if is_marked else _unified(lines)
    if not found:
        raise ToolError("This is no patch: it has neither '--- a/FILE' and '+++ b/FILE' nor '*** Begin Patch'.")
    return found


def _without_indent(lines: list[str]) -> list[str]:
    """As a whole it may be indented, as it is in a list of a text."""
    begun = next((match for line in lines if (match := _BEGIN.match(line))), None)
    if begun is None or not begun[1]:
        return lines
    return [line.removeprefix(begun[1]) for line in lines]


def _marked(lines: list[str]) -> Iterator[FilePatch]:
    """`*** Update File: a.py`, `*** Add File:`, `*** Delete File:`, up to `*** End Patch`."""
    start = next(number for number, line in enumerate(lines) if line.startswith(_MARKS))
    current: FilePatch | None = None
    for line, following in pairwise([*lines[start:], ""]):
        directive, _, path = line.strip().partition(": ")
        if line.strip() == "*** End Patch":
            break
        if line.strip() == "*** Begin Patch" or _is_name_of_diff(current, line, following):
            continue
        if directive in ("*** Update File", "*** Add File", "*** Delete File"):
            if current:
                yield current
            path = path.strip()
            old = None if directive == "*** Add File" else path
            new = None if directive == "*** Delete File" else path
            current = FilePatch(old, new, is_numbered=False)
        elif current is None:
            raise ToolError(f"The patch has a line before its first file: {line[:80]!r}.")
        elif directive == "*** Move to":
            current.new_path = path.strip()
        elif line.strip() == "*** End of File":
            if current.hunks:
                current.hunks[-1].is_at_end = True
        elif line.startswith("@@"):
            match = _LOOSE_HUNK.match(line)
            numbered = _HUNK.match(line)
            within = numbered[5] if numbered else match[1] if match else ""
            current.hunks.append(Hunk(within=within.strip()))
        else:
            if not current.hunks:
                current.hunks.append(Hunk())
            current.hunks[-1].lines.append(_signed(line))
    if current:
        yield current


def _is_name_of_diff(file: FilePatch | None, line: str, following: str) -> bool:
    """Whether it is one of the two lines with a file's names, which do not belong here, above the first hunk."""
    if file is None or file.hunks:
        return False
    return (line.startswith("--- ") and following.startswith("+++ ")) or (
        line.startswith("+++ ") and following.startswith("@@")
    )


def _unified(lines: list[str]) -> list[FilePatch]:
    """`diff --git`, `---`, `+++`, `@@`, as git, diff and models write them; all else is passed over."""
    reader = _UnifiedReader()
    for line, following in pairwise([*lines, ""]):
        reader.take(line, following)
    return reader.finish()


class _UnifiedReader:
    """Takes a diff line by line. Counts in headers only tell whether empty lines at a hunk's end belong to it."""

    def __init__(self) -> None:
        self._files: list[FilePatch] = []
        self._hunk: Hunk | None = None
        self._old_count: int | None = None
        self._skips_next = False

    def take(self, line: str, following: str) -> None:
        if self._skips_next:
            self._skips_next = False
        elif line.startswith("diff --git "):
            self._close_hunk()
            self._files.append(FilePatch(*_git_header_paths(line)))
        elif line.startswith("--- ") and following.startswith("+++ "):
            self._begin_file(*_names(line[4:], following[4:]))
            self._skips_next = True
        elif line.startswith("+++ ") and following.startswith("@@") and self._hunk is None:
            self._begin_file(*_names(line[4:], line[4:]))
        elif line.startswith("@@") and self._files:
            self._begin_hunk(line)
        elif self._hunk is not None:
            self._take_in_hunk(self._hunk, line)
        elif self._files and self._is_below_names and line[:1] in ("+", "-", " "):
            # Somebody left the line with the numbers out.
            self._begin_hunk("@@")
            self.take(line, following)
        elif self._files:
            self._take_header(self._files[-1], line)

    def finish(self) -> list[FilePatch]:
        self._close_hunk()
        return self._files

    @property
    def _is_below_names(self) -> bool:
        file = self._files[-1]
        return not file.hunks and not file.is_announced

    def _begin_file(self, old: str | None, new: str | None) -> None:
        self._close_hunk()
        if self._files and not self._files[-1].hunks and self._files[-1].is_announced:
            file = self._files[-1]
            file.path, file.new_path, file.is_announced = old, new, False
        else:
            self._files.append(FilePatch(old, new, is_announced=False))

    def _begin_hunk(self, line: str) -> None:
        self._close_hunk()
        numbered, loose = _HUNK.match(line), _LOOSE_HUNK.match(line)
        if numbered:
            self._hunk = Hunk(line=int(numbered[1]), within=numbered[5].strip())
            self._old_count = int(numbered[2] or 1)
        else:
            self._hunk = Hunk(within=loose[1].strip() if loose else "")
            self._old_count = None
        self._files[-1].hunks.append(self._hunk)

    def _take_in_hunk(self, hunk: Hunk, line: str) -> None:
        if line.startswith("\\"):
            last = hunk.lines[-1][0] if hunk.lines else " "
            hunk.old_has_no_end = hunk.old_has_no_end or last in " -"
            hunk.new_has_no_end = hunk.new_has_no_end or last in " +"
        elif line[:1] in ("+", "-", " ", ""):
            hunk.lines.append(_signed(line))
        else:
            # Prose, or the fence behind the diff.
            self._close_hunk()

    def _take_header(self, file: FilePatch, line: str) -> None:
        if line.startswith("rename from "):
            file.path = _unquoted(line.removeprefix("rename from "))
        elif line.startswith("rename to "):
            file.new_path = _unquoted(line.removeprefix("rename to "))
        elif line.startswith("new file mode "):
            file.path, file.new_mode = None, int(line[-3:], 8)
        elif line.startswith("deleted file mode "):
            file.new_path = None
        elif line.startswith("new mode "):
            file.new_mode = int(line[-3:], 8)
        elif line.startswith(("Binary files ", "GIT binary patch", "copy from ")):
            raise ToolError(f"The patch holds what is not supported: {line[:80]!r}.")

    def _close_hunk(self) -> None:
        """Empty lines at its end may only separate it from what follows."""
        hunk, self._hunk = self._hunk, None
        while hunk and hunk.lines and hunk.lines[-1] == (" ", ""):
            old = sum(sign != "+" for sign, _ in hunk.lines)
            if self._old_count is not None and old <= self._old_count:
                break
            hunk.lines.pop()


def _git_header_paths(line: str) -> tuple[str | None, str | None]:
    words = line.removeprefix("diff --git ")
    if words.startswith('"'):
        old, new = [*_QUOTED.findall(words), "", ""][:2]
        return _stripped(_unescaped(old)), _stripped(_unescaped(new))
    # Both halves are the same but for `a/` and `b/`, unless a rename says its names below.
    half = len(words) // 2
    return _stripped(words[:half]), _stripped(words[half + 1 :])


def _names(old: str, new: str) -> tuple[str | None, str | None]:
    """The paths of `---` and `+++`; git can be set to write `i/` and `w/` and their like in place of `a/` and `b/`."""
    first, second = _path(old), _path(new)
    is_mnemonic = first and second and _MNEMONIC.match(first) and _MNEMONIC.match(second)
    if first and second and is_mnemonic and first != second and first[2:] == second[2:]:
        return first[2:], second[2:]
    return first, second


def _path(text: str) -> str | None:
    """The path of a `---` or `+++` line; None for /dev/null."""
    name = _unescaped(text.strip()[1:-1]) if text.startswith('"') else text.split("\t")[0].rstrip()
    return None if name == "/dev/null" else _stripped(name)


def _unquoted(text: str) -> str:
    return _unescaped(text[1:-1]) if text.startswith('"') else text


def _stripped(name: str) -> str:
    return name[2:] if name.startswith(("a/", "b/")) else name


def _unescaped(name: str) -> str:
    """A name as git quotes it, with octal bytes."""

    def byte(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 8)]) if match[1] else _LETTERS.get(match[2], match[2])

    return spelled(_ESCAPE.sub(byte, name.encode("utf-8", "surrogateescape")))


def _signed(line: str) -> tuple[Sign, str]:
    """A line of a hunk; an empty one is an empty line of context whose blank was lost on the way."""
    match line[:1]:
        case "+" | "-" | " " as sign:
            return sign, line[1:]
        case "" | "\t":
            return " ", line
        case _:
            pass
    raise ToolError(f"A line of the patch begins with none of '+', '-' and ' ': {line[:80]!r}.")
