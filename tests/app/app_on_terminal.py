"""The real app as a process on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from terminal_cells import TerminalCells

_SECONDS = 120.0
_BLINKS = 3
_MOST_OF_A_BLINK = 1000
_LONGER_THAN_A_BLINK = 2.0
"""Seconds; the cursor rests where no key has come for a while."""
_FULL = 4000
"""Bytes that a terminal keeps for who reads it, at the least; whoever writes more waits."""


class AppOnTerminal:
    """`punie` in a folder, 30 lines of 100 columns, for the time of a `with` block."""

    def __init__(self, folder: Path, *arguments: str, error_file: IO[bytes] | None = None, **variables: str) -> None:
        self._terminal, of_app = pty.openpty()
        self.cells: TerminalCells | None = None
        """Takes what is read from now on, where somebody wants to know how it looks."""
        self._set_size(30, 100)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "punie_tui", *arguments],
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **variables},
            stdin=of_app,
            stdout=of_app,
            stderr=error_file or of_app,
            start_new_session=True,
        )
        os.close(of_app)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self._terminal >= 0:
            os.close(self._terminal)

    def resize(self, lines: int, columns: int) -> None:
        """As a terminal's window. Of its own session the kernel would tell; here the app's group is told as it does."""
        if self.cells:
            self.cells.resize(lines, columns)
        self._set_size(lines, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def _set_size(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Let the terminal go; it is not the one of the app's session, so nobody is told by a signal."""
        os.close(self._terminal)
        self._terminal = -1

    @property
    def is_as_a_shell_has_it(self) -> bool:
        """Whether the terminal shows what is typed and hands it on by lines."""
        flags = termios.tcgetattr(self._terminal)[3]
        return bool(flags & termios.ECHO and flags & termios.ICANON)

    def type_in(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def read_until(self, wanted: bytes | None) -> bytes:
        """Read what the app draws until something stands there, or until it ends."""
        seen = b""
        # An app whose clock ticks writes for ever, and what never comes shall be told nevertheless.
        deadline = time.monotonic() + _SECONDS
        while wanted is None or wanted not in seen:
            assert time.monotonic() < deadline, f"never came: {wanted!r} in {seen[-2000:]!r}"
            chunk = self._read(wanted, seen)
            if not chunk:
                assert wanted is None, seen[-2000:]
                return seen
            seen += chunk
        return seen

    def read_until_shown(self, cells: TerminalCells, is_shown: Callable[[list[str]], bool]) -> list[str]:
        """Read until the rows of the terminal are as they shall be; gives them."""
        self.cells = cells
        # A cursor that blinks is drawn for ever.
        deadline = time.monotonic() + _SECONDS
        while not is_shown(rows := cells.rows):
            stands = "\n".join(rows)
            assert time.monotonic() < deadline, f"never came, but:\n{stands}"
            assert self._read(stands, b""), f"ended with:\n{stands}"
        return rows

    def read_until_settled(self, cells: TerminalCells, is_shown: Callable[[list[str]], bool]) -> list[str]:
        """Read until the rows are as they shall be, and the cursor alone is drawn, which blinks, or nothing at all."""
        rows, blinks = self.read_until_shown(cells, is_shown), 0
        deadline = time.monotonic() + _SECONDS
        while blinks < _BLINKS and select.select([self._terminal], [], [], _LONGER_THAN_A_BLINK)[0]:
            stands = "\n".join(rows)
            assert time.monotonic() < deadline, f"never settled:\n{stands}"
            is_small = len(self._read(stands, b"")) < _MOST_OF_A_BLINK
            blinks = blinks + 1 if is_small and cells.rows == rows and is_shown(rows) else 0
            rows = cells.rows
        return rows

    def read_slowly_until(self, wanted: bytes, most: int) -> bytes:
        """Read so many bytes at a time, and none before the app has filled the terminal or has no more to say."""
        while self._waiting_bytes() < _FULL:
            self._pause()
        seen = b""
        while wanted not in seen:
            before = -1
            while before != (before := self._waiting_bytes()) < _FULL:
                self._pause()
            seen += self._read(wanted, seen, most)
        return seen

    def _read(self, wanted: object, seen: bytes, most: int = 1 << 16) -> bytes:
        """Nothing where the app has ended."""
        ready, _, _ = select.select([self._terminal], [], [], _SECONDS)
        assert ready, f"never came: {wanted!r} in {seen[-2000:]!r}"
        try:
            chunk = os.read(self._terminal, most)
        except OSError:
            return b""
        if self.cells:
            self.cells.write(chunk)
        return chunk

    def _waiting_bytes(self) -> int:
        (count,) = struct.unpack("i", fcntl.ioctl(self._terminal, termios.FIONREAD, b"\0" * 4))
        return count

    def _pause(self) -> None:
        """No file tells that more of it can be read than before."""
        select.select([], [], [], 0.002)
