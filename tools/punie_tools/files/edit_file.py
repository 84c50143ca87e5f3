"""edit_file: replace pieces of a file's text, keeping everything else byte for byte."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import (
    FileEditResult,
    diff_of,
    image_as_last_read,
    make_change,
    path_in_tree,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.changes.planned_edit import PlannedEdit
from punie_tools.changes.replacements import find_replacements, replaced
from punie_tools.changes.text_edit import DecodedText
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.tool import Risk, Tool, ToolContext


class TextEdit(BaseModel):
    """A text in a file, and what comes in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: str
    new: str


class EditFileResult(FileEditResult):
    """What changed in `replacements` places. `matched` says what was overlooked to find a text; mostly empty."""

    replacements: int
    matched: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        places = "place" if self.replacements == 1 else "places"
        overlooked = f", overlooking a difference in {self.matched}" if self.matched else ""
        return f"Changed {self.path} in {self.replacements} {places}{overlooked} {self._lines}."


More = Annotated[
    list[TextEdit] | None, Field(description="Further replacements in the same file; all are made, or none.")
]


def edit_file(
    context: ToolContext, path: str, old: str, new: str, replace_all: bool = False, edits: More = None
) -> EditFileResult:
    """Replace the text `old` by `new`; `old` must be in the file exactly as given, and once unless replace_all is true.

    A difference in white space or quotes is overlooked where only one place can be meant. Encoding, byte-order mark,
    line ends, file mode and all other text stay as they are.
    """
    plan = _plan(context, path, old, new, replace_all, edits)
    (change,) = reviewed(context, [plan.change])
    diff = diff_of(change)
    new_errors, fixed_errors = make_change(context, change)
    return EditFileResult(
        path=context.workspace.relative(context.workspace.root / change.path),
        diff=diff.text,
        added=diff.added,
        removed=diff.removed,
        new_errors=new_errors,
        fixed_errors=fixed_errors,
        is_partial=stands_in_part([plan.change], [change]),
        replacements=plan.count_in([change]),
        matched=" and ".join(dict.fromkeys(each.difference for each in plan.replacements if each.difference)),
    )


def preview(
    context: ToolContext, path: str, old: str, new: str, replace_all: bool = False, edits: More = None
) -> str | None:
    """The diff that the edit would make. Raises ToolError if it cannot be made."""
    return preview_of([_plan(context, path, old, new, replace_all, edits).change])


TOOL = Tool(edit_file, risk=Risk.EDITS, preview=preview, is_reviewable=True)


def _plan(
    context: ToolContext, path: str, old: str, new: str, replace_all: bool, edits: list[TextEdit] | None
) -> PlannedEdit:
    """The whole edit, checked, but not made."""
    context.workspace.resolve(path)
    inside = path_in_tree(context, path)
    before = image_as_last_read(context, inside)
    if before is None:
        raise ToolError(f"There is no file {path!r} any more.")
    decoded = DecodedText.of(inside, before.data)
    replacements = tuple(
        replacement
        for edit in (TextEdit(old=old, new=new), *(edits or ()))
        for replacement in find_replacements(
            decoded.text, edit.old, edit.new, replace_all=replace_all, shown_as=decoded.shown_as
        )
    )
    after = replaced(decoded.text, replacements, decoded.shown_as)
    if after == decoded.text:
        raise ToolError(f"The edit would change nothing in {decoded.shown_as}.")
    change = FileChange(inside, before, FileImage(decoded.encoded(after), before.mode))
    return PlannedEdit(change, decoded.text, replacements)
