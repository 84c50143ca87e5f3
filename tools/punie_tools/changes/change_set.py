"""Changes to several files that happen all or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.spelling import spelled

SIZE_LIMIT = 20 * 1024 * 1024

_NOTHING_DONE = "; nothing was done"

_UMASK = os.umask(0o077)
os.umask(_UMASK)
NEW_FILE_MODE = 0o666 & ~_UMASK
"""What the person's own programs would give a new file."""


@dataclass(frozen=True)
class FileChange:
    """A file before and after; None where there is none. `path` is relative to the root, with `/`."""

    path: str
    before: FileImage | None
    after: FileImage | None

    @property
    def reversed(self) -> FileChange:
        """What takes it back."""
        return FileChange(self.path, self.after, self.before)


class HalfDoneError(ToolError):
    """A change failed, and so did taking back some of those that were made before it."""


def check_changes(tree: TreeAccess, changes: Sequence[FileChange]) -> None:
    """Raise ToolError for changes that are never made, and if a file is not as its change expects it."""
    paths = [change.path for change in changes]
    for path in paths:
        if ".git" in (part.lower() for part in PurePosixPath(path).parts):
            raise ToolError(f"{spelled(path)} belongs to git itself, whose files can start programs; it is not edited.")
        if paths.count(path) > 1:
            raise ToolError(f"{spelled(path)} is changed twice at once.")
    for change in changes:
        if tree.read(change.path, SIZE_LIMIT) != change.before:
            raise ToolError(f"{spelled(change.path)} was changed by somebody else meanwhile; nothing was done.")


def apply_changes(tree: TreeAccess, changes: Sequence[FileChange]) -> None:
    """Make all changes, each file as a whole. Raises ToolError, and then all files are as they were.

    Where not even that works it is HalfDoneError, which names the files that are changed.
    """
    check_changes(tree, changes)
    begun: list[FileChange] = []
    made_folders: list[str] = []
    try:
        for change in changes:
            if change.before != change.after:
                made_folders += tree.missing_folders(change.path) if change.after else ()
                begun.append(change)
                _apply(tree, change)
    except BaseException as error:
        standing = _take_back(tree, begun)
        tree.remove_empty_folders(made_folders)
        sentence = str(error).removesuffix(".").removesuffix(_NOTHING_DONE)
        if standing:
            raise HalfDoneError(f"{sentence}. {_told(standing, len(begun) - 1)}") from error
        if isinstance(error, ToolError):
            raise ToolError(f"{sentence}{_NOTHING_DONE}.") from None
        raise


def _apply(tree: TreeAccess, change: FileChange) -> None:
    if change.after is not None:
        tree.write(change.path, change.after, change.before)
    elif change.before is not None:
        tree.remove(change.path, change.before)


def _take_back(tree: TreeAccess, begun: Sequence[FileChange]) -> list[str]:
    """Undo those that were made, the last one first; returns what is not as it was, and why.

    What somebody else wrote over one meanwhile stays.
    """
    standing: list[str] = []
    for change in reversed(begun):
        has_failed = change is begun[-1]
        try:
            now = tree.read(change.path, SIZE_LIMIT)
            if now == change.after:
                _apply(tree, change.reversed)
            elif now != change.before and not has_failed:
                standing.append(f"{spelled(change.path)} holds what somebody else wrote meanwhile")
        except ToolError as reason:
            if not has_failed:
                why = str(reason).removesuffix(".").removesuffix(_NOTHING_DONE)
                standing.append(f"{spelled(change.path)} is changed, and was not put back ({why})")
    return standing


def _told(standing: Sequence[str], made: int) -> str:
    others = made - len(standing)
    rest = f"; {others} more file{' is' if others == 1 else 's are'} as before" if others else ""
    return f"Not everything could be taken back: {'; '.join(standing)}{rest}."
