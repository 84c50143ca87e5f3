"""Workspace: the working tree that tools work on, and the only way from a path in a request to a path on disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.spelling import spelled, unspelled

_NAMES_TO_COMPARE = 20_000
_FOLDERS_NOT_SEARCHED = frozenset({".git", ".hg", ".venv", "venv", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class Workspace:
    """A directory tree, resolved once. `is_trusted` tells whether code of the repository may be started here."""

    root: Path
    is_trusted: bool = False

    @classmethod
    def at(cls, directory: Path, *, is_trusted: bool = False) -> Workspace:
        """The workspace at an existing directory; links in the root itself are resolved."""
        return cls(root=directory.resolve(strict=True), is_trusted=is_trusted)

    def resolve(self, path: str, *, must_exist: bool = True) -> Path:
        """The absolute path inside the root that a request's path means, links resolved.

        Raises ToolError for a path that leads outside, is neither file nor folder, or (with `must_exist`) is missing.
        """
        if "\0" in path:
            raise ToolError(f"The path {path!r} holds a NUL character, which no file name does.")
        try:
            return self._resolve_exactly(path, must_exist=True)
        except FileNotFoundError:
            pass
        try:
            return self._resolve_exactly(unspelled(path), must_exist=must_exist)
        except FileNotFoundError:
            raise ToolError(f"There is no file or folder {path!r}{self._suggestion(path)}") from None

    def relative(self, path: Path) -> str:
        """How results name a path below the root: with `/`, undecodable bytes spelled out, `.` for the root itself."""
        return spelled(path.relative_to(self.root).as_posix())

    def _resolve_exactly(self, path: str, *, must_exist: bool) -> Path:
        resolved = Path(os.path.realpath(self.root / path))
        if not resolved.is_relative_to(self.root):
            raise ToolError(f"The path {_shortened(path)!r} leads outside the workspace {spelled(str(self.root))}.")
        try:
            mode = resolved.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if must_exist:
                raise FileNotFoundError(path) from None
            return resolved
        except OSError as error:
            raise ToolError(f"The path {_shortened(path)!r} cannot be used: {_reason(error)}.") from None
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ToolError(f"The path {path!r} is neither a file nor a folder but a {_kind(mode)}.")
        return resolved

    def _suggestion(self, path: str) -> str:
        wanted = Path(path)
        by_path = {self.relative(Path(entry)): entry for entry in islice(self._entries(), _NAMES_TO_COMPARE)}
        same_name = [name for name in by_path if name.rsplit("/", 1)[-1] == wanted.name]
        nearest = same_name or get_close_matches(wanted.as_posix(), by_path, n=1, cutoff=0.7)
        return f"; did you mean {nearest[0]!r}?" if nearest else "."

    def _entries(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in _FOLDERS_NOT_SEARCHED)
            yield from (os.path.join(folder, name) for name in (*folders, *sorted(files)))  # noqa: PTH118 - quick


def _shortened(path: str) -> str:
    return path if len(path) <= 100 else path[:100] + "…"


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "its links go round in a circle"
    return (error.strerror or str(error)).lower()


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")
