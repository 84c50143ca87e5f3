"""document_symbols: the outline of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.lsp.symbol_question import ask_server
from punie_tools.sentences import counted, first_of
from punie_tools.symbols.text_fallback import classes_and_functions, outline
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries

MOST_SYMBOLS = 5_000
_SUFFIXES = (".py", ".pyi")


class DocumentSymbol(BaseModel):
    """A name that the file defines. `line` is that of the name, `end_line` the last one of its definition."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    line: int
    end_line: int
    container_name: str
    """The class or function it is defined in; empty at the top."""


class DocumentSymbolsResult(ToolResult):
    """The names that the file defines, flat, in its order; local variables and parameters too."""

    path: str
    symbol_count: int
    symbols: tuple[DocumentSymbol, ...]
    truncated: bool = False
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        top = [f"{each.kind} {each.name} ({self.path}:{each.line})" for each in self.symbols if not each.container_name]
        if not top:
            return f"{self.path} defines no names."
        return f"{self.path} defines {counted(self.symbol_count, 'name')}, at its top {first_of(top, most=5)}."


def document_symbols(
    context: ToolContext, path: Annotated[str, Field(description="A Python file.")]
) -> DocumentSymbolsResult:
    """List what a Python file defines: classes, functions, methods, variables, with their lines."""
    file = context.workspace.resolve(path)
    if file.is_dir() or file.suffix not in _SUFFIXES:
        raise ToolError(f"{path!r} is no Python file; document_symbols reads .py and .pyi files.")

    def ask(queries: Queries) -> list[DocumentSymbol]:
        found = [
            DocumentSymbol(
                name=each.name,
                kind=each.kind,
                line=each.place.line,
                end_line=each.end_line,
                container_name=each.container_name,
            )
            for each in queries.document_symbols(file)
        ]
        return _with_left_out(found, classes_and_functions(file))

    def read() -> list[DocumentSymbol]:
        return [_symbol(row) for row in outline(file)]

    symbols, note = ask_server(context, ask, read)
    return DocumentSymbolsResult(
        path=context.workspace.relative(file),
        symbol_count=len(symbols),
        symbols=tuple(symbols[:MOST_SYMBOLS]),
        truncated=len(symbols) > MOST_SYMBOLS,
        note=note,
    )


TOOL = Tool(document_symbols, risk=Risk.READS, wants_language_server=True)


def _symbol(row: tuple[str, str, int, int, str]) -> DocumentSymbol:
    name, kind, line, end_line, container = row
    return DocumentSymbol(name=name, kind=kind, line=line, end_line=end_line, container_name=container)


def _with_left_out(
    found: list[DocumentSymbol], defined: Sequence[tuple[str, str, int, int, str]]
) -> list[DocumentSymbol]:
    """The server lists the last of several definitions of a name, and none in code that this platform cannot reach."""
    known = {(each.name, each.line) for each in found}
    left_out = [_symbol(row) for row in defined if (row[0], row[2]) not in known]
    return sorted([*found, *left_out], key=lambda each: each.line) if left_out else found
