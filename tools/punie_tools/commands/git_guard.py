"""What a command did to hooks, git's configuration and punie's settings: put back where nothing could forbid it.

Settings where none were get another name instead, since a person may have written them meanwhile.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from punie_tools.commands.confinement import SETTINGS_FILE
from punie_tools.commands.git_directories import (
    FILES_THAT_REDIRECT,
    FILES_THAT_RUN,
    FOLDERS_THAT_RUN,
    GitPlaces,
    find_git_places,
    first_link,
)
from punie_tools.files.atomic import replace_file
from punie_tools.spelling import spelled

_LARGEST_KEPT_FILE = 4 * 1024 * 1024
_SECTION = re.compile(r'\[([A-Za-z]+)(?: "[^"\\]*")?\]')
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:\s*=[^\\]*)?")
_RUNS_A_COMMAND = re.compile(rb"\s*(x|exec)\b", re.IGNORECASE)
_HARMLESS_SECTIONS = frozenset({"branch", "remote", "user", "init", "color"})
_HARMFUL_KEYS = frozenset({"uploadpack", "receivepack", "proxy", "vcs", "promisor"})
_HARMLESS_KEYS = frozenset(
    f"core.{name}"
    for name in ("repositoryformatversion", "filemode", "bare", "logallrefupdates", "ignorecase", "precomposeunicode")
) | {"core.symlinks", "core.autocrlf", "extensions.objectformat", "extensions.refstorage"}


@dataclass(frozen=True)
class _Kept:
    """One file or link as it was: content or target, and mode."""

    content: bytes | str
    mode: int


class GitGuard:
    """Remembers those places of a tree, and compares after the run.

    `is_locked`: the sandbox made hooks and configuration read-only, so a change there is somebody else's and stays.
    A new repository stays unless it would run something; then its directory gets another name, under which git does
    not find it.
    """

    def __init__(self, root: Path, places: GitPlaces, *, is_locked: bool) -> None:
        self._root = root
        self._places = places
        self._is_locked = is_locked
        self._had_settings = os.path.lexists(root / SETTINGS_FILE)
        named = (*places.hook_folders, *places.included_files)
        self._folders_of_named = {path: _identity(path.parent) for path in named}
        self._known = {path: _identity(path) for path in (*places.directories, *places.pointers)}
        self._before = self._state()
        self._rebase_commands = {todo: frozenset(_lines(todo)) for todo in _rebase_lists(places)}
        self.told: tuple[str, ...] = ()

    def put_back(self) -> None:
        """Undo what the command changed there; `told` names the places."""
        told = [self._named(path) for path in self._restore()]
        now = find_git_places(self._root)
        told += [self._named(path) for path in self._put_away(now)]
        told += [self._named(path) for path in self._disarm(now)]
        told += [self._named(path) for path in self._put_new_settings_away()]
        self.told = tuple(told)

    def _is_held(self, path: Path) -> bool:
        """Whether the sandbox kept the command from it: what is read-only can only be moved with its folder."""
        return self._is_locked and any(
            path.is_relative_to(place) and folder is not None and folder == _identity(place.parent)
            for place, folder in self._folders_of_named.items()
        )

    def _named(self, path: Path) -> str:
        return spelled(path.relative_to(self._root).as_posix())

    def _state(self) -> dict[Path, _Kept]:
        return {path: kept for path in self._watched() if (kept := _keep(path)) is not None}

    def _watched(self) -> Iterator[Path]:
        """No way of these led over a link before. One that does now leads elsewhere: the link is watched instead."""
        yield from self._places.links
        for directory in self._places.directories:
            if link := first_link(self._root, directory):
                yield link
                continue
            yield from (directory / name for name in FILES_THAT_REDIRECT)
            for path in self._lockable(directory):
                if not self._is_locked or path.is_symlink():
                    yield path
        for file in (*self._places.included_files, *(() if self._is_locked else self._places.pointers)):
            yield first_link(self._root, file) or file
        for folder in self._places.hook_folders:
            if link := first_link(self._root, folder):
                yield link
            else:
                yield from sorted(folder.rglob("*"))
        settings = self._root / SETTINGS_FILE
        if self._had_settings and (not self._is_locked or settings.is_symlink()):
            yield settings

    def _lockable(self, directory: Path) -> Iterator[Path]:
        yield from (directory / name for name in FILES_THAT_RUN)
        for name in FOLDERS_THAT_RUN:
            folder = directory / name
            if folder.is_symlink():
                yield folder
            else:
                yield from sorted(folder.rglob("*"))

    def _restore(self) -> Iterator[Path]:
        after = self._state()
        for path in sorted(self._before.keys() | after.keys()):
            before = self._before.get(path)
            if before != after.get(path) and not self._is_held(path) and not first_link(self._root, path.parent):
                _restore(path, before)
                yield path

    def _put_away(self, now: GitPlaces) -> Iterator[Path]:
        harmless: set[Path] = set()
        for directory in now.directories:
            if self._is_known(directory) or not self._would_run_something(directory):
                harmless.add(directory)
            elif directory.exists():
                _rename_away(directory)
                yield directory
        for pointer in now.pointers:
            if not self._is_known(pointer) and _target(pointer) not in harmless:
                _rename_away(pointer)
                yield pointer

    def _put_new_settings_away(self) -> Iterator[Path]:
        settings = self._root / SETTINGS_FILE
        if not self._had_settings and os.path.lexists(settings):
            _rename_away(settings)
            yield settings

    def _disarm(self, now: GitPlaces) -> Iterator[Path]:
        """Whoever goes on with a rebase runs the commands of its list: those that are new are taken off it."""
        for todo in _rebase_lists(now):
            if todo.parent.is_symlink():
                with suppress(OSError):
                    todo.parent.unlink()
                yield todo.parent
                continue
            lines = _lines(todo)
            known = self._rebase_commands.get(todo, frozenset())
            kept = [line for line in lines if not _RUNS_A_COMMAND.match(line) or line in known]
            if kept != lines:
                with suppress(OSError):
                    if todo.is_symlink():
                        todo.unlink()
                    replace_file(todo, b"".join(kept))
                yield todo

    def _would_run_something(self, directory: Path) -> bool:
        """Hooks that are no samples, configuration beyond the harmless, or that of a directory that is not known."""
        hooks, common, config = (directory / name for name in ("hooks", "commondir", "config"))
        if hooks.is_symlink() or (hooks.is_dir() and any(path.suffix != ".sample" for path in hooks.iterdir())):
            return True
        if os.path.lexists(directory / "config.worktree"):
            return True
        if os.path.lexists(common) and not self._is_known(_target(common)):
            return True
        return config.is_symlink() or (config.exists() and not _is_harmless(config))

    def _is_known(self, path: Path) -> bool:
        """The very same file or directory as before; one that could not be changed may have moved with its parent."""
        identity = _identity(path)
        if identity is None:
            return False
        return self._known.get(path) == identity or (self._is_locked and identity in self._known.values())


def _rebase_lists(places: GitPlaces) -> Iterator[Path]:
    return (directory / "rebase-merge" / "git-rebase-todo" for directory in places.directories)


def _lines(file: Path) -> list[bytes]:
    """None for what is no file; a pipe would never end."""
    try:
        return file.read_bytes().splitlines(keepends=True) if file.is_file() else []
    except OSError:
        return []


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _keep(path: Path) -> _Kept | None:
    """None for what is no file and no link. A file too large to keep is known by its size and time alone."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _Kept(str(path.readlink()), 0)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > _LARGEST_KEPT_FILE:
            return _Kept(f"{status.st_size} {status.st_mtime_ns}", status.st_mode)
        return _Kept(path.read_bytes(), status.st_mode)
    except OSError:
        return None


