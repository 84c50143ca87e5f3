"""Watches a folder in a process of its own.

To begin, watchfiles walks the whole tree and holds the interpreter's lock meanwhile: the app would stand still.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = Path(__file__).with_name("watched_folder.py")


class WatchingProcess:
    """It ends with the app, however that ends: its pipe is closed then."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def changes(self) -> Iterator[frozenset[str]]:
        """The paths that changed, again and again until it is stopped; none when watching begins, or begins again.

        Raises OSError where the system cannot watch the folder.
        """
        watchfiles = find_spec("watchfiles")
        packages = watchfiles and watchfiles.submodule_search_locations
        with subprocess.Popen(
            # Without site-packages it starts in half the memory.
            [sys.executable, "-I", "-S", _PROGRAM, self._root, *(packages or ())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as self._process:
            if self._is_stopped:
                self._process.kill()
            told = b""
            for line in self._process.stdout or ():
                if self._is_stopped:
                    return
                told += line
                # A path may hold the end of a line, though not after a NUL.
                if told == b"\n" or told.endswith(b"\0\n"):
                    yield _paths(told)
                    told = b""
        if not self._is_stopped:
            raise OSError("the process that watches has ended")

    def stop(self) -> None:
        """From any thread; `changes` comes to its end then."""
        self._is_stopped = True
        if self._process:
            self._process.kill()


def _paths(told: bytes) -> frozenset[str]:
    """Raises OSError for what is no path: it says what is wrong."""
    paths = told.decode("utf-8", "replace").split("\0")[:-1]
    for path in paths:
        if not path.startswith("/"):
            raise OSError(path)
    return frozenset(paths)
