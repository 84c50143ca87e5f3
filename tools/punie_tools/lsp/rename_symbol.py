"""rename_symbol: another name for a symbol, wherever it stands."""

from __future__ import annotations

import keyword
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import (
    ReviewedResult,
    check_place,
    current_image,
    diffs_of,
    make_compared_changes,
    preview_of,
    reviewed,
    stands_in_part,
)
from punie_tools.changes.planned_edit import PlannedEdit
from punie_tools.changes.replacements import Replacement, replaced
from punie_tools.changes.text_edit import DecodedText
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.lsp.symbol_question import Line, Symbol, Within, ask_server, candidates_for, file_name, place_of
from punie_tools.sentences import counted, first_of
from punie_tools.spelling import spelled
from punie_tools.symbols.candidates import Candidate
from punie_tools.tool import Risk, Tool, ToolContext

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries, TextChange


MOST_PLACES = 100


class RenamedPlace(BaseModel):
    """Where the new name stands."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int


class RenameResult(ReviewedResult):
    """What was changed, in all files or in none; `places` are the first hundred of them.

    Type errors are None where no language server is warm.
    """

    symbol: str
    new_name: str
    file_count: int
    edit_count: int
    diff: str
    places: tuple[RenamedPlace, ...] = ()
    new_errors: tuple[str, ...] | None = None
    fixed_errors: tuple[str, ...] | None = None

    @computed_field
    @property
    def summary(self) -> str:
        places = f"{counted(self.edit_count, 'place')} of {counted(self.file_count, 'file')}"
        errors = (
            f"; {counted(len(self.new_errors), 'new type error')}: {first_of(self.new_errors)}"
            if self.new_errors
            else ""
        )
        return f"Renamed {self.symbol} to {self.new_name} in {places}{self._named}{errors}{self._rest}."

    @property
    def _named(self) -> str:
        # Two places in one line are one to go to.
        lines = list(dict.fromkeys(f"{each.file}:{each.line}" for each in self.places))
        total = self.edit_count if self.edit_count > len(self.places) else 0
        return f": {first_of(lines, 5, total=total)}" if lines else ""


def rename_symbol(
    context: ToolContext,
    symbol: Symbol,
    new_name: Annotated[str, Field(description="The new name alone, without its class or module.")],
    path: Within = None,
    line: Line = None,
) -> RenameResult:
    """Rename a function, class, method or variable everywhere in the working tree, by its name.

    If several symbols are called so, nothing is changed, and they are named: a class, a path or a line narrows it.
    """
    plans = _plan(context, symbol, new_name, path, line)
    planned = [plan.change for plan in plans]
    changes = reviewed(context, planned)
    new_errors, fixed_errors = make_compared_changes(context, changes)
    places = [(plan.change.path, line) for plan in plans for line in plan.lines_in(changes)]
    return RenameResult(
        symbol=symbol,
        new_name=new_name,
        file_count=len(changes),
        edit_count=len(places),
        is_partial=stands_in_part(planned, changes),
        diff=diffs_of(changes).text,
        places=tuple(RenamedPlace(file=spelled(path), line=line) for path, line in places[:MOST_PLACES]),
        new_errors=new_errors,
        fixed_errors=fixed_errors,
    )


def _preview(
    context: ToolContext, symbol: str, new_name: str, path: str | None = None, line: int | None = None
) -> str | None:
    """The diff that renaming would make."""
    return preview_of([plan.change for plan in _plan(context, symbol, new_name, path, line)])


TOOL = Tool(rename_symbol, risk=Risk.EDITS, preview=_preview, wants_language_server=True, is_reviewable=True)


def _plan(context: ToolContext, symbol: str, new_name: str, path: str | None, line: int | None) -> list[PlannedEdit]:
    if not new_name.isidentifier() or keyword.iskeyword(new_name):
        raise ToolError(f"{new_name!r} cannot be a name in Python.")
    if new_name == symbol.rpartition(".")[2]:
        raise ToolError(f"{symbol} is called so already.")
    if path is not None:
        check_place(context, path, context.workspace.resolve(path))
    candidates = [each for each in candidates_for(context, symbol, path, line) if each.is_definition]
    if not candidates:
        raise ToolError(f"{symbol} is not defined in the working tree, so it is not renamed.")
    edits = _edits(context, candidates, symbol, new_name)
    by_file: dict[str, list[TextChange]] = defaultdict(list)
    for edit in edits:
        if not edit.start.file.is_relative_to(context.workspace.root):
            raise ToolError(f"{symbol} also stands in {edit.start.file}, outside the workspace; it is not renamed.")
        by_file[edit.start.file.relative_to(context.workspace.root).as_posix()].append(edit)
    old_name = candidates[0].name
    return [_file_edit(context, inside, old_name, found) for inside, found in sorted(by_file.items())]


def _edits(context: ToolContext, candidates: list[Candidate], symbol: str, new_name: str) -> list[TextChange]:
    def ask(queries: Queries) -> list[TextChange]:
        return queries.rename(place_of(candidates[0]), new_name)

    edits, _ = ask_server(context, ask, None)
    if not edits:
        raise ToolError(f"{symbol} cannot be renamed: the language server does not know it as a name of the project.")
    places = {edit.start for edit in edits}
    if others := [each for each in candidates if place_of(each) not in places]:
        named = [f"{file_name(context.workspace, each.file)}:{each.line}" for each in (candidates[0], *others)]
        raise ToolError(
            f"{symbol!r} names {counted(len(named), 'symbol')}: {first_of(named)}; "
            "say which by its class, a path or a line."
        )
    return edits


def _file_edit(context: ToolContext, path: str, old_name: str, edits: list[TextChange]) -> PlannedEdit:
    """The file is read after the server has read it: other text at a place says that it was changed in between."""
    before = current_image(context, path)
    if before is None:
        raise ToolError(f"{path} is gone; nothing was done.")
    decoded = DecodedText.of(path, before.data)
    replacements = tuple(
        Replacement(
            decoded.offset(edit.start.line, edit.start.column),
            decoded.offset(edit.end.line, edit.end.column),
            edit.text,
        )
        for edit in edits
    )
    if any(normalize("NFKC", decoded.text[each.start : each.end]) != old_name for each in replacements):
        raise ToolError(f"{decoded.shown_as} was changed by somebody else meanwhile; nothing was done.")
    after = decoded.encoded(replaced(decoded.text, replacements, decoded.shown_as))
    return PlannedEdit(FileChange(path, before, FileImage(after, before.mode)), decoded.text, replacements)
