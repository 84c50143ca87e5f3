"""Which files a tree holds and what the system says of each, so that two looks tell what changed between them.

Nobody but the system sets the time of a file's last change, so a file that looks the same is the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from punie_tools.commands.git_directories import is_git_directory
from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository

MOST_FILES = 200_000

# Made again by programs whenever they are missing, and often huge.
_FOLDERS_LEFT_OUT = frozenset(
    {".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox"}
)


class FileState(NamedTuple):
    """What the system says of a file or a link, its times in nanoseconds. A tuple, since there may be very many."""

    inode: int
    size: int
    mode: int
    modified: int
    changed: int

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def permissions(self) -> int:
        return stat.S_IMODE(self.mode)


Snapshot = Mapping[str, FileState]


class TooManyFilesError(Exception):
    """The tree holds more files than are looked at."""


def take_snapshot(root: Path, repository: Repository | None) -> Snapshot:
    """Every file and link by its path from the root, but none in folders that git ignores or that hold only caches.

    A single file that git ignores counts: `.env` is nowhere else. Raises TooManyFilesError.
    """
    snapshot: dict[str, FileState] = {}
    for path, entry in _entries(root, _ignored_folders(repository) if repository else frozenset()):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            snapshot[path] = FileState(
                status.st_ino, status.st_size, status.st_mode, status.st_mtime_ns, status.st_ctime_ns
            )
        if len(snapshot) > MOST_FILES:
            raise TooManyFilesError
    return snapshot


def _entries(root: Path, ignored: frozenset[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(f"{root}/{folder}") as listed:
                entries = list(listed)
        except OSError:
            continue
        if is_git_directory(f"{root}/{folder}".rstrip("/"), {entry.name for entry in entries}):
            continue
        for entry in entries:
            path = folder + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path, entry
            elif entry.name != ".git" and entry.name not in _FOLDERS_LEFT_OUT and path not in ignored:
                waiting.append(f"{path}/")


def _ignored_folders(repository: Repository) -> frozenset[str]:
    """None where git cannot tell."""
    try:
        options = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
        listed = repository.read("ls-files", *options).stdout
    except ToolError:
        return frozenset()
    return frozenset(os.fsdecode(name[:-1]) for name in listed.split(b"\0") if name.endswith(b"/"))
