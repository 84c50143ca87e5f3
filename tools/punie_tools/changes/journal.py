"""The images of files before and after punie changed them, so that a turn can be taken back and made again.

They lie outside the tree, in a folder that only the person can read. A change is in the journal, on the disk, before
the first file is touched: whenever the machine stops, each file is the old one or the new one, and both are known.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange, apply_changes, check_changes
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.files.atomic import replace_file
from punie_tools.files.diff import unified_diff
from punie_tools.spelling import spelled, unspelled

MOST_BYTES = 200 * 1024 * 1024
OLDEST_SECONDS = 30 * 24 * 3600.0

_DIFF_LINES = 40


def journal_folder(state: Path, root: Path) -> Path:
    """Where the journal of a tree lies, below the folder of punie's own files."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return state / "journal" / digest


class _Image(BaseModel):
    model_config = ConfigDict(frozen=True)

    digest: str
    mode: int


class _Record(BaseModel):
    """A line of the journal: a change that is about to be made, or a turn that was taken back or made again."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["changed", "undone", "redone"]
    turn: str
    time: float
    path: str = ""
    before: _Image | None = None
    after: _Image | None = None


@dataclass(frozen=True)
class JournalTurn:
    """A turn that changed files. `paths` are all of them, in order."""

    turn: str
    time: float
    paths: tuple[str, ...]
    is_undone: bool


class Journal:
    """One for each tree. Several processes may use it at once."""

    def __init__(
        self, folder: Path, root: Path, *, most_bytes: int = MOST_BYTES, oldest_seconds: float = OLDEST_SECONDS
    ) -> None:
        """`folder` is made if it is not there. Raises OSError."""
        self._folder = folder
        self._tree = TreeAccess(root)
        self._most_bytes = most_bytes
        self._oldest_seconds = oldest_seconds
        for path in (folder, folder / "images"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def change(self, turn: str, changes: Sequence[FileChange]) -> None:
        """Make the changes and remember how to take them back. Raises ToolError, and then nothing has changed."""
        changes = [change for change in changes if change.before != change.after]
        with self._lock():
            check_changes(self._tree, changes)
            self._remember(turn, changes)
            try:
                apply_changes(self._tree, changes)
            except BaseException:
                # They were taken back, and so is what is known of them.
                self._append(_record(turn, change.reversed) for change in changes)
                raise

    def record(self, turn: str, changes: Sequence[FileChange], *, since: float) -> None:
        """Remember changes that somebody has made for the turn, from the time `since` on. Raises OSError.

        What another turn made of a file in that time is that turn's.
        """
        with self._lock():
            others = {
                (record.path, record.after)
                for record in self._records()
                if record.kind == "changed" and record.turn != turn and record.time >= since
            }
            own = [change for change in changes if (change.path, _image_of(change.after)) not in others]
            own = [change for change in own if change.before != change.after]
            if own:
                self._remember(turn, own)

    def turns(self) -> list[JournalTurn]:
        """The turns that changed files, oldest first."""
        found: dict[str, JournalTurn] = {}
        for record in self._records():
            known = found.get(record.turn)
            if record.kind == "changed":
                paths = tuple(dict.fromkeys((*(known.paths if known else ()), record.path)))
                found[record.turn] = JournalTurn(record.turn, record.time, paths, is_undone=False)
            elif known:
                found[record.turn] = JournalTurn(known.turn, known.time, known.paths, record.kind == "undone")
        return list(found.values())

    def undo(self, turn: str | None = None) -> JournalTurn:
        """Take a turn back, the last one unless it is named: exactly its files become what they were before it.

        Raises ToolError, with what differs, if one of them was changed since; then nothing has changed.
        """
        return self._move(turn, is_undo=True)

    def redo(self, turn: str | None = None) -> JournalTurn:
        """Make a turn again that was taken back; the first one that is, unless it is named. Raises ToolError."""
        return self._move(turn, is_undo=False)

    def _move(self, turn: str | None, *, is_undo: bool) -> JournalTurn:
        with self._lock():
            chosen = self._chosen(turn, is_undo=is_undo)
            net = _net(record for record in self._records() if record.turn == chosen.turn)
            moves = [
                (path, after, before) if is_undo else (path, before, after) for path, (before, after) in net.items()
            ]
            apply_changes(self._tree, list(self._possible(moves)))
            kind = "undone" if is_undo else "redone"
            self._append([_Record(kind=kind, turn=chosen.turn, time=time.time())])
            return chosen

    def _chosen(self, turn: str | None, *, is_undo: bool) -> JournalTurn:
        turns = [each for each in self.turns() if turn in (None, each.turn)]
        fitting = [each for each in turns if each.is_undone is not is_undo]
        if not fitting:
            what = "undo" if is_undo else "redo"
            raise ToolError(f"There is nothing to {what}." if turn is None else f"There is no turn {turn!r} to {what}.")
        return fitting[-1] if is_undo else fitting[0]

    def _possible(self, moves: Iterable[tuple[str, _Image | None, _Image | None]]) -> Iterable[FileChange]:
        """The changes to make; a file that is already as it should be, after a crash, needs none."""
        for path, expected, wanted in moves:
            now = self._tree.read(path, SIZE_LIMIT)
            if _image_of(now) == wanted:
                continue
            if _image_of(now) != expected:
                raise ToolError(self._difference(path, expected, now))
            yield FileChange(path, now, self._image(wanted))

    def _difference(self, path: str, expected: _Image | None, now: FileImage | None) -> str:
        """What the person did to a file since punie changed it."""
        name = spelled(path)
        if now is None:
            return f"{name} was removed since punie changed it; nothing was done."
        if expected is None:
            return f"{name} was made again since punie removed it; nothing was done."
        ours = self._image(expected)
        assert ours is not None
        if ours.data == now.data:
            return f"{name} has other permissions since punie changed it; nothing was done."
        diff = unified_diff(name, spelled(ours.data), spelled(now.data)).text.splitlines()
        shown = "\n".join(diff[:_DIFF_LINES])
        return f"{name} was edited since punie changed it; nothing was done. These edits would be lost:\n{shown}"

    def _remember(self, turn: str, changes: Sequence[FileChange]) -> None:
        for change in changes:
            for image in (change.before, change.after):
                if image is not None:
                    self._keep(image.data)
        self._append(_record(turn, change) for change in changes)
        self._prune(time.time())

    def _append(self, records: Iterable[_Record]) -> None:
        """One write, flushed: a line is in the journal as a whole, or torn at its end, where it counts as not there."""
        lines = "".join(_line(record) for record in records)
        with (self._folder / "journal.jsonl").open("ab") as file:
            if file.tell() and not self._ends_whole():
                lines = "\n" + lines
            file.write(lines.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())

    def _ends_whole(self) -> bool:
        with (self._folder / "journal.jsonl").open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _records(self) -> list[_Record]:
        """All whole lines; one that is torn, or from a newer punie, counts as not there."""
        try:
            lines = (self._folder / "journal.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return []
        records: list[_Record] = []
        for line in lines:
            with suppress(ValidationError):
                record = _Record.model_validate_json(line)
                records.append(record.model_copy(update={"path": unspelled(record.path)}))
        return records

    def _keep(self, data: bytes) -> None:
        path = self._image_path(hashlib.sha256(data).hexdigest())
        if not path.exists():
            replace_file(path, data, 0o600)

    def _image(self, image: _Image | None) -> FileImage | None:
        if image is None:
            return None
        try:
            return FileImage(self._image_path(image.digest).read_bytes(), image.mode)
        except OSError:
            raise ToolError("The journal has lost what the file held; it cannot be restored.") from None

    def _image_path(self, digest: str) -> Path:
        return self._folder / "images" / digest

    def _prune(self, now: float) -> None:
        """Forget the oldest turns, so that neither their age nor their size goes past the bounds; never the newest."""
        sizes = {path.name: path.stat().st_size for path in (self._folder / "images").iterdir()}
        records = self._records()
        turns = list(dict.fromkeys(record.turn for record in records))
        newest = {turn: max(record.time for record in records if record.turn == turn) for turn in turns}
        dropped: set[str] = set()
        for turn in turns[:-1]:
            kept = [record for record in records if record.turn not in dropped]
            size = sum(sizes.get(digest, 0) for digest in _digests(kept))
            if now - newest[turn] <= self._oldest_seconds and size <= self._most_bytes:
                break
            dropped.add(turn)
        if not dropped:
            return
        kept = [record for record in records if record.turn not in dropped]
        replace_file(self._folder / "journal.jsonl", "".join(map(_line, kept)).encode("ascii"), 0o600)
        for digest in sizes.keys() - _digests(kept):
            self._image_path(digest).unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Generator[None]:
        """Held by one process at a time, and let go of when it ends, whatever happens."""
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _record(turn: str, change: FileChange) -> _Record:
    before, after = _image_of(change.before), _image_of(change.after)
    return _Record(kind="changed", turn=turn, time=time.time(), path=change.path, before=before, after=after)


def _line(record: _Record) -> str:
    return json.dumps(record.model_copy(update={"path": spelled(record.path)}).model_dump(exclude_none=True)) + "\n"


def _image_of(image: FileImage | None) -> _Image | None:
    return None if image is None else _Image(digest=hashlib.sha256(image.data).hexdigest(), mode=image.mode)


def _net(records: Iterable[_Record]) -> dict[str, tuple[_Image | None, _Image | None]]:
    """For each file of a turn what it was before the first change and after the last one."""
    net: dict[str, tuple[_Image | None, _Image | None]] = {}
    for record in records:
        if record.kind == "changed":
            before = net[record.path][0] if record.path in net else record.before
            net[record.path] = (before, record.after)
    return {path: images for path, images in net.items() if images[0] != images[1]}


def _digests(records: Iterable[_Record]) -> set[str]:
    return {image.digest for record in records for image in (record.before, record.after) if image}
