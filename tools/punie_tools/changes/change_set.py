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
    """Make all changes, each file as a whole. Raises ToolError, and then all files are as they were."""
    check_changes(tree, changes)
    done: list[FileChange] = []
    try:
        for change in changes:
            if change.before == change.after:
                continue
            _apply(tree, change)
            done.append(change)
    except BaseException:
        for change in reversed(done):
            _apply(tree, change.reversed)
        raise


def _apply(tree: TreeAccess, change: FileChange) -> None:
    if change.after is None:
        tree.remove(change.path)
    else:
        tree.write(change.path, change.after, is_new=change.before is None)
