"""write_file: a new file, or the whole content of one that is there."""

from __future__ import annotations

from pydantic import computed_field

from punie_tools.changes.change_set import NEW_FILE_MODE, FileChange
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
from punie_tools.changes.text_edit import DecodedText, with_line_ends
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.tool import Risk, Tool, ToolContext


class WriteFileResult(FileEditResult):
    """What was written. `created` says that there was no such file before."""

    created: bool

    @computed_field
    @property
    def summary(self) -> str:
        if self.created:
            return f"Created {self.path} {self._lines}."
        return f"Changed {self.path} {self._lines}." if self.diff else f"{self.path} already has this content."


def write_file(context: ToolContext, path: str, content: str) -> WriteFileResult:
    """Write a whole file, with the folders it needs. One that is there keeps its encoding, line ends and mode."""
    planned = change = _plan(context, path, content)
    if change.before != change.after:
        (change,) = reviewed(context, [change])
    diff = diff_of(change)
    errors = make_change(context, change) if change.before != change.after else (None, None)
    return WriteFileResult(
        path=context.workspace.relative(context.workspace.root / change.path),
        diff=diff.text,
        added=diff.added,
        removed=diff.removed,
        new_errors=errors[0],
        fixed_errors=errors[1],
        is_partial=stands_in_part([planned], [change]),
        created=change.before is None,
    )


def preview(context: ToolContext, path: str, content: str) -> str | None:
    """The diff that writing would make. Raises ToolError if it cannot be done."""
    return preview_of([_plan(context, path, content)])


TOOL = Tool(write_file, risk=Risk.EDITS, preview=preview, is_reviewable=True)


def _plan(context: ToolContext, path: str, content: str) -> FileChange:
    if "\0" in content:
        raise ToolError("The content holds a NUL character, which no text file does.")
    inside = path_in_tree(context, path)
    before = image_as_last_read(context, inside)
    if before is None:
        return FileChange(inside, None, FileImage(content.encode("utf-8", "surrogateescape"), NEW_FILE_MODE))
    decoded = DecodedText.of(inside, before.data)
    text = with_line_ends(content, decoded.line_end) if decoded.text else content
    return FileChange(inside, before, FileImage(decoded.encoded(text), before.mode))
