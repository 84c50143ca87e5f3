"""Take hunks of an earlier change back out of files that may have changed since."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange
from punie_tools.changes.review import FileReview, HunkPlace, Review, split_lines
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.files.line_matching import Piece, changed_pieces

_EXECUTE = 0o111


@dataclass(frozen=True)
class TakenBack:
    """What to change in the tree, and which hunks cannot be taken back because their lines are no longer so.

    `is_as_made` says that the files hold nothing else than what the change made of them.
    """

    changes: tuple[FileChange, ...]
    left: tuple[HunkPlace, ...]
    is_as_made: bool


def without_hunks(review: Review, places: Collection[HunkPlace], tree: TreeAccess) -> TakenBack:
    """The tree without these hunks of a change made earlier; what was changed elsewhere since stays.

    A file that was changed as a whole is restored only if it still is what the change made of it. Raises ToolError for
    files that cannot be read.
    """
    changes: list[FileChange] = []
    left: list[HunkPlace] = []
    is_as_made = True
    for number, file in enumerate(review.files):
        wanted = {hunk for place, hunk in places if place == number}
        if not wanted:
            continue
        now = tree.read(file.change.path, SIZE_LIMIT)
        is_as_made = is_as_made and _are_alike(now, file.change.after)
        moves = file.is_rename(0) and 0 in wanted
        if moves and (now is None or tree.read(file.renamed_from, SIZE_LIMIT) is not None):
            moves = False
            wanted.remove(0)
            left.append((number, 0))
        # The name is rejected with the rest, as the permissions go with it.
        restored, kept = _without(file, sorted(wanted), now)
        if moves:
            changes += [FileChange(file.change.path, now, None), FileChange(file.renamed_from, None, restored)]
            now = restored
        left += [(number, hunk) for hunk in kept if not (moves and hunk == 0)]
        if restored != now:
            changes.append(FileChange(file.change.path, now, restored))
    return TakenBack(tuple(changes), tuple(left), is_as_made)


def _without(file: FileReview, wanted: list[int], now: FileImage | None) -> tuple[FileImage | None, list[int]]:
    """The file without these hunks, and those that it no longer holds as they were made."""
    after = file.change.after
    if _are_alike(now, after):
        hunks = (
            replace(hunk, verdict="rejected" if number in wanted else "accepted")
            for number, hunk in enumerate(file.hunks)
        )
        stands = replace(file, hunks=tuple(hunks)).stands
        return (replace(stands, mode=_mode(stands, file, now)) if stands else None), []
    if file.is_whole or now is None or after is None:
        return now, wanted
    moved = _line_numbers(split_lines(after.data), split_lines(now.data))
    lines = list(split_lines(now.data))
    kept: list[int] = []
    for number in reversed(wanted):
        hunk = file.hunks[number]
        start = moved(hunk.new_start, hunk.new_start + len(hunk.new))
        if start is None:
            kept.append(number)
        else:
            lines[start : start + len(hunk.new)] = hunk.old
    return FileImage(b"".join(lines), now.mode), kept[::-1]


def _are_alike(now: FileImage | None, after: FileImage | None) -> bool:
    """As far as git would tell: of the permissions only whether the file is executable."""
    if now is None or after is None:
        return now is after
    return now.data == after.data and bool(now.mode & _EXECUTE) == bool(after.mode & _EXECUTE)


def _mode(stands: FileImage, file: FileReview, now: FileImage | None) -> int:
    """The permissions that the file has now, unless the change was about these."""
    before, after = file.change.before, file.change.after
    was_changed = before is None or after is None or bool(before.mode & _EXECUTE) != bool(after.mode & _EXECUTE)
    return now.mode if now is not None and not was_changed else stands.mode


def _line_numbers(after: tuple[bytes, ...], now: tuple[bytes, ...]) -> Callable[[int, int], int | None]:
    """Where lines of the one text, from an index up to another, begin in the other; None if they were changed since.

    Lines that touch what was changed count as changed: nobody can tell what belongs to which side.
    """
    pieces = changed_pieces(after, now)

    def touches(piece: Piece, first: int, last: int) -> bool:
        return piece[0] <= last and first <= piece[1]

    def moved(first: int, last: int) -> int | None:
        if any(touches(piece, first, last) for piece in pieces):
            return None
        before = [piece for piece in pieces if piece[1] < first]
        return first + (before[-1][3] - before[-1][1] if before else 0)

    return moved


def nothing_to_take_back(review: Review, left: Collection[HunkPlace]) -> ToolError:
    """Why no hunk could be taken back."""
    if not left:
        return ToolError("The working tree no longer holds what these hunks made; there is nothing to take back.")
    return ToolError(f"Nothing can be taken back: {told_left(review, left)}.")


def told_left(review: Review, left: Collection[HunkPlace]) -> str:
    """The hunks that stay, and why, in short."""
    first = next(iter(left))
    file = review.files[first[0]]
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return f"{file.shown_path}:{review.hunk(first).new_start + 1}{more} changed since"
