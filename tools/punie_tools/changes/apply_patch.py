"""apply_patch: a whole patch, or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.changes.change_set import NEW_FILE_MODE, FileChange
from punie_tools.changes.file_edit import (
    ReviewedResult,
    diff_of,
    diffs_of,
    image_as_last_read,
    make_compared_changes,
    path_in_tree,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.changes.patch_text import FilePatch, parse_patch
from punie_tools.changes.patching import new_text, patched
from punie_tools.changes.text_edit import DecodedText
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.sentences import counted, first_of
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext

Action = Literal["changed", "created", "deleted", "renamed"]


class PatchedFile(BaseModel):
    """A file that the patch changed; `old_path` is where a renamed one was."""

    model_config = ConfigDict(frozen=True)

    path: str
    action: Action
    added: int
    removed: int
    old_path: str | None = None


class ApplyPatchResult(ReviewedResult):
    """What the patch did, all of it. Type errors are None where no language server is warm."""

    files: tuple[PatchedFile, ...]
    file_count: int
    added: int
    removed: int
    diff: str
    new_errors: tuple[str, ...] | None = None
    fixed_errors: tuple[str, ...] | None = None

    @computed_field
    @property
    def summary(self) -> str:
        named = first_of([f"{file.path} {file.action}" for file in self.files])
        errors = (
            f"; {counted(len(self.new_errors), 'new type error')}: {first_of(self.new_errors)}"
            if self.new_errors
            else ""
        )
        lines = f"+{self.added} -{self.removed} lines"
        return f"Patched {counted(self.file_count, 'file')} ({lines}): {named}{errors}{self._rest}."


def apply_patch(
    context: ToolContext,
    patch: Annotated[str, Field(description="A unified diff, or a patch from *** Begin Patch to *** End Patch.")],
) -> ApplyPatchResult:
    """Apply a patch to the working tree: change, create, delete and rename files, all or nothing.

    Line numbers may be wrong: the lines themselves say where a change belongs.
    """
    plan = _Plan(context)
    for file in parse_patch(patch):
        plan.add(file)
    if not plan.changes:
        raise ToolError("The patch would change nothing.")
    planned = plan.changes
    changes = reviewed(context, planned)
    plan.keep(changes)
    new_errors, fixed_errors = make_compared_changes(context, changes)
    diff = diffs_of(changes)
    files = plan.files
    return ApplyPatchResult(
        is_partial=stands_in_part(planned, changes),
        files=tuple(files),
        file_count=len(files),
        added=diff.added,
        removed=diff.removed,
        diff=diff.text,
        new_errors=new_errors,
        fixed_errors=fixed_errors,
    )


def _preview(context: ToolContext, patch: str) -> str | None:
    """The diff that the patch really makes."""
    plan = _Plan(context)
    for file in parse_patch(patch):
        plan.add(file)
    return preview_of(plan.changes)


TOOL = Tool(apply_patch, risk=Risk.EDITS, preview=_preview, is_reviewable=True)


class _Plan:
    """The files before and after, while one part of the patch after the other is read."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._before: dict[str, FileImage | None] = {}
        self._after: dict[str, FileImage | None] = {}
        self._renamed: dict[str, str] = {}

    def add(self, file: FilePatch) -> None:
        """Raises ToolError if the part does not fit the files as they are after the parts before it."""
        if file.path is None:
            self._create(file)
        else:
            self._change(file, self._inside(file.path))

    def keep(self, changes: Sequence[FileChange]) -> None:
        """What stands of the plan after a review; a rename of which one half stands is none."""
        self._after = {change.path: change.after for change in changes}
        both = self._renamed.items()
        self._renamed = {new: old for new, old in both if {new, old} <= self._after.keys()}

    @property
    def changes(self) -> list[FileChange]:
        found = [FileChange(path, self._before[path], after) for path, after in self._after.items()]
        return [change for change in found if change.before != change.after]

    @property
    def files(self) -> list[PatchedFile]:
        """A renamed file is one, although two paths change."""
        sources = set(self._renamed.values())
        return [self._described(change) for change in self.changes if change.path not in sources]

    def _described(self, change: FileChange) -> PatchedFile:
        old_path = self._renamed.get(change.path)
        before = self._before[old_path] if old_path else change.before
        diff = diff_of(FileChange(change.path, before, change.after))
        action: Action = "created" if before is None else "deleted" if change.after is None else "changed"
        return PatchedFile(
            path=spelled(change.path),
            action="renamed" if old_path else action,
            added=diff.added,
            removed=diff.removed,
            old_path=spelled(old_path) if old_path else None,
        )

    def _create(self, file: FilePatch) -> None:
        path = self._inside(file.new_path or "")
        if self._image(path) is not None:
            raise ToolError(f"The patch creates {spelled(path)}, which is there already; nothing was done.")
        mode = NEW_FILE_MODE | 0o111 if (file.new_mode or 0) & 0o100 else NEW_FILE_MODE
        self._after[path] = FileImage(new_text(file).encode("utf-8", "surrogateescape"), mode)

    def _change(self, file: FilePatch, path: str) -> None:
        image = self._image(path)
        if image is None:
            # Says which file may be meant.
            self._context.workspace.resolve(file.path or "")
            raise ToolError(f"There is no file {spelled(path)}; nothing was done.")
        if file.new_path is None:
            self._after[path] = None
            return
        data, mode = image.data, image.mode
        if file.hunks:
            decoded = DecodedText.of(path, image.data)
            data = decoded.encoded(patched(decoded, file))
        if file.new_mode is not None:
            mode = mode | 0o111 if file.new_mode & 0o100 else mode & ~0o111
        target = self._inside(file.new_path)
        if target != path:
            if self._image(target) is not None:
                raise ToolError(f"The patch renames a file to {spelled(target)}, which is there already.")
            self._after[path] = None
            self._renamed[target] = path
        self._after[target] = FileImage(data, mode)

    def _inside(self, path: str) -> str:
        if path.startswith("/"):
            raise ToolError(f"The patch names {path!r}, which is no path in the workspace.")
        return path_in_tree(self._context, path)

    def _image(self, path: str) -> FileImage | None:
        if path not in self._before:
            self._before[path] = self._after[path] = image_as_last_read(self._context, path)
        return self._after[path]
