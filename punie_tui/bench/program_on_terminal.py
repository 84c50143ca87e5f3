"""A program on a pseudo-terminal of its own: what it writes and when, what it takes of the processor and of memory."""

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
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import psutil

_COLUMNS, _ROWS = 120, 40
_SECONDS = 120.0


class BenchProgramError(Exception):
    """The program ended, or did not do in time what was measured."""


class ProgramOnTerminal:
    """Started when it is made; ended with all that it started when the `with` block is left."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self.started = time.perf_counter()
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], list(command), dict(environment))
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process, number)
            if self._has_ended():
                break
        os.close(self._terminal)

    def type_in(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, mark: str) -> float:
        """Seconds until the mark was written. Raises BenchProgramError."""
        begun = time.perf_counter()
        wanted, seen = mark.encode(), b""
        while wanted not in seen:
            chunk = self._read(max(begun + _SECONDS - time.perf_counter(), 0))
            if not chunk:
                raise BenchProgramError(f"{mark!r} was not written; the last was {seen[-200:]!r}")
            # Enough of the end is kept to find a mark that comes in two parts.
            seen = seen[-len(wanted) :] + chunk
        return time.perf_counter() - begun

    def written_in(self, seconds: float) -> bytes:
        """What it writes in that time."""
        end = time.perf_counter() + seconds
        written = b""
        while (left := end - time.perf_counter()) > 0:
            written += self._read(left)
        return written

    @property
    def resident_bytes(self) -> int:
        """Of the process that draws: the largest of those that were started."""
        return max(each.memory_info().rss for each in self._processes())

    def bytes_of_tree(self, left_out: str) -> int:
        """Of all processes (their PSS), without those whose command line holds this word.

        What processes share counts in equal parts, also what is shared with programs outside; where the system does
        not tell the parts, as Linux does, only what is each one's own counts.
        """
        total = 0
        for each in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if not any(left_out in part for part in each.cmdline()):
                    memory = each.memory_full_info()
                    total += getattr(memory, "pss", memory.uss)
        return total

    @property
    def processor_seconds(self) -> float:
        times = [each.cpu_times() for each in self._processes()]
        return sum(each.user + each.system for each in times)

    def _processes(self) -> list[psutil.Process]:
        own = psutil.Process(self.process)
        return [own, *own.children(recursive=True)]

    def _read(self, seconds: float) -> bytes:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self._terminal, 1 << 16)
        except OSError:
            return b""

    def _has_ended(self) -> bool:
        deadline = time.perf_counter() + 2
        while time.perf_counter() < deadline:
            if os.waitpid(self.process, os.WNOHANG)[0]:
                return True
            # What it still writes is read, or it would wait for ever on a full terminal.
            self._read(0.02)
        return False
