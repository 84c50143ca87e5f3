"""The images of files before and after punie changed them, so that a turn can be taken back and made again.

They lie outside the tree, in a folder that only the person can read. A change is in the journal, on the disk, before
the first file is touched: whenever the machine stops, each file is the old one or the new one, and both are known.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import dropwhile
from pathlib import Path

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange, HalfDoneError, apply_changes, check_changes
from punie_tools.changes.journal_file import ImageName, JournalFile, JournalRecord
from punie_tools.changes.three_way import ChangedSinceError, Move, ThreeWayView
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError, reason_of
from punie_tools.files.atomic import replace_file
from punie_tools.files.temporary_files import sweep_folder

MOST_BYTES = 200 * 1024 * 1024
OLDEST_SECONDS = 30 * 24 * 3600.0


def journal_folder(state: Path, root: Path) -> Path:
    """Where the journal of a tree lies, below the folder of punie's own files."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return state / "journal" / digest


@dataclass(frozen=True)
class JournalTurn:
    """A turn that changed files. `paths` are all of them, in order; `is_by_product` if nobody asked for any of it."""

    turn: str
    time: float
    paths: tuple[str, ...]
    is_undone: bool
    is_by_product: bool = False


class Journal:
    """One for each tree. Several processes may use it at once."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        *,
        most_bytes: int = MOST_BYTES,
        oldest_seconds: float = OLDEST_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`folder` is made if it is not there. Raises OSError."""
        self._clock = clock
        self._folder = folder
        self._file = JournalFile(folder / "journal.jsonl")
        self._tree = TreeAccess(root)
        self._most_bytes = most_bytes
        self._oldest_seconds = oldest_seconds
        for path in (folder, folder / "images"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            sweep_folder(path)

    def change(self, turn: str, changes: Sequence[FileChange]) -> None:
        """Make the changes and remember how to take them back. Raises ToolError, and then nothing has changed.

        Where not even that works it is HalfDoneError, and undo takes back what stayed changed.
        """
        changes = [change for change in changes if change.before != change.after]
        with self._lock():
            check_changes(self._tree, changes)
            try:
                length = self._remember(turn, changes)
            except OSError as error:
                raise _unwritten(error) from None
            self._apply_noted(changes, length)
            self._prune(self._clock())

    def record(
        self, turn: str, changes: Sequence[FileChange], *, since: float, by_products: Collection[str] = ()
    ) -> None:
        """Remember changes that somebody has made for the turn, from the time `since` on. Raises ToolError.

        `by_products` are the paths of those that nobody asked for. What another turn made of a file in that time is
        that turn's.
        """
        with self._lock():
            others = {
                (record.path, record.after)
                for record in self._records()
                if record.kind == "changed" and record.turn != turn and record.time >= since
            }
            own = [change for change in changes if (change.path, ImageName.of(change.after)) not in others]
            own = [change for change in own if change.before != change.after]
            if own:
                try:
                    self._remember(turn, own, by_products)
                except OSError as error:
                    raise _unwritten(error) from None
                self._prune(self._clock())

    def turns(self) -> list[JournalTurn]:
        """The turns that changed files, oldest first."""
        return _turns(self._records())

    def by_products_since(self, turn: str, among: Collection[str]) -> tuple[str, ...]:
        """The files that nobody wanted changed, of those turns that stand and came after this one."""
        later = dropwhile(lambda each: each.turn != turn, self.turns())
        left = (each for each in later if each.is_by_product and not each.is_undone and each.turn in among)
        return tuple(dict.fromkeys(path for each in left for path in each.paths))

    def changes_of_last_turn(self) -> list[FileChange]:
        """What the last turn that stands made of its files. Raises ToolError if there is none."""
        with self._lock():
            if all(turn.is_undone for turn in self.turns()):
                raise ToolError("No turn that changed files is remembered here.")
            _, records = self._chosen(None, "undo")
            return [FileChange(each.path, self._image(each.before), self._image(each.after)) for each in _net(records)]

    def undo(self, turn: str | None = None, *, among: Collection[str] | None = None) -> JournalTurn:
        """Take a turn back, the last one unless it is named: exactly its files become what they were before it.

        The last is one in which somebody wanted a change, as long as there is one: what a test run left behind does not
        stand in front of it, unless it is in the same files.

        `among` are the turns that may be chosen from, all of them unless it is given.

        Folders that it made go too, if they are empty then. Raises ChangedSinceError, with a view of each file, if
        somebody else has changed one since, or another ToolError; then nothing has changed.
        """
        with self._lock():
            chosen, records = self._chosen(turn, "undo", among)
            changes = self._possible(_net(records), "undo")
            apply_changes(self._tree, changes)
            try:
                self._file.append([JournalRecord(kind="undone", turn=chosen.turn, time=self._clock())])
            except OSError as error:
                apply_changes(self._tree, [change.reversed for change in reversed(changes)])
                raise _unwritten(error) from None
            self._tree.remove_empty_folders(folder for record in records for folder in record.made_folders)
            return chosen

    def redo(self, turn: str | None = None, *, among: Collection[str] | None = None) -> JournalTurn:
        """Make a turn again that was taken back, the one taken back last unless it is named. Raises like undo."""
        with self._lock():
            chosen, records = self._chosen(turn, "redo", among)
            changes = self._possible(_net(records), "redo")
            # Noted first, so that after a crash in the middle the turn can be taken back.
            try:
                length = self._file.append([JournalRecord(kind="redone", turn=chosen.turn, time=self._clock())])
            except OSError as error:
                raise _unwritten(error) from None
            self._apply_noted(changes, length)
            return chosen

    def _apply_noted(self, changes: Sequence[FileChange], length: int) -> None:
        """Make changes that the journal knows already, since it was so long; it forgets those that are taken back."""
        try:
            apply_changes(self._tree, changes)
        except HalfDoneError:
            raise
        except BaseException:
            # A record of what never was does no harm to undo, if it cannot be removed.
            with suppress(OSError):
                self._file.cut(length)
            raise

    def _chosen(
        self, turn: str | None, move: Move, among: Collection[str] | None = None
    ) -> tuple[JournalTurn, list[JournalRecord]]:
        """The turn to move, and its records."""
        records = self._records()
        turns = [each for each in _turns(records) if turn in (None, each.turn)]
        if among is not None:
            turns = [each for each in turns if each.turn in among]
        fitting = [each for each in turns if each.is_undone is (move == "redo")]
        if not fitting:
            raise ToolError(f"There is nothing to {move}." if turn is None else f"There is no turn {turn!r} to {move}.")
        if move == "redo":
            undone = {record.turn: number for number, record in enumerate(records) if record.kind == "undone"}
            fitting.sort(key=lambda each: undone[each.turn])
        else:
            fitting = _wanted_last(fitting)
        chosen = fitting[-1]
        return chosen, [record for record in records if record.turn == chosen.turn]

    def _possible(self, net: Sequence[_NetChange], move: Move) -> list[FileChange]:
        """The changes to make; a file that is already as it should be, after a crash, needs none."""
        changes: list[FileChange] = []
        views: list[ThreeWayView] = []
        for each in net:
            expected, wanted = (each.after, each.before) if move == "undo" else (each.before, each.after)
            now = self._tree.read(each.path, SIZE_LIMIT)
            name = ImageName.of(now)
            if name == wanted:
                continue
            if name == expected or (move == "undo" and name == each.before_last):
                changes.append(FileChange(each.path, now, self._image(wanted)))
            elif expected != wanted:
                views.append(ThreeWayView.of(each.path, move, self._image(expected), now, self._image(wanted)))
        if views:
            raise ChangedSinceError(views)
        return changes

    def _remember(self, turn: str, changes: Sequence[FileChange], by_products: Collection[str] = ()) -> int:
        """Returns how long the journal was before. Raises OSError."""
        for change in changes:
            for image in (change.before, change.after):
                if image is not None:
                    self._keep(image.data)
        return self._file.append([self._record(turn, change, change.path in by_products) for change in changes])

    def _record(self, turn: str, change: FileChange, is_by_product: bool) -> JournalRecord:
        return JournalRecord(
            kind="changed",
            turn=turn,
            time=self._clock(),
            path=change.path,
            before=ImageName.of(change.before),
            after=ImageName.of(change.after),
            made_folders=self._tree.missing_folders(change.path) if change.after else (),
            is_by_product=is_by_product,
        )

    def _records(self) -> list[JournalRecord]:
        try:
            return self._file.records()
        except OSError as error:
            raise ToolError(f"The journal cannot be read: {reason_of(error)}.") from None

    def _keep(self, data: bytes) -> None:
        path = self._image_path(hashlib.sha256(data).hexdigest())
        if not path.exists():
            replace_file(path, data, 0o600)

    def _image(self, image: ImageName | None) -> FileImage | None:
        if image is None:
            return None
        try:
            return FileImage(self._image_path(image.digest).read_bytes(), image.mode)
        except OSError:
            raise ToolError("The journal has lost what the file held; it cannot be restored.") from None

    def _image_path(self, digest: str) -> Path:
        return self._folder / "images" / digest

    def _prune(self, now: float) -> None:
        """Forget the oldest turns, so that neither their age nor their size goes past the bounds; never the newest.

        A clock that runs ahead for one turn lets none be forgotten: their age is what it was at the turn before.
        What cannot be forgotten now is so after the next change.
        """
        with suppress(OSError, ToolError):
            self._drop_old(now)

    def _drop_old(self, now: float) -> None:
        sizes = {path.name: path.stat().st_size for path in (self._folder / "images").iterdir()}
        records = self._records()
        turns = list(dict.fromkeys(record.turn for record in records))
        newest = {turn: max(record.time for record in records if record.turn == turn) for turn in turns}
        at = min(now, newest[turns[-2]]) if len(turns) > 1 else now
        dropped: set[str] = set()
        for turn in turns[:-1]:
            kept = [record for record in records if record.turn not in dropped]
            size = sum(sizes.get(digest, 0) for digest in _digests(kept))
            if at - newest[turn] <= self._oldest_seconds and size <= self._most_bytes:
                break
            dropped.add(turn)
        if not dropped:
            return
        kept = [record for record in records if record.turn not in dropped]
        self._file.replace(kept)
        for digest in sizes.keys() - _digests(kept):
            self._image_path(digest).unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Generator[None]:
        """Held by one process at a time, and let go of when it ends, whatever happens."""
        try:
            descriptor = os.open(self._folder / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritten(error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _turns(records: Iterable[JournalRecord]) -> list[JournalTurn]:
    found: dict[str, JournalTurn] = {}
    for record in records:
        known = found.get(record.turn)
        if record.kind == "changed":
            paths = tuple(dict.fromkeys((*(known.paths if known else ()), record.path)))
            is_by_product = record.is_by_product and (known is None or known.is_by_product)
            found[record.turn] = JournalTurn(record.turn, record.time, paths, False, is_by_product)
        elif known:
            found[record.turn] = replace(known, is_undone=record.kind == "undone")
    return list(found.values())


def _wanted_last(turns: Sequence[JournalTurn]) -> list[JournalTurn]:
    """Without the turns of by-products behind the last one that was wanted, but for those that have to go before it.

    These are the ones that share a file with it, or with one that shares a file with it.
    """
    wanted = next((place for place in reversed(range(len(turns))) if not turns[place].is_by_product), None)
    if wanted is None:
        return list(turns)
    last, paths = wanted, set(turns[wanted].paths)
    for place, turn in enumerate(turns[wanted + 1 :], start=wanted + 1):
        if not paths.isdisjoint(turn.paths):
            last = place
            paths.update(turn.paths)
    return list(turns[: last + 1])


@dataclass(frozen=True)
class _NetChange:
    """A file before a turn and after it. `before_last` is what its last change found: after a crash that may stand."""

    path: str
    before: ImageName | None
    after: ImageName | None
    before_last: ImageName | None


def _net(records: Iterable[JournalRecord]) -> list[_NetChange]:
    net: dict[str, _NetChange] = {}
    for record in records:
        if record.kind == "changed":
            before = net[record.path].before if record.path in net else record.before
            net[record.path] = _NetChange(record.path, before, record.after, record.before)
    return list(net.values())


def _digests(records: Iterable[JournalRecord]) -> set[str]:
    return {image.digest for record in records for image in (record.before, record.after) if image}


def _unwritten(error: OSError) -> ToolError:
    return ToolError(f"The journal cannot be written, and without it nothing is changed: {reason_of(error)}.")
