"""What a command changed in the tree, found by a look before and one after; a session's journal gets it.

Whoever else changes files meanwhile cannot be told from the command, save other turns of punie, which the journal
knows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.commands.old_contents import OldContents
from punie_tools.commands.tree_snapshot import FileState, Snapshot, TooManyFilesError, take_snapshot
from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository
from punie_tools.moment import Moment
from punie_tools.spelling import spelled
from punie_tools.tool import ToolContext

MOST_JOURNALLED_FILES = 2_000
MOST_JOURNALLED_BYTES = 64 * 1024 * 1024
MOST_LISTED = 200


class ChangedFile(BaseModel):
    """A file that a command changed. `old_path` is where it was before it was renamed."""

    model_config = ConfigDict(frozen=True)

    path: str
    status: Literal["modified", "added", "deleted", "renamed"]
    old_path: str = ""


@dataclass(frozen=True)
class CommandChanges:
    """All that a command changed. `not_journalled` cannot be taken back: too large or too many, or no plain files.

    `is_known` is false for a tree of so many files that nobody looked.
    """

    files: tuple[ChangedFile, ...] = ()
    not_journalled: tuple[str, ...] = ()
    is_known: bool = True


class ChangeWatch:
    """Made before the command starts; `finish` is called when nothing of it runs any more."""

    def __init__(self, context: ToolContext, *, wants_changes: bool, started: Moment | None = None) -> None:
        """`wants_changes`: what is run may be run for what it changes, as a command may; but tests are not.

        New files alone are never what an undo begins with: nothing is lost where they stay. `started` is now unless it
        is said.
        """
        self._wants_changes = wants_changes
        # What a stopped command did is looked for as well.
        self._context = replace(context, cancelled=threading.Event())
        self._root = context.workspace.root
        self._started = started or Moment()
        self._repository = _repository_of(self._context)
        self._before: Snapshot | None = None
        self._old: OldContents | None = None
        with suppress(TooManyFilesError):
            self._before = take_snapshot(self._root, self._repository)
            if context.changes and context.changes.journal:
                self._old = OldContents.keep(self._root, self._repository, self._before)
        self.changes = CommandChanges(is_known=False)

    def finish(self) -> None:
        """Look again; `changes` then tells what is different, and the journal knows it."""
        if self._before is None:
            return
        try:
            after = take_snapshot(self._root, self._repository)
        except TooManyFilesError:
            return
        paths = sorted(path for path in self._before.keys() | after.keys() if self._before.get(path) != after.get(path))
        images = self._old.of(self._repository, paths) if self._old else {}
        differing = [path for path in paths if not self._is_only_touched(path, images, after)]
        left_out = self._journal(differing, images, after) if self._old else ()
        files = tuple(_told(differing, self._before, after))
        self.changes = CommandChanges(files, tuple(spelled(path) for path in left_out))

    def _is_only_touched(self, path: str, images: Mapping[str, FileImage], after: Snapshot) -> bool:
        """Its content is what it was; without a copy a file is taken as changed if its size or its times say so."""
        assert self._before is not None
        old, new = self._before.get(path), after.get(path)
        if old is None or new is None or old.mode != new.mode or old.size != new.size:
            return False
        if path in images:
            return images[path] == self._read(path)
        return (old.inode, old.modified) == (new.inode, new.modified)

    def _journal(self, paths: Sequence[str], images: Mapping[str, FileImage], after: Snapshot) -> Sequence[str]:
        """Give the changes to the journal; returns those that it cannot take. What would be lost goes first."""
        session = self._context.changes
        assert session is not None
        assert self._before is not None
        room = MOST_JOURNALLED_BYTES
        taken: list[FileChange] = []
        left_out = _in_each_other_s_way(paths, self._before, after)
        for path in sorted(paths, key=lambda path: path not in images):
            change = None if path in left_out else self._change(path, images, after)
            size = sum(len(image.data) for image in (change.before, change.after) if image) if change else 0
            if change is None or size > room or len(taken) == MOST_JOURNALLED_FILES:
                left_out.add(path)
            else:
                room -= size
                taken.append(change)
        try:
            by_products = {change.path for change in taken if change.before is None or not self._wants_changes}
            session.record(taken, since=self._started.earliest, by_products=by_products)
        except ToolError:
            return paths
        return sorted(left_out)

    def _change(self, path: str, images: Mapping[str, FileImage], after: Snapshot) -> FileChange | None:
        """None for what the journal cannot hold: links, and files whose content is not known."""
        assert self._before is not None
        old, new = self._before.get(path), after.get(path)
        if any(state and not state.is_file for state in (old, new)):
            return None
        before = images.get(path)
        now = self._read(path) if new else None
        if (old and before is None) or (new and now is None):
            return None
        return FileChange(path, before, now)

    def _read(self, path: str) -> FileImage | None:
        try:
            return TreeAccess(self._root).read(path, SIZE_LIMIT)
        except ToolError:
            return None


def _repository_of(context: ToolContext) -> Repository | None:
    try:
        return Repository.of(context)
    except ToolError:
        return None


def _in_each_other_s_way(paths: Sequence[str], before: Snapshot, after: Snapshot) -> set[str]:
    """Files where a folder was or is now: neither can be put in its place before the other is gone."""
    changed = set(paths)
    way: set[str] = set()
    for path in paths:
        for folder in map(str, PurePosixPath(path).parents):
            if folder in changed and ((path in before) != (folder in before) or (path in after) != (folder in after)):
                way |= {path, folder}
    return way


def _told(paths: Sequence[str], before: Snapshot, after: Snapshot) -> Iterator[ChangedFile]:
    """A file that is gone and is there again under another name, with the same content, was renamed."""
    gone = {_identity(before[path]): path for path in paths if path not in after}
    renamed = {
        path: old for path in paths if path not in before and (old := gone.get(_identity(after[path]))) is not None
    }
    moved_away = set(renamed.values())
    for path in paths:
        if path in renamed:
            yield ChangedFile(path=spelled(path), status="renamed", old_path=spelled(renamed[path]))
        elif path in before and path in after:
            yield ChangedFile(path=spelled(path), status="modified")
        elif path in after:
            yield ChangedFile(path=spelled(path), status="added")
        elif path not in moved_away:
            yield ChangedFile(path=spelled(path), status="deleted")


def _identity(state: FileState) -> tuple[int, int, int]:
    return state.inode, state.size, state.modified
