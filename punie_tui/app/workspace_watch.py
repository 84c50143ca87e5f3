"""Tells when files of the workspace change, whoever changes them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from punie_tui.app.watching_process import WatchingProcess

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_POLLS = 2.0


class Watching(Protocol):
    """What watches a folder; see WatchingProcess."""

    def changes(self) -> Iterator[frozenset[str]]: ...

    def stop(self) -> None: ...


class WorkspaceWatch:
    """A thread that hears of changes; where the system's watches run out, `on_change` comes on a clock instead."""

    def __init__(
        self,
        root: Path,
        on_change: Callable[[frozenset[str]], None],
        *,
        open_watching: Callable[[Path], Watching] = WatchingProcess,
        seconds_between_polls: float = _SECONDS_BETWEEN_POLLS,
    ) -> None:
        """`on_change` is called on that thread, a few times a second at most, with the paths where they are known.

        The first time, when watching begins, they are not.
        """
        self._watching = open_watching(root)
        self._seconds_between_polls = seconds_between_polls
        self._root = root
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.is_polling = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon; does not wait for it."""
        self._stopped.set()
        self._watching.stop()

    def _run(self) -> None:
        try:
            for paths in self._watching.changes():
                self._on_change(paths)
        except (OSError, ValueError) as error:
            # Watch limits are met, or the folder went away; polling still notices what matters.
            _LOG.warning("watching %s failed, polling instead: %s", self._root, error)
            self._poll()

    def _poll(self) -> None:
        self.is_polling = True
        # At once, so that whoever hears of it learns that it is so.
        self._on_change(frozenset())
        while not self._stopped.wait(self._seconds_between_polls):
            self._on_change(frozenset())


OpenWatch = Callable[[Path, Callable[[frozenset[str]], None]], WorkspaceWatch]
"""Makes a watch of a folder that calls this."""
