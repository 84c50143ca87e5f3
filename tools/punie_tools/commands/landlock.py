"""Confinement by Landlock, where Linux has no bubblewrap that works: rights are given up, the view stays the same.

What it leaves open: modes and times of files elsewhere can be changed, and names of hidden files guessed at.
Hooks and configuration of git are not forbidden but put back after the run; punie's own environment can be written to
where it lies in the tree.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from punie_tools.commands import landlock_launcher
from punie_tools.commands.confinement import NOTHING_MORE, Allowance, BackendName
from punie_tools.commands.git_directories import GitPlaces
from punie_tools.commands.private_places import hidden_folders, masked_files, visible_toolchains
from punie_tools.commands.scratch_folder import scratch_folder

_DEVICES = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True)
class Landlock:
    """Starts a program by way of a launcher that restricts itself first."""

    name: BackendName = field(default="landlock", init=False)
    locks_git: bool = field(default=False, init=False)

    @contextmanager
    def confine(
        self, argv: list[str], root: Path, places: GitPlaces, allowance: Allowance = NOTHING_MORE
    ) -> Generator[list[str]]:
        """The command gets a temporary folder of its own, and no sockets whatever is allowed.

        To git a settings file that it may not read is an error.
        """
        with scratch_folder() as folder:
            scratch = str(folder)
            settings = {
                "readable": [str(path) for path in (*_readable(root), *allowance.readable)],
                "writable": [str(root), scratch],
                "devices": [f"/dev/{name}" for name in _DEVICES],
                "environment": {"TMPDIR": scratch, "XDG_CACHE_HOME": scratch, "GIT_CONFIG_GLOBAL": "/dev/null"},
            }
            launcher = landlock_launcher.__file__
            yield [sys.executable, "-I", "-S", launcher, json.dumps(settings), *argv]


def find_landlock() -> Landlock | str:
    """The backend, or the reason why this kernel has none."""
    if landlock_launcher.is_supported():
        return Landlock()
    version = landlock_launcher.abi()
    return f"Landlock is too old (version {version}, 3 is needed)" if version else "the kernel has no Landlock"


def _readable(root: Path) -> list[Path]:
    hidden = [*hidden_folders(root), *masked_files(), Path("/dev")]
    return [*_outside(Path("/"), hidden), *visible_toolchains(root)]


def _outside(folder: Path, hidden: list[Path]) -> Iterator[Path]:
    """The largest parts of a folder that hold nothing hidden; Landlock knows no exceptions below a folder."""
    if folder in hidden:
        return
    if not any(place.is_relative_to(folder) for place in hidden):
        yield folder
        return
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from _outside(path, hidden)
        elif path not in hidden:
            yield path
