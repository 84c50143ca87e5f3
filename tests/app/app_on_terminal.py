"""The real app as a process on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_SECONDS = 120.0


class AppOnTerminal:
    """`punie` in a folder, 30 lines of 100 columns, for the time of a `with` block."""

    def __init__(self, folder: Path, *arguments: str, error_file: IO[bytes] | None = None, **variables: str) -> None:
        self._terminal, of_app = pty.openpty()
        self.resize(30, 100)
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
        """As a terminal's window; the kernel tells the programs on it."""
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

    def read_until(self, wanted: bytes | None, most: int = 1 << 16) -> bytes:
        """Read what the app draws until something stands there, or until it ends; so many bytes at a time."""
        seen = b""
        # An app whose clock ticks writes for ever, and what never comes shall be told nevertheless.
        deadline = time.monotonic() + _SECONDS
        while wanted is None or wanted not in seen:
            ready, _, _ = select.select([self._terminal], [], [], max(deadline - time.monotonic(), 0.0))
            assert ready, f"never came: {wanted!r} in {seen[-2000:]!r}"
            try:
                chunk = os.read(self._terminal, most)
            except OSError:
                chunk = b""
            if not chunk:
                assert wanted is None, seen[-2000:]
                return seen
            seen += chunk
        return seen
