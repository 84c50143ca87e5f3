"""Threads that touch models: one for all of them, and one more for a model that no other may wait for."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from queue import SimpleQueue

_PATIENCE_SECONDS = 30.0
"""Loading cannot be stopped halfway; a large model may take this long."""


class ModelThread:
    """Runs jobs one after the other, for the life of the process.

    MLX streams and lazy arrays belong to the thread that made them, so models outlive neither it nor each other's
    turns on it. The thread starts with the first job. When the process exits, `is_ending` tells a running job to stop
    soon, and the exit waits for it: MLX aborts the process if its thread is cut off in the middle of a computation.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._farewell: Callable[[], None] | None = None
        self.is_ending = threading.Event()

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` after those submitted before it. It must not raise."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="punie-model", daemon=True)
                self._thread.start()
                atexit.register(self._end, self._thread)
        self._jobs.put(job)

    def call_at_end(self, farewell: Callable[[], None]) -> None:
        """Run `farewell` as the thread's last job when the process exits; only the last one set is run."""
        self._farewell = farewell

    def _end(self, thread: threading.Thread) -> None:
        self.is_ending.set()
        self._jobs.put(lambda: None)
        thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        while not self.is_ending.is_set():
            job = self._jobs.get()
            job()
            # A finished job's closure would keep its model alive until the next job comes.
            del job
        if self._farewell:
            self._farewell()


MODEL_THREAD = ModelThread()
