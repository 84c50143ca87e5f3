"""apply_code_action: make one change that code_actions offered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.actions.offer import ActionId, Lines, Source
from punie_tools.actions.offers import OfferedChange, offers_for
from punie_tools.changes.file_edit import (
    FileEditResult,
    current_image,
    diff_of,
    make_change,
    path_in_tree,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.errors import ToolError
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext

Id = Annotated[str, Field(description="The id of an action, as code_actions gave it.")]


class AppliedActionResult(FileEditResult):
    """The file after the action."""

    title: str
    source: Source

    @computed_field
    @property
    def summary(self) -> str:
        part = " in part" if self.is_partial else ""
        return f"Applied {self.title!r}{part} to {self.path} {self._lines}."


def apply_code_action(context: ToolContext, id: Id) -> AppliedActionResult:  # noqa: A002 - what everybody calls it
    """Apply one action that code_actions offered, if the file is still the same and the action still offered."""
    offered = _offered(context, id)
    (change,) = reviewed(context, [offered.change])
    diff = diff_of(change)
    new_errors, fixed_errors = make_change(context, change)
    return AppliedActionResult(
        path=spelled(offered.change.path),
        title=offered.offer.title,
        source=offered.offer.source,
        diff=diff.text,
        added=diff.added,
        removed=diff.removed,
        is_partial=stands_in_part([offered.change], [change]),
        new_errors=new_errors,
        fixed_errors=fixed_errors,
    )


def _preview(context: ToolContext, id: Id) -> str | None:  # noqa: A002
    """The diff that the action makes. Raises ToolError if it cannot be made."""
    return preview_of([_offered(context, id).change])


TOOL = Tool(apply_code_action, risk=Risk.EDITS, preview=_preview, wants_language_server=True, is_reviewable=True)


def _offered(context: ToolContext, text: str) -> OfferedChange:
    """The action that the id names, asked for again: nothing of what it says is taken for true."""
    wanted = ActionId.parsed(text)
    context.workspace.resolve(wanted.path)
    path = path_in_tree(context, wanted.path)
    image = current_image(context, path)
    if image is None or not wanted.is_of(image):
        raise ToolError(f"{spelled(path)} has changed since the action was offered; ask code_actions again.")
    offers = offers_for(context, path, image, Lines(wanted.line, wanted.line), [wanted.source])
    for offered in offers.changes():
        if offered.id == wanted:
            return offered
    reason = f" {offers.note}" if offers.note else ""
    raise ToolError(
        f"{wanted.source} does not offer that action for {spelled(path)} any more; ask code_actions again.{reason}"
    )