def _restore(path: Path, before: _Kept | None) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if before is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISREG(before.mode) and isinstance(before.content, bytes):
            replace_file(path, before.content)
            path.chmod(stat.S_IMODE(before.mode))
        elif isinstance(before.content, str) and not before.mode:
            path.symlink_to(before.content)


def _is_harmless(config: Path) -> bool:
    """Read here and strictly, so that nothing is started for it: a line of any other form is not harmless."""
    try:
        lines = config.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    section = ""
    for line in map(str.strip, lines):
        if header := _SECTION.fullmatch(line):
            section = header[1].lower()
        elif line and line[0] not in "#;":
            key = _SETTING.fullmatch(line)
            if key is None or not _is_harmless_key(section, key[1].lower()):
                return False
    return True


def _is_harmless_key(section: str, key: str) -> bool:
    if section in _HARMLESS_SECTIONS:
        return key not in _HARMFUL_KEYS
    return f"{section}.{key}" in _HARMLESS_KEYS


def _target(pointer: Path) -> Path:
    """The git directory that a `.git` file, a link or a `commondir` names; the pointer itself if it names none."""
    try:
        text = (
            str(pointer.readlink()) if pointer.is_symlink() else pointer.read_text(encoding="utf-8", errors="replace")
        )
    except OSError:
        return pointer
    return Path(os.path.realpath(pointer.parent / text.removeprefix("gitdir:").strip()))


def _rename_away(path: Path) -> None:
    number = 1
    while os.path.lexists(away := path.with_name(f"{path.name}.put-away-{number}")):
        number += 1
    with suppress(OSError):
        path.rename(away)
