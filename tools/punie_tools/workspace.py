"""Workspace: the working tree that tools work on, and the only way from a path in a request to a path on disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePosixPath

from punie_tools.errors import ToolError, reason_of
from punie_tools.spelling import spelled, unspelled

_NAMES_TO_COMPARE = 20_000
_FOLDERS_NOT_SEARCHED = frozenset({".git", ".hg", ".venv", "venv", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class Workspace:
    """A directory tree, resolved once. `is_trusted` tells whether code of the repository may be started here.

    `python` is the person's choice of the project's interpreter, a program or an environment's folder; without one it
    is found. `confine_tests` is the person's choice whether tests run in the sandbox, where there is one.
    """

    root: Path
    is_trusted: bool = False
    python: Path | None = None
    confine_tests: bool = True

    @classmethod
    def at(
        cls, directory: Path, *, is_trusted: bool = False, python: str = "", confine_tests: bool = True
    ) -> Workspace:
        """The workspace at an existing directory; links in the root itself are resolved. `python` may be relative."""
        root = directory.resolve(strict=True)
        return cls(root, is_trusted, root / Path(python).expanduser() if python else None, confine_tests)

    def resolve(self, path: str, *, must_exist: bool = True) -> Path:
        """The absolute path inside the root that a request's path means, links resolved.

        Raises ToolError for a path that leads outside, is neither file nor folder, or (with `must_exist`) is missing.
        """
        refuse_impossible(path)
        try:
            return self._resolve_exactly(path, must_exist=True)
        except FileNotFoundError:
            pass
        try:
            return self._resolve_exactly(unspelled(path), must_exist=must_exist)
        except FileNotFoundError:
            if (self.root / path).is_symlink():
                raise ToolError(f"The path {path!r} is a link to something that does not exist.") from None
            raise ToolError(f"There is no file or folder {path!r}{self._suggestion(path)}") from None

    def relative(self, path: Path) -> str:
        """How results name a path below the root: with `/`, undecodable bytes spelled out, `.` for the root itself."""
        return spelled(path.relative_to(self.root).as_posix())

    def only_path_ending(self, path: str) -> str | None:
        """The one file or folder whose path ends with `path`; None if there is none, or several. Reads the tree.

        None, too, where the tree is too large to be read for it.
        """
        wanted = f"/{PurePosixPath(path).as_posix()}"
        paths = [self.relative(Path(entry)) for entry in islice(self._entries(), _NAMES_TO_COMPARE + 1)]
        found = [path for path in paths if f"/{path}".endswith(wanted)]
        return found[0] if len(found) == 1 and len(paths) <= _NAMES_TO_COMPARE else None

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
        """A file of that name elsewhere, a like name in the same folder, or a path that is like it as a whole."""
        wanted = PurePosixPath(path)
        paths = [self.relative(Path(entry)) for entry in islice(self._entries(), _NAMES_TO_COMPARE)]
        same_name = [path for path in paths if path.rsplit("/", 1)[-1] == wanted.name]
        nearest = _closest(wanted.as_posix(), same_name, 0.0) or self._nearest_below_parent(path)
        nearest = nearest or _closest(wanted.as_posix(), paths, 0.7)
        return f"; did you mean {nearest!r}?" if nearest else "."

    def _nearest_below_parent(self, path: str) -> str | None:
        """The path with its first wrong part put right, if that part is like a name in its folder."""
        folder = self.root
        parts = list(Path(os.path.realpath(self.root / path)).relative_to(self.root).parts)
        while parts and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        found = _closest(parts[0], _names_in(folder), 0.6) if parts else None
        if found is None:
            return None
        whole = folder.joinpath(found, *parts[1:])
        return self.relative(whole if whole.exists() else folder / found)

    def _entries(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in _FOLDERS_NOT_SEARCHED)
            yield from (os.path.join(folder, name) for name in (*folders, *sorted(files)))  # noqa: PTH118 - quick


def refuse_impossible(path: str) -> None:
    """Raise ToolError for a path that no file can have."""
    if "\0" in path:
        raise ToolError(f"The path {path!r} holds a NUL character, which no file name does.")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise ToolError(f"The path {path!r} holds half a character, which no file name does.") from None


def _names_in(folder: Path) -> list[str]:
    """Nothing for a folder that may not be read: a suggestion is never worth an error."""
    try:
        return [entry.name for entry in islice(folder.iterdir(), _NAMES_TO_COMPARE)]
    except OSError:
        return []


def _closest(wanted: str, names: list[str], cutoff: float) -> str | None:
    return next(iter(get_close_matches(wanted, names, n=1, cutoff=cutoff)), None)


def _shortened(path: str) -> str:
    return path if len(path) <= 100 else path[:100] + "…"


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "its links go round in a circle"
    return reason_of(error)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")
