"""What every tool does that changes a file: see how it is, plan, show or make the change, and tell its effect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import computed_field

from punie_tools.changes.change_set import SIZE_LIMIT, FileChange, apply_changes
from punie_tools.changes.edit_effect import errors_gained, type_errors
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
from punie_tools.files.diff import Diff, unified_diff
from punie_tools.sentences import counted, first_of
from punie_tools.spelling import spelled
from punie_tools.tool import ToolContext, ToolResult

_MOST_COMPARED = 10


class ReviewedResult(ToolResult):
    """What was changed after the person had their say, and nothing else.

    `is_partial` says that they let only a part of the proposal stand, or put something else in its place.
    """

    is_partial: bool = False

    @property
    def _rest(self) -> str:
        """What the summary ends with."""
        return "; in the review not all of it was left as proposed" if self.is_partial else ""


class FileEditResult(ReviewedResult):
    """A changed file. `new_errors` and `fixed_errors` are its type errors, as `line: message`.

    They are None where no language server is warm, or the file is no Python.
    """

    path: str
    diff: str
    added: int
    removed: int
    new_errors: tuple[str, ...] | None = None
    fixed_errors: tuple[str, ...] | None = None

    @computed_field
    @property
    def summary(self) -> str:
        return f"Changed {self.path} {self._lines}."

    @property
    def _lines(self) -> str:
        """The counts of lines and, where they are known, of type errors."""
        errors = [(self.new_errors, "new"), (self.fixed_errors, "fixed")]
        told = ", ".join(f"{counted(len(found), 'type error')} {what}" for found, what in errors if found)
        named = f": {first_of([f'{self.path}:{each}' for each in self.new_errors])}" if self.new_errors else ""
        return f"(+{self.added} -{self.removed} lines{f'; {told}' if told else ''}){named}{self._rest}"


def path_in_tree(context: ToolContext, path: str) -> str:
    """The path from the root that a request's path means, links resolved; the file need not exist. Raises ToolError."""
    file = context.workspace.resolve(path, must_exist=False)
    check_place(context, path, file)
    if file.is_dir():
        raise ToolError(f"{context.workspace.relative(file)} is a folder, not a file.")
    return file.relative_to(context.workspace.root).as_posix()


def check_place(context: ToolContext, path: str, resolved: Path) -> None:
    """Raise ToolError if what a request's path leads to is not what it led to when the session last read it."""
    if context.changes is not None:
        context.changes.check_place(path, resolved.relative_to(context.workspace.root).as_posix())


def current_image(context: ToolContext, path: str) -> FileImage | None:
    """The file as it is now, for an edit that is worked out from that; None if there is none.

    Raises ToolError if it is read-only or too large.
    """
    image = TreeAccess(context.workspace.root).read(path, SIZE_LIMIT)
    if image is not None and not image.mode & 0o222:
        raise ToolError(f"{spelled(path)} is read-only.")
    return image


def image_as_last_read(context: ToolContext, path: str) -> FileImage | None:
    """The file as it is now, for an edit by somebody who read it before; None if there is none.

    Raises ToolError if the session knows it otherwise, or it is read-only or too large.
    """
    image = current_image(context, path)
    if context.changes is not None:
        context.changes.check_unchanged(path, image.data if image else None)
    return image


def diff_of(change: FileChange) -> Diff:
    """The change as a patch; bytes that are no text are spelled out."""
    before, after = (spelled(image.data) if image else "" for image in (change.before, change.after))
    return unified_diff(spelled(change.path), before, after)


def diffs_of(changes: Sequence[FileChange]) -> Diff:
    """The changes as one patch."""
    diffs = [diff_of(change) for change in changes]
    return Diff(
        "".join(each.text for each in diffs), sum(each.added for each in diffs), sum(each.removed for each in diffs)
    )


def preview_of(changes: Sequence[FileChange]) -> str | None:
    """What an approval shows of the changes, all that they do; None where they would change nothing."""
    return "".join(_without_lines(change) + diff_of(change).text for change in changes) or None


def _without_lines(change: FileChange) -> str:
    """What a patch of lines does not show."""
    before, after = change.before, change.after
    told: list[str] = []
    if before is None or after is None:
        image = before or after
        told = [f"{'removed' if before else 'new'}, empty"] if image and not image.data else []
        told += [f"executable, mode {after.mode:o}"] if after and after.mode & 0o111 else []
    elif before.mode != after.mode:
        told = [f"mode {before.mode:o} → {after.mode:o}"]
    return f"{spelled(change.path)}: {', '.join(told)}\n" if told else ""


def reviewed(context: ToolContext, changes: Sequence[FileChange]) -> Sequence[FileChange]:
    """What the person lets stand of the changes, if they want to review them: at least one. Raises ToolError."""
    found = [change for change in changes if change.before != change.after]
    return context.review(found) if context.review is not None and found else changes


def stands_in_part(proposed: Sequence[FileChange], standing: Sequence[FileChange]) -> bool:
    """Whether a review left something else of the changes than what was proposed."""
    wanted, left = (
        {change.path: change.after for change in changes if change.before != change.after}
        for changes in (proposed, standing)
    )
    return wanted != left


def make_change(context: ToolContext, change: FileChange) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Make it, and tell the type errors that it added and cured. Raises ToolError."""
    file = context.workspace.root / change.path
    before = type_errors(context, file) if change.before else []
    make_changes(context, [change])
    after = type_errors(context, file)
    return errors_gained(before, after), errors_gained(after, before)


def make_compared_changes(
    context: ToolContext, changes: Sequence[FileChange]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Make all of them or none, and tell the type errors in the changed files, as `file:line: message`.

    Of many files the errors are not told.
    """
    if len(changes) > _MOST_COMPARED:
        make_changes(context, changes)
        return None, None
    files = [context.workspace.root / change.path for change in changes]
    before = [type_errors(context, file) for file in files]
    make_changes(context, changes)
    after = [type_errors(context, file) for file in files]
    compared = list(zip(changes, before, after, strict=True))
    gained = [_named(change.path, errors_gained(old, new)) for change, old, new in compared]
    cured = [_named(change.path, errors_gained(new, old)) for change, old, new in compared]
    return _joined(gained), _joined(cured)


def _named(path: str, errors: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if errors is None else tuple(f"{spelled(path)}:{error}" for error in errors)


def _joined(errors: Sequence[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """None if nothing is known of any file."""
    known = [each for each in errors if each is not None]
    return tuple(error for each in known for error in each) if known else None


def make_changes(context: ToolContext, changes: Sequence[FileChange]) -> None:
    """Make all of them or none. Raises ToolError."""
    if context.changes is None:
        apply_changes(TreeAccess(context.workspace.root), changes)
    else:
        context.changes.apply(changes)
