"""The one thread of the process that touches models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class ModelThread:
    """Runs jobs one after the other, for the life of the process.

    MLX streams and lazy arrays belong to the thread that made them, so models outlive neither it nor each other's
    turns. The thread starts with the first job and is a daemon: a job still running never holds up the exit.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` after those submitted before it. It must not raise."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="punie-model", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            job()
            # A finished job's closure would keep its model alive until the next job comes.
            del job


MODEL_THREAD = ModelThread()
