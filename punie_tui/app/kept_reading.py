"""What takes long to read: kept, and read again while what was read last is shown."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

from punie_tools.errors import ToolError

T = TypeVar("T")


class KeptReading(Generic[T]):
    """One reading at a time, whoever asks for it."""

    def __init__(self, read: Callable[[], T]) -> None:
        """`read` may raise ToolError and OSError."""
        self._read_it = read
        self._reading = Lock()
        self._kept: T | None = None
        self.problem = ""
        """Why the last reading failed, as one sentence; empty where it did not."""

    def get(self, *, is_wanted_anew: bool) -> T | None:
        """What was read last, and None if nothing can be read. Blocks for the first reading, not for a later one."""
        if self._kept is None:
            with self._reading:
                if self._kept is None:
                    self._read()
        elif is_wanted_anew:
            Thread(target=self._read_unless_reading, name="reading", daemon=True).start()
        return self._kept

    def _read_unless_reading(self) -> None:
        if self._reading.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._reading.release()

    def _read(self) -> None:
        try:
            self._kept = self._read_it()
        except (ToolError, OSError) as error:
            self.problem = str(error)
        else:
            self.problem = ""
