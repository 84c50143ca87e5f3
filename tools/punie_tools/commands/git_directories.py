"""Which places of a tree git takes programs from: hooks and configuration, of every repository in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDERS_OF_A_GIT_DIRECTORY = frozenset({"objects", "refs"})
# A setting may stand on the line of its section.
_HOOKS_PATH = re.compile(r"(?:^|\])\s*hooksPath\s*=\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_INCLUDE_PATH = re.compile(r"(?:^|\])\s*path\s*=\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_LONGEST_CONFIGURATION = 1_000_000
FOLDERS_THAT_RUN = ("hooks",)
FILES_THAT_RUN = ("config", "config.worktree")
# A `commondir` makes git read configuration and hooks from the folder that it names.
FILES_THAT_REDIRECT = ("commondir", "gitdir")


@dataclass(frozen=True)
class GitPlaces:
    """The repositories below a root: their git directories, and the `.git` files that point to one elsewhere.

    `hook_folders` and `included_files` are those below the root that a repository's configuration names; they need not
    exist. `links` are the links of the tree that lead to them.
    """

    directories: tuple[Path, ...]
    pointers: tuple[Path, ...]
    hook_folders: tuple[Path, ...] = ()
    included_files: tuple[Path, ...] = ()
    links: tuple[Path, ...] = ()


def find_git_places(root: Path) -> GitPlaces:
    """Every git directory below the root, submodules' and bare ones included; links are not followed."""
    directories: list[Path] = []
    pointers: list[Path] = []
    for path, is_directory in _candidates(root):
        (directories if is_directory else pointers).append(path)
    hooks: set[Path] = set()
    included: set[Path] = set()
    for directory in directories:
        files = _configuration_files(directory)
        included.update(files[len(FILES_THAT_RUN) :])
        hooks.update(place for file in files for place in _named(file, _HOOKS_PATH, directory.parent))
    return GitPlaces(
        tuple(sorted(directories)),
        tuple(sorted(pointers)),
        _below(root, hooks),
        _below(root, included),
        tuple(sorted({link for place in hooks | included for link in _links_of(root, place)})),
    )


def first_link(root: Path, path: Path) -> Path | None:
    """The outermost link among a path's parts below the root, the last one included."""
    return next(_links_of(root, path), None)


def _configuration_files(directory: Path) -> list[Path]:
    """A git directory's own ones first, then those that they include."""
    files = [directory / name for name in FILES_THAT_RUN]
    read: set[tuple[str, str]] = set()
    for file in files:
        # By links to folders a file can have endlessly many names.
        place = (os.path.realpath(file.parent), file.name)
        if place not in read:
            read.add(place)
            files += [named for named in _named(file, _INCLUDE_PATH, file.parent) if named not in files]
    return files


def _named(file: Path, pattern: re.Pattern[str], start: Path) -> list[Path]:
    """What a file of configuration names; read by pattern, since one too many does no harm."""
    try:
        text = file.read_bytes()[:_LONGEST_CONFIGURATION] if file.is_file() else b""
    except OSError:
        return []
    found = (match[1].strip().strip('"') for match in pattern.finditer(os.fsdecode(text)))
    return [Path(os.path.normpath(start / name)) for name in found if "\0" not in name]


def _below(root: Path, places: Iterable[Path]) -> tuple[Path, ...]:
    """Those that lie in the tree, links resolved."""
    real = {Path(os.path.realpath(place)) for place in places}
    return tuple(sorted(place for place in real if place.is_relative_to(root) and place != root))


def _links_of(root: Path, path: Path) -> Iterator[Path]:
    if path.is_relative_to(root):
        parts = path.relative_to(root).parts
        steps = (root.joinpath(*parts[:count]) for count in range(1, len(parts) + 1))
        yield from (step for step in steps if step.is_symlink())


def _candidates(root: Path) -> Iterator[tuple[Path, bool]]:
    waiting = [os.fspath(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        folders = [name for name, is_directory in listed if is_directory]
        names = {name for name, _ in listed}
        if is_git_directory(folder, names):
            yield Path(folder), True
        for name, is_directory in listed:
            if name == ".git" and not is_directory:
                yield Path(folder, name), False
        waiting += [f"{folder}/{name}" for name in folders]


def is_git_directory(folder: str, names: set[str]) -> bool:
    """Whatever is called `.git` counts, also half a repository: git may find the other half later."""
    if folder.endswith("/.git"):
        return True
    return "HEAD" in names and (names >= _FOLDERS_OF_A_GIT_DIRECTORY or "commondir" in names)
