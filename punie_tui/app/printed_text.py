"""What a command prints, as it comes: without colours, and of a long output its head and tail."""

from __future__ import annotations

import codecs
import re
import threading
from collections import deque

_HEAD_LINES, _TAIL_LINES = 60, 60
_LONGEST_LINE = 2_000
_MOST_UNENDED = 64 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class PrintedText:
    """One thread adds what was printed, another one may read the text meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._line_count = 0
        self._unended = ""

    def add(self, printed: bytes) -> None:
        """What came next; it may end within a line, or within a character."""
        with self._lock:
            *lines, rest = (self._unended + self._decoder.decode(printed)).split("\n")
            self._unended = rest if len(rest) <= _MOST_UNENDED else _cut(rest)
            self._add_lines(lines)

    def _add_lines(self, lines: list[str]) -> None:
        self._line_count += len(lines)
        to_head = _HEAD_LINES - len(self._head)
        self._head += map(_plain, lines[:to_head])
        # The other ones would be pushed out again.
        self._tail.extend(map(_plain, lines[to_head:][-_TAIL_LINES:]))

    @property
    def text(self) -> str:
        """What there is now. It is no safe text."""
        with self._lock:
            head, tail, count = list(self._head), list(self._tail), self._line_count
            last = _plain(self._unended)
        if last:
            (tail if len(head) == _HEAD_LINES else head).append(last)
            count += 1
        tail = tail[-_TAIL_LINES:]
        left_out = count - len(head) - len(tail)
        gap = [f"… {left_out} lines left out …"] if left_out else []
        return "\n".join([*head, *gap, *tail]).rstrip("\n")


def _plain(line: str) -> str:
    return _seen(_COLOURS.sub("", line))[:_LONGEST_LINE]


def _cut(unended: str) -> str:
    """What comes next is written over it where it ends so."""
    return _seen(unended)[:_LONGEST_LINE] + "\r" * unended.endswith("\r")


def _seen(line: str) -> str:
    """Of a line that was written over what stands there last."""
    return line.rstrip("\r").rpartition("\r")[2]
