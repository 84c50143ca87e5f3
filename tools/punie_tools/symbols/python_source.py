"""The text of a Python file with its syntax tree, and positions in characters from what the tree counts in bytes."""

from __future__ import annotations

import ast
import bisect
import codecs
import io
import re
import stat
import threading
import tokenize
import unicodedata
import warnings
from functools import cached_property
from pathlib import Path

LARGEST_FILE = 16_000_000

_LARGEST_TREE = 3_000_000
_LINE_END = re.compile("\r\n?")
_WORD = re.compile(r"\w+")
# Warnings are filtered for the whole process, so that one thread at a time may do it.
_QUIET = threading.Lock()


class PythonSource:
    """Offsets are those of `text`, whose lines all end with a newline character; lines and columns count from 1."""

    def __init__(self, text: str) -> None:
        self.text = _LINE_END.sub("\n", text)

    @cached_property
    def tree(self) -> ast.Module | None:
        """None for text that this interpreter cannot parse: wrong, newer than it, or nested too deeply."""
        if len(self.text) > _LARGEST_TREE:
            return None
        try:
            with _QUIET, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def lines(self) -> list[str]:
        """Without their ends; a form feed ends none."""
        return self.text.split("\n")

    def offset(self, line: int, utf8_column: int) -> int:
        """Where the tree's position (line from 1, column in bytes from 0) is."""
        text = self.lines[line - 1]
        if not text.isascii():
            utf8_column = len(text.encode("utf-8", "surrogatepass")[:utf8_column].decode("utf-8", "replace"))
        return self._line_starts[line - 1] + utf8_column

    def start(self, node: ast.stmt | ast.expr | ast.pattern | ast.arg | ast.alias | ast.keyword) -> int:
        """Where a node begins; a decorated definition at its keyword."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.stmt | ast.expr | ast.pattern | ast.alias) -> int:
        """Where a node ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # the parser sets both
        return self.offset(node.end_lineno, node.end_col_offset)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column."""
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def at(self, line: int, column: int) -> int:
        """The offset of a line and a column, as `place` gives them."""
        return self._line_starts[min(line, len(self._line_starts)) - 1] + column - 1

    def word(self, name: str, start: int, end: int, *, last: bool = False) -> int | None:
        """Where the identifier stands between two offsets, also in a spelling that Python takes for the same name."""
        found = [match.start() for match in _WORD.finditer(self.text, start, end) if same_name(match[0], name)]
        return found[-1 if last else 0] if found else None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]


def read_source(file: Path) -> PythonSource | None:
    """None for what is no regular file, cannot be read, or is too large to be somebody's source."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            return None
        return PythonSource(_decoded(file.read_bytes()))
    except OSError:
        return None


def same_name(word: str, name: str) -> bool:
    """Whether a word of a source means a name, which is in Python's normal form."""
    return word == name or (not word.isascii() and unicodedata.normalize("NFKC", word) == name)


def _decoded(data: bytes) -> str:
    """As Python reads it; a false or unknown declaration counts for nothing."""
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding, "replace")
    except (SyntaxError, LookupError, UnicodeError):
        return data.decode("utf-8", "replace")
