"""read_file: the text of a file, or of some of its lines."""

from __future__ import annotations

import codecs
import io
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import computed_field

from punie_tools.changes.change_set import SIZE_LIMIT
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.errors import ToolError, reason_of
from punie_tools.files.encoding import HEAD_BYTES, encoding_of
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

CHARACTER_LIMIT = 256 * 1024
SECONDS = 60.0

_CHUNK = 1 << 20


class ReadFileResult(ToolResult):
    """Lines `start_line` to `end_line`; `line_count` is that of the whole file.

    A page holds whole lines; a line that fills more than a page is cut, and `is_line_cut` says so. `next_line` is where
    the next page begins, None after the last one.
    """

    path: str
    content: str
    start_line: int
    end_line: int
    line_count: int
    truncated: bool = False
    next_line: int | None = None
    is_line_cut: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        if self.line_count == 0:
            return f"{self.path} is empty."
        lines = "line" if self.line_count == 1 else "lines"
        if (self.start_line, self.end_line) == (1, self.line_count) and not self.truncated:
            return f"{self.path} has {self.line_count} {lines}."
        first, last = self.start_line, self.end_line
        shown = f"Line {first}" if first == last else f"Lines {first} to {last}"
        shown += f" of the {self.line_count} {lines} of {self.path}"
        if self.is_line_cut:
            shown += f"; line {self.end_line} is cut after {len(self.content):,} characters"
        if self.truncated and self.next_line:
            shown += f"; the next page begins at start_line={self.next_line}"
        return f"{shown}."


def read_file(context: ToolContext, path: str, start_line: int = 1, end_line: int | None = None) -> ReadFileResult:
    """Read a file, whole or from start_line to end_line (both counted from 1, both included)."""
    file = _resolved(context, path)
    shown_as = context.workspace.relative(file)
    _check(shown_as, file, start_line, end_line)
    excerpt = _Excerpt(start_line, end_line)
    _remember(context, path, file)
    try:
        _read(context, file, shown_as, excerpt)
    except OSError as error:
        raise ToolError(f"{shown_as} cannot be read: {reason_of(error)}.") from None
    if start_line > max(excerpt.line_count, 1):
        lines = "line" if excerpt.line_count == 1 else "lines"
        raise ToolError(f"{shown_as} has only {excerpt.line_count} {lines}, so none from line {start_line}.")
    return _result(shown_as, start_line, excerpt)


def _resolved(context: ToolContext, path: str) -> Path:
    is_file = False
    try:
        file = context.workspace.resolve(path)
        is_file = file.is_file()
        return file
    finally:
        if context.changes is not None and not is_file:
            context.changes.found_nothing(path)


def _remember(context: ToolContext, asked: str, file: Path) -> None:
    """The session may edit the file only as it was read; one too large to be edited is not remembered."""
    if context.changes is None:
        return
    path = file.relative_to(context.workspace.root).as_posix()
    with suppress(ToolError):
        if image := TreeAccess(context.workspace.root).read(path, SIZE_LIMIT):
            context.changes.found(asked, path)
            context.changes.saw(path, image.data)


def _result(shown_as: str, start_line: int, excerpt: _Excerpt) -> ReadFileResult:
    content = excerpt.content
    last = start_line - 1 + content.count("\n") + (content[-1:] not in ("", "\n"))
    return ReadFileResult(
        path=shown_as,
        content=content,
        start_line=start_line,
        end_line=last,
        line_count=excerpt.line_count,
        truncated=excerpt.is_truncated,
        next_line=last + 1 if last < excerpt.line_count else None,
        is_line_cut=excerpt.is_truncated and not content.endswith("\n"),
    )


def _check(shown_as: str, file: Path, start_line: int, end_line: int | None) -> None:
    if file.is_dir():
        raise ToolError(f"{shown_as} is a folder, not a file; list_files shows what is in it.")
    if start_line < 1:
        raise ToolError(f"Lines count from 1, so there is no start_line {start_line}.")
    if end_line is not None and end_line < start_line:
        raise ToolError(f"end_line {end_line} lies before start_line {start_line}.")


def _read(context: ToolContext, file: Path, shown_as: str, excerpt: _Excerpt) -> None:
    deadline = time.monotonic() + SECONDS
    with _open(file, shown_as) as stream:
        encoding = encoding_of(file, stream.read(HEAD_BYTES), shown_as, os.fstat(stream.fileno()).st_size)
        stream.seek(len(encoding.mark))
        decode = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(encoding.name)("replace"), translate=True
        ).decode
        while chunk := stream.read(_CHUNK):
            context.raise_if_cancelled()
            if time.monotonic() > deadline:
                raise ToolError(f"Reading {shown_as} took more than {SECONDS:.0f} seconds.")
            excerpt.add(decode(chunk))
        excerpt.add(decode(b"", final=True))


def _open(file: Path, shown_as: str) -> IO[bytes]:
    """Open without waiting for a pipe's other end and without following a link: either may have come a moment ago."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ToolError(f"{shown_as} is no longer a file.")
    return os.fdopen(descriptor, "rb")


class _Excerpt:
    """Collects the wanted lines from chunks of text and counts all of them; a page ends with a whole line."""

    def __init__(self, start_line: int, end_line: int | None) -> None:
        self.is_truncated = False
        self._start, self._end = start_line, end_line
        self._pieces: list[str] = []
        self._room = CHARACTER_LIMIT
        self._line = 1
        self._ends_inside_line = False

    @property
    def content(self) -> str:
        text = "".join(self._pieces)
        return text[: text.rfind("\n") + 1] or text if self.is_truncated else text

    @property
    def line_count(self) -> int:
        return self._line - 1 + self._ends_inside_line

    def add(self, chunk: str) -> None:
        if not chunk:
            return
        newlines = chunk.count("\n")
        if not self.is_truncated and self._line + newlines >= self._start and not self._is_past_end():
            self._collect(chunk)
        self._line += newlines
        self._ends_inside_line = not chunk.endswith("\n")

    def _is_past_end(self) -> bool:
        return self._end is not None and self._line > self._end

    def _collect(self, chunk: str) -> None:
        begin = _after_newlines(chunk, self._start - self._line)
        end = None if self._end is None else _after_newlines(chunk, self._end + 1 - self._line)
        wanted = chunk[begin:end]
        self.is_truncated = len(wanted) > self._room
        self._pieces.append(wanted[: self._room])
        self._room -= len(wanted)


def _after_newlines(text: str, count: int) -> int:
    """The position after that many newlines; the end if there are fewer."""
    position = 0
    for _ in range(count):
        found = text.find("\n", position)
        if found < 0:
            return len(text)
        position = found + 1
    return position


TOOL = Tool(read_file, risk=Risk.READS)
