"""What a session knows of files: how it last saw them, and how to take back what it did to them."""

from __future__ import annotations

import copy
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from punie_tools.changes.change_set import FileChange, apply_changes
from punie_tools.changes.journal import Journal
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.errors import ToolError
from punie_tools.files.diff import unified_diff
from punie_tools.spelling import spelled

_MOST_REMEMBERED_BYTES = 32 * 1024 * 1024
_LONGEST_LINE = 80


class SessionChanges:
    """Any thread may use it; calls that change files run one after the other. `turn` names what undo takes back."""

    def __init__(
        self, root: Path, journal: Journal | None, *, before_hand_change: Callable[[str], object] = lambda _turn: None
    ) -> None:
        """`before_hand_change` is told the name of each turn beside the model's, before that changes files."""
        self.turn = "unnamed"
        self.journal = journal
        self._before_hand_change = before_hand_change
        self._is_by_hand = False
        self._root = root
        self._tree = TreeAccess(root)
        self._seen: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def for_turn(self, turn: str) -> SessionChanges:
        """The same knowledge under the name of a turn beside the model's: what it does is taken back by itself."""
        changes = copy.copy(self)
        changes.turn = turn
        changes._is_by_hand = True
        return changes

    def saw(self, path: str, data: bytes) -> None:
        """Remember a file as the session now knows it."""
        self._places[path] = path
        self._seen[path] = hashlib.sha256(data).hexdigest()
        self._contents[path] = data
        self._contents.move_to_end(path)
        while sum(map(len, self._contents.values())) > _MOST_REMEMBERED_BYTES:
            self._contents.popitem(last=False)

    def found(self, asked: str, path: str) -> None:
        """Remember to which file a request's path led."""
        self._places[self._as_written(asked)] = path

    def found_nothing(self, asked: str) -> None:
        """The session was told that there is no such file, or a folder: from now on it may make one."""
        written = self._as_written(asked)
        for path in {written, self._places.get(written, written)}:
            if not (self._root / path).is_file():
                self._forget(path)
        self._places.pop(written, None)

    def check_place(self, asked: str, path: str) -> None:
        """Raise ToolError if a request's path led to another file before, or to a file where a folder is now."""
        if path in self._seen and (self._root / path).is_dir():
            raise ToolError(
                f"{asked} was a file when it was read, and is a folder now; nothing was done. Read it again."
            )
        known = self._places.setdefault(self._as_written(asked), path)
        if known != path:
            raise ToolError(
                f"{asked} was {spelled(known)} when it was read, and leads to {spelled(path)} now; nothing was done. "
                "Read it again."
            )

    def check_unchanged(self, path: str, data: bytes | None) -> None:
        """Raise ToolError, with what changed, if the session saw the file otherwise; one that it never saw is fine.

        `data` is None where there is no file now.
        """
        if self._is_as_seen(path, data):
            return
        if data is None:
            raise ToolError(
                f"{spelled(path)} was deleted since it was read; nothing was done. Read it again before making it anew."
            )
        raise ToolError(f"{spelled(path)} was changed since it was read{self._difference(path, data)}; read it again.")

    def apply(self, changes: Sequence[FileChange]) -> None:
        """Make the changes, all or none, so that they can be taken back. Raises ToolError.

        A file that was changed since the session read it stays one: that its reader lets it be edited now would lose
        what was changed.
        """
        if self.journal is None:
            apply_changes(self._tree, changes)
        else:
            self._tell_hand_change()
            self.journal.change(self.turn, changes)
        for change in changes:
            if change.after is None:
                self._forget(change.path)
            elif self._is_as_seen(change.path, change.before.data if change.before else None):
                self.saw(change.path, change.after.data)

    def record(self, changes: Sequence[FileChange], *, since: float, by_products: Collection[str] = ()) -> None:
        """Remember changes that a command has made, so that they can be taken back. Raises ToolError.

        What the session saw of these files stays what it saw: their new content it has not seen. That they are gone it
        was told.
        """
        for change in changes:
            if change.after is None:
                self._forget(change.path)
        if self.journal is not None and changes:
            self._tell_hand_change()
            self.journal.record(self.turn, changes, since=since, by_products=by_products)

    def _tell_hand_change(self) -> None:
        """Beforehand: a name that the journal does not know in the end does no harm, and one untold would be lost."""
        if self._is_by_hand:
            self._before_hand_change(self.turn)

    def _is_as_seen(self, path: str, data: bytes | None) -> bool:
        """Whether the session knows the file so, or never saw it."""
        known = self._seen.get(path)
        return known is None or (data is not None and known == hashlib.sha256(data).hexdigest())

    def _forget(self, path: str) -> None:
        self._seen.pop(path, None)
        self._contents.pop(path, None)
        self._places.pop(path, None)

    def _as_written(self, asked: str) -> str:
        """The path from the root, no link resolved."""
        return os.path.relpath(self._root / asked, self._root)

    def _difference(self, path: str, data: bytes) -> str:
        """The first line that differs, and how many there are."""
        before = self._contents.get(path)
        if before is None:
            return ""
        diff = unified_diff(path, spelled(before), spelled(data))
        changed = [line for line in diff.text.splitlines()[2:] if line.startswith(("+", "-"))]
        more = f" and {len(changed) - 2} more lines" if len(changed) > 2 else ""
        return ": " + " ".join(repr(line[:_LONGEST_LINE]) for line in changed[:2]) + more
