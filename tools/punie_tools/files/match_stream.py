"""Reads what a search prints, as it comes: counts every matching line, and keeps the first ones in order of path."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable

from punie_tools.spelling import spelled

BYTE_LIMIT = 64 * 1024 * 1024

_NEWLINE = ord("\n")
_NOT_NUMBERED = b": WARNING: stopped searching binary file"


class MatchStream:
    r"""Takes `path NUL`, lines `number:text`, an empty line, the next path …: `rg --heading --null --line-number`.

    Each path begins with `./`. A million matches must cost no more than printing them, so bytes are counted and only
    what may be shown is split. Memory is bounded by `line_limit` lines and by BYTE_LIMIT.
    """

    def __init__(self, is_wanted: Callable[[str], bool], line_limit: int) -> None:
        self.match_count = 0
        self.file_count = 0
        self._is_wanted = is_wanted
        self._line_limit = line_limit
        self._kept: dict[str, list[bytes]] = {}
        self._order: list[str] = []
        self._line_total = self._byte_total = 0
        self._rest = bytearray()
        self._path = b""
        self._file: str | None = None
        self._lines: list[bytes] | None = None
        self._is_counting = False

    def add(self, chunk: bytes) -> None:
        """Take the next piece of output, cut anywhere."""
        cut = chunk.rfind(b"\n") + 1
        if cut:
            data = bytes(self._rest) + chunk[:cut]
            self._rest = bytearray(chunk[cut:])
            self._take(data)
        elif len(self._rest) < BYTE_LIMIT:
            # A line so long that not all of it is kept; it is counted when its end comes.
            self._rest += chunk

    def finish(self) -> list[tuple[str, int, bytes]]:
        """File, line number and line of the first matches, sorted."""
        self._close()
        return [
            (file, int(number), text)
            for file in self._order
            for number, _, text in (line.partition(b":") for line in self._kept[file])
        ]

    def _take(self, data: bytes) -> None:
        position, end = 0, len(data)
        while position < end:
            if self._file is None:
                nul = data.find(b"\0", position)
                if nul < 0:
                    self._rest[:0] = data[position:]
                    return
                self._open(data[position:nul])
                position = nul + 1
            elif data[position] == _NEWLINE:
                self._close()
                position += 1
            else:
                blank = data.find(b"\n\n", position) + 1 or end
                if self._is_counting:
                    self._count(data, position, blank)
                position = blank

    def _open(self, path: bytes) -> None:
        self._path = path
        self._file = spelled(path)[2:]
        self._lines = None
        self._is_counting = self._is_wanted(self._file)
        if not self._is_counting:
            return
        self.file_count += 1
        if self._line_total < self._line_limit or self._file < self._order[-1]:
            self._lines = self._kept[self._file] = []
            insort(self._order, self._file)

    def _count(self, data: bytes, begin: int, end: int) -> None:
        """Lines of the open file; its last one may be a remark, which stands after the path once more."""
        remark = data.find(_NOT_NUMBERED, begin, end) - len(self._path)
        if (
            remark >= begin
            and data.startswith(self._path, remark)
            and (remark == begin or data[remark - 1 : remark] == b"\n")
        ):
            end = remark
        self.match_count += data.count(b"\n", begin, end)
        if self._lines is not None and len(self._lines) < self._line_limit:
            self._keep(data[begin:end].split(b"\n", self._line_limit - len(self._lines)))

    def _keep(self, lines: list[bytes]) -> None:
        assert self._lines is not None
        for line in lines[:-1]:
            self._lines.append(line)
            self._line_total += 1
            self._byte_total += len(line)

    def _close(self) -> None:
        """Forget what is too much, from the end of the order."""
        self._file = None
        if self._lines is None:
            return
        while self._order and (self._line_total > self._line_limit or self._byte_total > BYTE_LIMIT):
            last = self._kept[self._order[-1]]
            while last and (self._line_total > self._line_limit or self._byte_total > BYTE_LIMIT):
                self._line_total -= 1
                self._byte_total -= len(last.pop())
            if not last:
                del self._kept[self._order.pop()]
