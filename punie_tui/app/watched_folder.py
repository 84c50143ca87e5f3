"""The program of the process that watches a folder; WatchingProcess starts it as a file and reads what it writes.

It imports next to nothing, nor watchfiles but for its compiled part: all of it takes as much memory as Python itself.
"""

from __future__ import annotations

import _thread
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from watchfiles._rust_notify import RustNotify

_MILLISECONDS_TO_SETTLE = 300
# The process wakes so often even where nothing changes.
_MILLISECONDS_OF_QUIET = 150
_MOST_MILLISECONDS = 500
_MILLISECONDS_BETWEEN_POLLS = 300
# ENOENT, as the compiled part says it; errno would be another import.
_HAS_VANISHED = "os error 2)"
_TRIES = 20
_IGNORED_FOLDERS = frozenset(
    {"__pycache__", ".venv", "venv", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".uv"}
)
_WATCHED_IN_GIT = ("HEAD", "index", "refs", "packed-refs", "MERGE_HEAD", "REBASE_HEAD")


def is_watched(root: str, path: str) -> bool:
    """Whether a change of this path can change what the panel shows."""
    parts = path.removeprefix(root).split("/")
    if ".git" in parts:
        inside = parts[parts.index(".git") + 1 :]
        return bool(inside) and inside[0] in _WATCHED_IN_GIT and not path.endswith(".lock")
    return not _IGNORED_FOLDERS.intersection(parts)


def _tell(told: Iterable[str]) -> None:
    """Paths, or why there will be none; each is closed by a NUL and all of them by the end of a line."""
    written = "".join(f"{each}\0" for each in told)
    sys.stdout.buffer.write(f"{written}\n".encode("utf-8", "replace"))
    sys.stdout.flush()


def _watcher_of(root: str, package: str) -> RustNotify:
    """Polls where watchfiles itself would."""
    empty = type(sys)("watchfiles")
    empty.__path__ = [package]
    sys.modules["watchfiles"] = empty
    from watchfiles._rust_notify import RustNotify

    polls = os.environ.get("WATCHFILES_FORCE_POLLING", "")
    # Windows tells the Linux inside it of no change in its own folders.
    must_poll = polls.lower() not in ("false", "disable", "disabled") and (
        bool(polls) or "microsoft-standard" in os.uname().release.lower()
    )
    ignores_forbidden = bool(os.environ.get("WATCHFILES_IGNORE_PERMISSION_DENIED"))
    return RustNotify([root], False, must_poll, _MILLISECONDS_BETWEEN_POLLS, True, ignores_forbidden)


def _watch(root: str, package: str, tries_left: int) -> bool:
    """Whether to watch again after it failed; if it never began, and will not, what is wrong is told."""
    has_begun = False
    try:
        with _watcher_of(root, package) as watcher:
            while True:
                found = watcher.watch(_MILLISECONDS_TO_SETTLE, _MILLISECONDS_OF_QUIET, _MOST_MILLISECONDS, None)
                changed = () if isinstance(found, str) else [path for _, path in found if is_watched(root, path)]
                # Nothing else tells that it has begun.
                if changed or not has_begun:
                    has_begun = True
                    _tell(changed)
    except (OSError, RuntimeError) as error:
        if not has_begun and tries_left > 0 and _HAS_VANISHED in str(error):
            return True
        if not has_begun:
            _tell([str(error)])
    return has_begun


def _end_with_the_app() -> None:
    # Nothing is written to it. A reader with a buffer would abort the process at its own end.
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


if __name__ == "__main__":
    _thread.start_new_thread(_end_with_the_app, ())
    watched, watchfiles = sys.argv[1:]
    tries_left = _TRIES
    # A changed file whose name is no UTF-8 ends it each time, and so does what goes while the tree is first read.
    while _watch(watched, watchfiles, tries_left):
        tries_left -= 1
