"""What a command prints, as it comes: without colours, and all of it up to a limit that is told where it cuts."""

from __future__ import annotations

import codecs
import re
import threading
from collections import deque
from collections.abc import MutableSequence
from dataclasses import dataclass

MOST_CHARACTERS = 10_000_000
_LONGEST_LINE = 100_000
_REST_OF_LINE = " … the rest of this line is left out"
_LAST_LINES = 10
_PIECE = 64 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@dataclass(frozen=True)
class News:
    """The lines that came since the last news, and those that stand below them until the next."""

    lines: list[str]
    end: list[str]


class PrintedText:
    """One thread adds what was printed, another one may read it meanwhile. None of it is safe text.

    Of what is longer than the limit half is kept from its beginning, and half up to its end.
    """

    def __init__(self, most_characters: int = MOST_CHARACTERS) -> None:
        self._most = most_characters
        self._lock = threading.Lock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        # Pieces of whole lines, each line with its end.
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._news: list[str] = []
        self._head_size = self._tail_size = self._line_count = 0
        self._unended = ""

    def add(self, printed: bytes) -> None:
        """What came next; it may end within a line, or within a character."""
        with self._lock:
            whole, end, rest = (self._unended + self._decoder.decode(printed)).rpartition("\n")
            if end:
                self._add_lines(_cleaned(whole) + end)
            self._unended = rest if len(rest) <= 2 * _LONGEST_LINE else _shorter(rest)

    def _add_lines(self, lines: str) -> None:
        self._line_count += lines.count("\n")
        if not self._tail:
            room = self._most // 2 - self._head_size
            fitting = lines if len(lines) <= room else lines[: lines.rfind("\n", 0, max(room, 0)) + 1]
            _append(self._head, fitting)
            self._news.append(fitting)
            self._head_size += len(fitting)
            lines = lines[len(fitting) :]
        _append(self._tail, lines)
        self._tail_size += len(lines)
        while self._tail_size - len(self._tail[0] if self._tail else "") >= self._most // 2:
            self._tail_size -= len(self._tail.popleft())

    @property
    def text(self) -> str:
        """What there is now."""
        with self._lock:
            head, tail, last = "".join(self._head), "".join(self._tail), _plain(self._unended)
            count = self._line_count
        if (over := len(tail) - self._most // 2) > 0:
            tail = tail[tail.find("\n", over - 1) + 1 :]
        left_out = count - head.count("\n") - tail.count("\n")
        gap = f"… {left_out:,} lines left out: punie keeps {self._most:,} characters …\n" if left_out else ""
        return f"{head}{gap}{tail}{last}".rstrip("\n")

    def news(self, *, is_first: bool = False) -> News:
        """What came since this was asked before; with `is_first` all. Blank lines come with what follows them.

        What is beyond the beginning that is kept is news only at the end, and told whole by `text`.
        """
        with self._lock:
            came, last = "".join(self._head if is_first else self._news), _plain(self._unended)
            more = self._line_count - sum(piece.count("\n") for piece in self._head) if self._tail else 0
            tail = self._last_lines() if more else []
            end = [*([f"… {more:,} more lines so far …"] if more else []), *tail, *([last] if last else [])]
            told = came if end else came.rstrip("\n") + "\n" * bool(came.strip("\n"))
            self._news = [came[len(told) :]]
        return News(told.split("\n")[:-1], end)

    def _last_lines(self) -> list[str]:
        text = ""
        for piece in reversed(self._tail):
            text = piece + text
            if text.count("\n") >= _LAST_LINES:
                break
        return text.split("\n")[-1 - _LAST_LINES : -1]


def _append(pieces: MutableSequence[str], text: str) -> None:
    """In few pieces, as each costs memory of its own."""
    if pieces and len(pieces[-1]) < _PIECE:
        pieces[-1] += text
    elif text:
        pieces.append(text)


def _cleaned(text: str) -> str:
    if "\x1b" in text or "\r" in text or len(text) > _LONGEST_LINE:
        return "\n".join(map(_plain, text.split("\n")))
    return text


def _plain(line: str) -> str:
    seen = _seen(_COLOURS.sub("", line))
    return seen if len(seen) <= _LONGEST_LINE else seen[:_LONGEST_LINE] + _REST_OF_LINE


def _shorter(unended: str) -> str:
    """One letter too long, so that it is told; what comes next is written over it where it ends so."""
    return _seen(unended)[: _LONGEST_LINE + 1] + "\r" * unended.endswith("\r")


def _seen(line: str) -> str:
    """Of a line that was written over what stands there last."""
    return line.rstrip("\r").rpartition("\r")[2]
