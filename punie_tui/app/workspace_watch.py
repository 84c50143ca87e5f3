"""Tells when files of the workspace change, whoever changes them."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)
_MILLISECONDS_TO_SETTLE = 300
# The thread wakes so often even where nothing changes.
_MILLISECONDS_OF_QUIET = 150
_SECONDS_BETWEEN_POLLS = 2.0
_IGNORED_FOLDERS = frozenset(
    {"__pycache__", ".venv", "venv", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".uv"}
)
_WATCHED_IN_GIT = ("HEAD", "index", "refs", "packed-refs", "MERGE_HEAD", "REBASE_HEAD")


class WorkspaceWatch:
    """A thread on watchfiles; where the system's watches run out, `on_change` comes on a clock instead."""

    def __init__(
        self,
        root: Path,
        on_change: Callable[[frozenset[str]], None],
        *,
        watch: Callable[..., Iterable[set[tuple[Any, str]]]] | None = None,
        seconds_between_polls: float = _SECONDS_BETWEEN_POLLS,
    ) -> None:
        """`on_change` is called on the watching thread, at most a few times a second, with the paths where known.

        `watch` stands in for that of watchfiles.
        """
        self._watch = watch
        self._seconds_between_polls = seconds_between_polls
        self._root = root
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.is_polling = False

    def start(self) -> None:
        self._thread.start()
        # A thread that is cut off inside native code aborts the process as it exits.
        atexit.register(self._end)

    def stop(self) -> None:
        """End the thread soon; does not wait for it."""
        self._stopped.set()

    def _end(self) -> None:
        self.stop()
        self._thread.join(2)

    def _run(self) -> None:
        watch = self._watch
        if watch is None:
            # Imported here: it loads a native library, and the first frame does not need it.
            from watchfiles import watch

        try:
            for changes in watch(
                self._root,
                watch_filter=self._is_wanted,
                debounce=_MILLISECONDS_TO_SETTLE,
                step=_MILLISECONDS_OF_QUIET,
                rust_timeout=500,
                yield_on_timeout=False,
                stop_event=self._stopped,
                raise_interrupt=False,
            ):
                self._on_change(frozenset(path for _, path in changes))
        except (OSError, RuntimeError) as error:
            # Watch limits are met, or the folder went away; polling still notices what matters.
            _LOG.warning("watching %s failed, polling instead: %s", self._root, error)
            self._poll()

    def _is_wanted(self, _change: object, path: str) -> bool:
        return is_watched(self._root, path)

    def _poll(self) -> None:
        self.is_polling = True
        while not self._stopped.wait(self._seconds_between_polls):
            self._on_change(frozenset())


def is_watched(root: Path, path: str) -> bool:
    """Whether a change of this path can change what the panel shows."""
    parts = Path(path).parts[len(root.parts) :]
    if ".git" in parts:
        inside = parts[parts.index(".git") + 1 :]
        return bool(inside) and inside[0] in _WATCHED_IN_GIT and not path.endswith(".lock")
    return not _IGNORED_FOLDERS.intersection(parts)
