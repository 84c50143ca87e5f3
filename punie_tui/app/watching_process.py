"""Watches a folder in a process of its own.

To begin, watchfiles walks the whole tree and holds the interpreter's lock meanwhile: the app would stand still.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_MILLISECONDS_TO_SETTLE = 300
# The process wakes so often even where nothing changes.
_MILLISECONDS_OF_QUIET = 150
_IGNORED_FOLDERS = frozenset(
    {"__pycache__", ".venv", "venv", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".uv"}
)
_WATCHED_IN_GIT = ("HEAD", "index", "refs", "packed-refs", "MERGE_HEAD", "REBASE_HEAD")


class WatchingProcess:
    """It ends with the app, however that ends: its pipe is closed then."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_stopped = False
        self._process: subprocess.Popen[str] | None = None

    def changes(self) -> Iterator[frozenset[str]]:
        """The paths that changed, again and again until it is stopped; none when watching begins, or begins again.

        Raises OSError where the system cannot watch the folder.
        """
        with subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, self._root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
            start_new_session=True,
        ) as self._process:
            if self._is_stopped:
                self._process.kill()
            for line in self._process.stdout or ():
                if self._is_stopped:
                    return
                told = json.loads(line)
                if isinstance(told, str):
                    raise OSError(told)
                yield frozenset(told)
        if not self._is_stopped:
            raise OSError("the process that watches has ended")

    def stop(self) -> None:
        """From any thread; `changes` comes to its end then."""
        self._is_stopped = True
        if self._process:
            self._process.kill()


def is_watched(root: Path, path: str) -> bool:
    """Whether a change of this path can change what the panel shows."""
    parts = Path(path).parts[len(root.parts) :]
    if ".git" in parts:
        inside = parts[parts.index(".git") + 1 :]
        return bool(inside) and inside[0] in _WATCHED_IN_GIT and not path.endswith(".lock")
    return not _IGNORED_FOLDERS.intersection(parts)


def _tell(told: list[str] | str) -> None:
    """A line that is plain ASCII: changed paths, or why there will be none."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def _watch(root: Path) -> bool:
    """Whether it had begun before it failed; if not, what is wrong is told."""
    from watchfiles import watch

    has_begun = False
    try:
        for changes in watch(
            root,
            watch_filter=lambda _change, path: is_watched(root, path),
            debounce=_MILLISECONDS_TO_SETTLE,
            step=_MILLISECONDS_OF_QUIET,
            rust_timeout=500,
            # Nothing else tells that it has begun.
            yield_on_timeout=True,
        ):
            if changes or not has_begun:
                has_begun = True
                _tell([path for _, path in changes])
    except (OSError, RuntimeError) as error:
        if not has_begun:
            _tell(str(error))
    return has_begun


def _end_with_the_app() -> None:
    sys.stdin.read()
    os._exit(0)


def _main() -> None:
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    # A changed file whose name is no UTF-8 ends it each time.
    while _watch(Path(sys.argv[1])):
        pass


if __name__ == "__main__":
    _main()
