"""code_actions: what ruff and the language server offer to change at a place."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.actions.offer import Kind, Lines, Source
from punie_tools.actions.offers import OfferedChange, offers_for
from punie_tools.changes.change_set import SIZE_LIMIT
from punie_tools.changes.file_edit import diff_of, path_in_tree
from punie_tools.changes.tree_access import TreeAccess
from punie_tools.errors import ToolError
from punie_tools.sentences import counted, first_of
from punie_tools.spelling import spelled
from punie_tools.tool import ResultRow, Risk, Tool, ToolContext, ToolResult

MOST_ACTIONS = 100


class CodeAction(ResultRow):
    """A change that is offered. `apply_code_action` makes it, by its `id`, while the file stays as it is.

    `is_safe` is whether the program does the same afterwards; None where the source does not say.
    """

    id: str
    title: str
    kind: Kind
    source: Source
    line: int
    is_safe: bool | None
    diff: str

    def as_row(self) -> str:
        """Without the diff, which takes lines of its own."""
        unsafe = " (unsafe)" if self.is_safe is False else ""
        return f"{self.line}  {self.source}  {self.title}{unsafe}  {self.id}"


class CodeActionsResult(ToolResult):
    """What is offered: ruff's fixes, the language server's, then comments. `note` says if the server could not tell."""

    path: str
    action_count: int
    actions: tuple[CodeAction, ...]
    truncated: bool = False
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        if not self.actions:
            return f"No code actions for {self.path}."
        named = first_of([action.title for action in self.actions])
        return f"{counted(self.action_count, 'code action')} for {self.path}: {named}."


def code_actions(
    context: ToolContext,
    path: str,
    line: Annotated[int | None, Field(description="Only what is offered on this line.", ge=1)] = None,
    end_line: Annotated[int | None, Field(description="With line: up to this line, included.", ge=1)] = None,
) -> CodeActionsResult:
    """List the fixes that ruff and pyright offer for a Python file, or for some of its lines, each with its diff.

    ruff offers its fixes and `# noqa` comments, pyright imports for unknown names and imports in order.
    """
    if end_line is not None and (line is None or end_line < line):
        raise ToolError(f"end_line {end_line} needs a line before it.")
    context.workspace.resolve(path)
    inside = path_in_tree(context, path)
    image = TreeAccess(context.workspace.root).read(inside, SIZE_LIMIT)
    if image is None:
        raise ToolError(f"There is no file {path!r} any more.")
    offers = offers_for(context, inside, image, Lines(line or 1, end_line or line))
    shown = list(islice(offers.changes(), MOST_ACTIONS))
    return CodeActionsResult(
        path=spelled(inside),
        action_count=len(offers.found) if len(shown) == MOST_ACTIONS else len(shown),
        actions=tuple(map(_action, shown)),
        truncated=len(shown) == MOST_ACTIONS < len(offers.found),
        note=offers.note,
    )


TOOL = Tool(code_actions, risk=Risk.READS, wants_language_server=True)


def _action(offered: OfferedChange) -> CodeAction:
    offer = offered.offer
    return CodeAction(
        id=str(offered.id),
        title=offer.title,
        kind=offer.kind,
        source=offer.source,
        line=offer.line,
        is_safe=offer.is_safe,
        diff=diff_of(offered.change).text,
    )
