"""take_back: hunks of an earlier change taken back in the working tree, because the person marked them so."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import computed_field

from punie_tools.changes.file_edit import ReviewedResult, diffs_of, make_changes, reviewed, stands_in_part
from punie_tools.changes.review import HunkPlace, Review
from punie_tools.changes.taking_back import nothing_to_take_back, told_left, without_hunks
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.sentences import counted, first_of
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult


class TakeBackResult(ReviewedResult):
    """What became of the working tree; `left` says which hunks stay, and why."""

    paths: tuple[str, ...]
    added: int
    removed: int
    left: str

    @computed_field
    @property
    def summary(self) -> str:
        left = f"; not {self.left}" if self.left else ""
        return (
            f"Taken back in {counted(len(self.paths), 'file')} (+{self.added} -{self.removed} lines): "
            f"{first_of(self.paths)}{left}{self._rest}."
        )


def taking_back(review: Review, places: Collection[HunkPlace]) -> Tool:
    """A tool for these hunks alone, which no model is offered.

    The person has seen the hunks, so that it proposes its changes only where a file was changed since.
    """

    def take_back(context: ToolContext) -> ToolResult:
        """Take hunks of an earlier change back in the working tree."""
        found = without_hunks(review, places, TreeAccess(context.workspace.root))
        if not found.changes:
            raise nothing_to_take_back(review, found.left)
        changes = found.changes if found.is_as_made else reviewed(context, found.changes)
        make_changes(context, changes)
        diff = diffs_of(changes)
        return TakeBackResult(
            paths=tuple(change.path for change in changes),
            added=diff.added,
            removed=diff.removed,
            is_partial=stands_in_part(found.changes, changes),
            left=told_left(review, found.left) if found.left else "",
        )

    return Tool(take_back, risk=Risk.EDITS, is_reviewable=True)
