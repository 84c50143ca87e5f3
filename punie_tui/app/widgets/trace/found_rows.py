"""What was found in files, as rows of the trace below the file that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from punie_tools.files.grep import GrepResult
from punie_tools.lsp.call_hierarchy import CallHierarchyResult
from punie_tools.lsp.find_references import ReferencesResult
from punie_tools.lsp.goto_definition import DefinitionResult
from punie_tools.lsp.type_definition import TypeDefinitionResult
from punie_tools.lsp.workspace_symbols import WorkspaceSymbolsResult
from punie_tools.quality.ruff_check import RuffCheckResult
from punie_tools.quality.typecheck import TypeCheckResult
from punie_tools.tool import ToolResult
from punie_tui.app.widgets.trace.rows import MOST_ROWS, Row, and_more, hung, row, wrapped


class Found(NamedTuple):
    """A place and what is said of it; `code` names the rule, or the kind of place."""

    file: str
    line: int
    column: int | None
    message: str
    code: str = ""


def found_in(result: ToolResult) -> list[Found] | None:
    """What a result found in files; None where it is about something else."""
    match result:
        case TypeCheckResult():
            return [
                Found(each.file, each.line, each.column, f"{each.severity}: {each.message}", each.code)
                for each in result.errors
            ]
        case RuffCheckResult():
            return [
                Found(each.file, each.line, each.column, each.message, f"{each.code}{' fixable' * each.fixable}")
                for each in result.violations
            ]
        case GrepResult():
            return [Found(each.file, each.line, each.column, each.text.strip()) for each in result.matches]
        case DefinitionResult() | TypeDefinitionResult():
            return [Found(each.file, each.line, each.column, each.preview) for each in result.locations]
        case ReferencesResult():
            return [
                Found(each.file, each.line, each.column, each.preview, "definition" * each.is_definition)
                for each in result.references
            ]
        case WorkspaceSymbolsResult():
            return [Found(each.file, each.line, None, f"{each.kind} {each.name}") for each in result.symbols]
        case CallHierarchyResult():
            return [Found(each.file, each.line, each.column, f"{each.kind} {each.name}") for each in result.calls]
        case _:
            return None


def rows_by_file(found: Sequence[Found], width: int) -> list[Row]:
    """Grouped by file in their order."""
    files: dict[str, Row] = {}
    for each in found[:MOST_ROWS]:
        files.setdefault(each.file, row(each.file, "strong", path=each.file)).children += _rows_of(each, width)
    return [*files.values(), *and_more(len(found) - MOST_ROWS)]


def _rows_of(found: Found, width: int) -> list[Row]:
    """The first line of the message, wrapped; what it explains below is folded under it."""
    place = str(found.line) if found.column is None else f"{found.line}:{found.column}"
    told, _, explanation = found.message.partition("\n")
    text = told + (f"  {found.code}" if found.code else "")
    first, *rest = wrapped(text, max(width - len(place) - 5, 12), path=found.file, line=found.line)
    rows = hung(f"{place} ", [first, *rest])
    if explanation:
        rows[0].children = wrapped(explanation, max(width - 6, 12), "muted", path=found.file, line=found.line)
        rows[0].is_expanded = False
    return rows
