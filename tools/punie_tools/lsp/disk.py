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
_NAMES_NOT_SEARCHED = frozenset({"node_modules", "__pycache__"})
_CONFIGURATIONS = ("pyrightconfig.json", "pyproject.toml")
# Clocks of file systems are coarse: a file written this shortly ago may be written again without a new time.
_RACY_NANOSECONDS = 50_000_000

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
        racy_since = time.time_ns() - _RACY_NANOSECONDS
        stamps = {path: _stamp(status, racy_since) for path, status in _python_files(str(root))}
        for path in also:
            if path not in stamps and (status := _status(path)):
                stamps[path] = _stamp(status, racy_since)
        return cls(stamps)

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
    folders = interpreter.search_paths if interpreter else ()
    return (repr(interpreter), *(_configuration_stamp(str(path)) for path in (*files, *folders)))


def _python_files(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files; like pyright's own search without hidden folders and environments, and without links to folders,
    which lead back into the tree, round in a circle, or out of it."""
    pending = [root]
    while pending:
        folder = pending.pop()
        entries = _entries(folder)
        if folder != root and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.name.endswith(_SUFFIXES):
                if status := _status(entry.path):
                    yield entry.path, status
            elif not _is_skipped(entry.name) and entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_skipped(folder_name: str) -> bool:
    return folder_name.startswith(".") or folder_name in _NAMES_NOT_SEARCHED


def _status(path: str) -> os.stat_result | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - thousands of them
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _stamp(status: os.stat_result, racy_since: int) -> Stamp:
    """A file written just now gets a stamp that equals no later one."""
    written = status.st_mtime_ns
    return (time.monotonic_ns() if written > racy_since else written, status.st_size, status.st_ino)


def _configuration_stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
