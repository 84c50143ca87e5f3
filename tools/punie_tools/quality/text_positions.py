"""Columns in characters: what counts UTF-16 units (pyright, the language server) is converted here."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_LINE_END = re.compile("\r\n|\r|\n")


class TextPositions:
    """Converts positions in files, reading each file once and at most as much as a source file may hold."""

    def __init__(self, *, largest_file: int = 50_000_000) -> None:
        self._largest_file = largest_file
        self._lines: dict[Path, list[str]] = {}

    def column(self, file: Path, line: int, utf16_units: int) -> int:
        """The column, from 1, of the character that `utf16_units` before it on the line (from 1) lead to."""
        return utf16_units + 1 - _surrogate_pairs(self.line(file, line), utf16_units)

    def utf16_units(self, file: Path, line: int, column: int) -> int:
        """How many UTF-16 units lie before the character at a column (from 1) of a line (from 1)."""
        before = self.line(file, line)[: column - 1]
        return len(before) + sum(character > "\uffff" for character in before)

    def line(self, file: Path, line: int) -> str:
        """The text of a line (from 1) without its end; empty if there is none."""
        lines = self._lines_of(file)
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _lines_of(self, file: Path) -> list[str]:
        if file not in self._lines:
            self._lines[file] = self._read(file)
        return self._lines[file]

    def _read(self, file: Path) -> list[str]:
        try:
            if file.stat().st_size > self._largest_file:
                return []
            data = file.read_bytes()
        except OSError:
            return []
        return _LINE_END.split(data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace"))


def _surrogate_pairs(text: str, utf16_units: int) -> int:
    """How many characters of two units lie before the position."""
    pairs, units = 0, 0
    for character in text:
        if units >= utf16_units:
            break
        is_pair = character > "\uffff"
        pairs += is_pair
        units += 1 + is_pair
    return pairs
