"""The files that ripgrep would look at below a folder, found without it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from punie_tools.files.ignore_rules import Rule, rules_of, verdict

_OWN_FILES = (".rgignore", ".ignore")
_EXCLUDES_FILE = re.compile(r"(?im)^\s*excludesfile\s*=\s*\"?\s*(\S.*?)\s*\"?\s*$")


class _Level(NamedTuple):
    """The ignore files of one folder: ripgrep's own ones, .gitignore, .git/info/exclude."""

    folder: bytes
    own: tuple[tuple[Rule, ...], ...]
    gitignore: tuple[Rule, ...]
    exclude: tuple[Rule, ...]


class _Choice(NamedTuple):
    """Which of the entries of folders count."""

    wanted: Sequence[re.Pattern[bytes]]
    left_out: re.Pattern[bytes]
    excluded: tuple[Rule, ...] | None
    """The person's own rules; None if no rules count."""


def walk(
    operand: bytes,
    wanted: Sequence[re.Pattern[bytes]],
    *,
    left_out: re.Pattern[bytes],
    ignores: bool = True,
) -> Iterator[bytes]:
    """Paths of regular files that begin with the operand, with names that are `wanted`; links are not followed.

    Nothing below a name that is `left_out`, and without `ignores` all that ignore files name.
    """
    if not os.path.isdir(operand):  # noqa: PTH112 - a path of bytes
        yield operand
        return
    above = [_level(os.fsencode(folder)) for folder in Path(os.fsdecode(os.path.realpath(operand))).parents]
    choice = _Choice(wanted, left_out, rules_of(_global_excludes()) if ignores else None)
    yield from _below(operand, os.path.realpath(operand), above, choice)


def _below(shown: bytes, folder: bytes, above: list[_Level], choice: _Choice) -> Iterator[bytes]:
    levels = [_level(folder), *above]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        if choice.left_out.fullmatch(entry.name) or _is_ignored(
            levels, choice.excluded, entry.path, is_folder=is_folder
        ):
            continue
        name = os.path.join(shown, entry.name)  # noqa: PTH118 - a path of bytes
        if is_folder:
            yield from _below(name, entry.path, levels, choice)
        elif entry.is_file(follow_symlinks=False) and _is_wanted(entry.name, choice.wanted):
            yield name


def _is_wanted(name: bytes, wanted: Sequence[re.Pattern[bytes]]) -> bool:
    return not wanted or any(expression.fullmatch(name) for expression in wanted)


def _is_ignored(levels: list[_Level], excluded: tuple[Rule, ...] | None, path: bytes, *, is_folder: bool) -> bool:
    """ripgrep's own files come before git's, and a nearer file before one further up."""
    if excluded is None:
        return False
    own: list[bool | None] = [None] * len(_OWN_FILES)
    git: bool | None = None
    exclude: bool | None = None
    for level in levels:
        below = path[len(level.folder.rstrip(b"/")) + 1 :]
        for number, rules in enumerate(level.own):
            if own[number] is None:
                own[number] = verdict(rules, below, is_folder=is_folder)
        git = verdict(level.gitignore, below, is_folder=is_folder) if git is None else git
        exclude = verdict(level.exclude, below, is_folder=is_folder) if exclude is None else exclude
    everywhere = verdict(excluded, os.path.relpath(path), is_folder=is_folder)
    return next((bool(said) for said in (*own, git, exclude, everywhere) if said is not None), False)


def _level(folder: bytes) -> _Level:
    path = Path(os.fsdecode(folder))
    return _Level(
        folder=folder,
        own=tuple(rules_of(path / name) for name in _OWN_FILES),
        gitignore=rules_of(path / ".gitignore"),
        exclude=rules_of(_common_folder(path / ".git") / "info" / "exclude"),
    )


def _common_folder(git: Path) -> Path:
    """Where a repository keeps what its worktrees share; in a worktree `.git` is a file that leads there."""
    try:
        if not git.is_file():
            return git
        own = git.parent / git.read_text().partition("gitdir: ")[2].strip()
        return own / (own / "commondir").read_text().strip()
    except (OSError, ValueError):
        return git


def _global_excludes() -> Path:
    """The person's own ignore file, as git is told of it."""
    home = Path(os.environ.get("HOME", "/"))
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    for file in (home / ".gitconfig", config / "config"):
        try:
            if found := _EXCLUDES_FILE.search(file.read_text(errors="replace")):
                return Path(found[1].replace("~", str(home), 1))
        except OSError:
            continue
    return config / "ignore"
