"""Which places of a tree git takes programs from: hooks and configuration, of every repository in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDERS_OF_A_GIT_DIRECTORY = frozenset({"objects", "refs"})
_FOLDERS_NOT_ENTERED = frozenset({"objects", "refs", "logs", "info", "lfs", "hooks"})
_HOOKS_PATH = re.compile(r"^\s*hooksPath\s*=\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
FOLDERS_THAT_RUN = ("hooks",)
FILES_THAT_RUN = ("config", "config.worktree")
# A `commondir` makes git read configuration and hooks from the folder that it names.
FILES_THAT_REDIRECT = ("commondir", "gitdir")


@dataclass(frozen=True)
class GitPlaces:
    """The repositories below a root: their git directories, and the `.git` files that point to one elsewhere.

    `hook_folders` are those below the root that a repository's `core.hooksPath` names; they need not exist.
    """

    directories: tuple[Path, ...]
    pointers: tuple[Path, ...]
    hook_folders: tuple[Path, ...] = ()


def find_git_places(root: Path) -> GitPlaces:
    """Every git directory below the root, submodules' and bare ones included; links are not followed."""
    directories: list[Path] = []
    pointers: list[Path] = []
    for path, is_directory in _candidates(root):
        (directories if is_directory else pointers).append(path)
    hook_folders = {folder for directory in directories for folder in _hook_folders(root, directory)}
    return GitPlaces(tuple(sorted(directories)), tuple(sorted(pointers)), tuple(sorted(hook_folders)))


def _hook_folders(root: Path, directory: Path) -> Iterator[Path]:
    """Relative to the working tree, as git takes it; read by pattern, since one too many does no harm."""
    for name in FILES_THAT_RUN:
        try:
            text = (directory / name).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        for match in _HOOKS_PATH.finditer(text):
            folder = Path(os.path.realpath(directory.parent / match[1].strip().strip('"')))
            if folder.is_relative_to(root) and folder != root:
                yield folder


def _candidates(root: Path) -> Iterator[tuple[Path, bool]]:
    waiting = [(os.fspath(root), False)]
    while waiting:
        folder, is_inside_git = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        folders = [name for name, is_directory in listed if is_directory]
        names = {name for name, _ in listed}
        is_repository = is_git_directory(folder, names)
        if is_repository:
            yield Path(folder), True
        for name, is_directory in listed:
            if name == ".git" and not is_directory:
                yield Path(folder, name), False
        is_inside_git = is_inside_git or is_repository
        waiting += [
            (f"{folder}/{name}", is_inside_git)
            for name in folders
            if not (is_inside_git and name in _FOLDERS_NOT_ENTERED)
        ]


def is_git_directory(folder: str, names: set[str]) -> bool:
    """Whatever is called `.git` counts, also half a repository: git may find the other half later."""
    if folder.endswith("/.git"):
        return True
    return "HEAD" in names and (names >= _FOLDERS_OF_A_GIT_DIRECTORY or "commondir" in names)
