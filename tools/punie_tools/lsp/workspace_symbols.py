"""workspace_symbols: the names in the working tree that are like a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.lsp.symbol_question import ask_server, file_name
from punie_tools.sentences import counted, first_of
from punie_tools.symbols.text_fallback import definitions_like
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries

MOST_SYMBOLS = 200


class WorkspaceSymbol(BaseModel):
    """A name defined in the tree."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    file: str
    line: int
    container_name: str
    """The class or function it is defined in; empty at the top of a file."""


class WorkspaceSymbolsResult(ToolResult):
    """Names that hold the query's letters in their order: equal ones first, then those that begin with it."""

    query: str
    symbol_count: int
    symbols: tuple[WorkspaceSymbol, ...]
    truncated: bool = False
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        if not self.symbols:
            return f"No name is like {self.query!r}."
        named = [f"{each.kind} {each.name} ({each.file}:{each.line})" for each in self.symbols]
        first = first_of(named, total=self.symbol_count)
        return f"{counted(self.symbol_count, 'name')} like {self.query!r}: {first}."


def workspace_symbols(
    context: ToolContext, query: Annotated[str, Field(description="A name or some of its letters, in their order.")]
) -> WorkspaceSymbolsResult:
    """Find classes, functions, methods and variables of the working tree by a part of their name.

    `Class.method` finds the methods of classes that are like the first part.
    """
    container, _, name = query.strip().rpartition(".")
    if not name:
        raise ToolError("The query is empty; give a name or some letters of it.")

    def ask(queries: Queries) -> list[WorkspaceSymbol]:
        return [
            WorkspaceSymbol(
                name=each.name,
                kind=each.kind,
                file=file_name(context.workspace, each.place.file),
                line=each.place.line,
                container_name=each.container_name,
            )
            for each in queries.workspace_symbols(name)
        ]

    def search() -> list[WorkspaceSymbol]:
        return [
            WorkspaceSymbol(
                name=each.name,
                kind=each.kind,
                file=file_name(context.workspace, each.file),
                line=each.line,
                container_name=each.qualified_name.rpartition(".")[0].rpartition(".")[2],
            )
            for each in definitions_like(context, name)
        ]

    found, note = ask_server(context, ask, search)
    wanted = container.rpartition(".")[2].lower()
    symbols = [each for each in found if wanted in each.container_name.lower()]
    symbols.sort(key=lambda each: (_rank(each.name, name), each.file, each.line))
    return WorkspaceSymbolsResult(
        query=query,
        symbol_count=len(symbols),
        symbols=tuple(symbols[:MOST_SYMBOLS]),
        truncated=len(symbols) > MOST_SYMBOLS,
        note=note,
    )


TOOL = Tool(workspace_symbols, risk=Risk.READS, wants_language_server=True)


def _rank(name: str, query: str) -> int:
    """0 for the same name; the less alike the more."""
    likeness = (name == query, name.lower() == query.lower(), name.startswith(query), query.lower() in name.lower())
    return likeness.index(True) if True in likeness else len(likeness)
