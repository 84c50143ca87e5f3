"""What a language server must know of the disk: which sources changed since it looked, and when to start it anew.

Looked at when a tool is called, not watched: nothing runs between calls, and no limit on watches can be met.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from punie_tools.quality.interpreter import Interpreter

_SUFFIXES = (".py", ".pyi")
# Version control and caches; other hidden folders are not checked, but may be imported from.
_NAMES_NOT_SEARCHED = frozenset(
    {
        "node_modules",
        "__pycache__",
        ".git",
        ".hg",
        ".svn",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".nox",
    }
)
_ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})
_CONFIGURATIONS = ("pyrightconfig.json", "pyproject.toml")
# Clocks of file systems are coarse: a file written this shortly ago may be written again without a new time.
_GRAIN_OF_CLOCK = 20_000_000

Stamp = tuple[int, int, int]
"""Time of the last write in nanoseconds, size, inode number."""


class FileChange(IntEnum):
    """The numbers of the protocol's FileChangeType."""

    CREATED = 1
    CHANGED = 2
    DELETED = 3


@dataclass(frozen=True)
class Snapshot:
    """The stamps of a tree's Python files by path."""

    stamps: Mapping[str, Stamp]

    @classmethod
    def of(cls, root: Path, also: Iterable[str] = ()) -> Snapshot:
        """Look at every Python file below root, and at `also`, which may lie in folders that are not searched."""
        stamps = {path: _stamp(status) for path, status in _python_files(str(root))}
        stamps |= {path: _stamp(status) for path in also if path not in stamps and (status := _status(path))}
        if fresh := [path for path, stamp in stamps.items() if _is_fresh(stamp)]:
            time.sleep(_GRAIN_OF_CLOCK / 1e9)
            for path in fresh:
                stamps[path] = _late_stamp(path)
        return cls(stamps)

    def shown(self, root: Path) -> list[str]:
        """The files but those in hidden folders, which pyright does not check unless the configuration says so."""
        start = len(str(root))
        return [path for path in self.stamps if "/." not in path[start:]]

    def changes_since(self, earlier: Snapshot) -> dict[str, FileChange]:
        """What happened to the files between the two."""
        changes = dict.fromkeys(earlier.stamps.keys() - self.stamps.keys(), FileChange.DELETED)
        for path, stamp in self.stamps.items():
            known = earlier.stamps.get(path)
            if known is None:
                changes[path] = FileChange.CREATED
            elif known != stamp:
                changes[path] = FileChange.CHANGED
        return changes


def configuration_stamps(root: Path, interpreter: Interpreter | None) -> tuple[object, ...]:
    """Equal as long as a running server may be kept: its configuration, its interpreter, and the packages of that."""
    files = [folder / name for folder in (root, *root.parents) for name in _CONFIGURATIONS]
    folders = [folder for folder in interpreter.search_paths if not _is_source(folder, root)] if interpreter else []
    return (repr(interpreter), *(_configuration_stamp(str(path)) for path in (*files, *folders)))


def _is_source(folder: Path, root: Path) -> bool:
    """Whether a snapshot tells what changes there, as for a project that is installed in place."""
    environments = [parent for parent in (folder, *folder.parents) if _holds_environment(parent)]
    return folder.is_relative_to(root) and not any(each != root and each.is_relative_to(root) for each in environments)


def _holds_environment(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in _ENVIRONMENT_MARKS)


def _python_files(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files; without environments, and without links to folders, which lead back into the tree, round in a
    circle, or out of it."""
    pending = [root]
    while pending:
        folder = pending.pop()
        entries = _entries(folder)
        if folder != root and any(entry.name in _ENVIRONMENT_MARKS for entry in entries):
            continue
        for entry in entries:
            if entry.name.endswith(_SUFFIXES) and (status := _status(entry.path)):
                yield entry.path, status
            elif entry.name not in _NAMES_NOT_SEARCHED and entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _status(path: str) -> os.stat_result | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - thousands of them
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _is_fresh(stamp: Stamp) -> bool:
    return abs(time.time_ns() - stamp[0]) < _GRAIN_OF_CLOCK


def _late_stamp(path: str) -> Stamp:
    """Of a file that was fresh a moment ago; if it is again, or gone, one that equals no later one."""
    status = _status(path)
    stamp = _stamp(status) if status else None
    return stamp if stamp and not _is_fresh(stamp) else (time.monotonic_ns(), -1, -1)


def _configuration_stamp(path: str) -> Stamp | None:
    try:
        return _stamp(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
