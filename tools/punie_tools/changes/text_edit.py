"""A file's text as a person edits it, and back to the bytes: encoding, mark and line ends stay as they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from punie_tools.errors import ToolError
from punie_tools.files.encoding import HEAD_BYTES, Encoding, encoding_of
from punie_tools.spelling import spelled

ANY_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class DecodedText:
    """Text with the line ends of the file, and what it is written in."""

    text: str
    encoding: Encoding
    shown_as: str

    @classmethod
    def of(cls, path: str, data: bytes) -> DecodedText:
        """Raises ToolError for a file that is no text."""
        shown_as = spelled(path)
        encoding = encoding_of(PurePosixPath(path), data[:HEAD_BYTES], shown_as, len(data))
        return cls(data[len(encoding.mark) :].decode(encoding.name, "surrogateescape"), encoding, shown_as)

    @property
    def line_end(self) -> str:
        """The most frequent one; a newline if there is none."""
        windows = self.text.count("\r\n")
        counts = {"\n": self.text.count("\n") - windows, "\r\n": windows, "\r": self.text.count("\r") - windows}
        return max(counts, key=lambda end: counts[end])

    def offset(self, line: int, column: int) -> int:
        """Where a line's column is in the text, both from 1; the text's end for a line behind the last one."""
        starts = self._line_starts
        return starts[line - 1] + column - 1 if line <= len(starts) else len(self.text)

    def line_at(self, offset: int) -> int:
        """The line, from 1, that holds an offset of the text."""
        return bisect_right(self._line_starts, offset)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in ANY_LINE_END.finditer(self.text))]

    def encoded(self, text: str) -> bytes:
        """The bytes of another text in this file. Raises ToolError for a character that its encoding lacks."""
        try:
            return self.encoding.mark + text.encode(self.encoding.name, "surrogateescape")
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise ToolError(
                f"{self.shown_as} is written in {self.encoding.name}, which has no {character!r}."
            ) from None


def with_line_ends(text: str, line_end: str) -> str:
    """The text with every line end the same."""
    return ANY_LINE_END.sub(line_end, text)
