"""Time from the start of a process to its first frame on a terminal of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence

_COLUMNS, _ROWS = 120, 40
_DEADLINE = 20.0


class FirstFrameError(Exception):
    """The program ended, or said nothing in time."""


def seconds_to_first_frame(command: Sequence[str], mark: bytes, environment: dict[str, str]) -> float:
    """Start `command` on a new pseudo-terminal and wait until it has written `mark`; then end it."""
    started = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], list(command), environment)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        _wait_for(terminal, mark, started + _DEADLINE)
        return time.perf_counter() - started
    finally:
        _end(process, terminal)


def _wait_for(terminal: int, mark: bytes, deadline: float) -> None:
    written = b""
    while mark not in written:
        ready, _, _ = select.select([terminal], [], [], max(deadline - time.perf_counter(), 0))
        if not ready:
            raise FirstFrameError(f"no first frame within {_DEADLINE:.0f} s")
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            raise FirstFrameError(f"the program ended before its first frame: {written[-300:]!r}")
        written += chunk


def _end(process: int, terminal: int) -> None:
    """End the whole session of the program: a supervisor's child too."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, number)
        if _has_ended(process, terminal):
            break
    os.close(terminal)


def _has_ended(process: int, terminal: int) -> bool:
    deadline = time.perf_counter() + 2
    while time.perf_counter() < deadline:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        # What it still writes is read, or it would wait for ever on a full terminal.
        if select.select([terminal], [], [], 0.02)[0]:
            with contextlib.suppress(OSError):
                os.read(terminal, 65536)
    return False
