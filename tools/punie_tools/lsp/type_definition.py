"""type_definition: where the type of a symbol is defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import computed_field

from punie_tools.lsp.symbol_question import (
    Line,
    Location,
    Symbol,
    Within,
    ask_server,
    candidates_for,
    located,
    place_of,
    standing_on,
)
from punie_tools.sentences import first_of
from punie_tools.symbols.place import Place
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries


class TypeDefinitionResult(ToolResult):
    """The classes that the values of the name belong to; in a library's file the path is absolute."""

    symbol: str
    locations: tuple[Location, ...]
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        if not self.locations:
            return f"The type of {self.symbol} has no definition that can be found."
        return f"The type of {self.symbol} is defined at {first_of([f'{at.file}:{at.line}' for at in self.locations])}."


def type_definition(
    context: ToolContext, symbol: Symbol, path: Within = None, line: Line = None
) -> TypeDefinitionResult:
    """Find the class that a variable, parameter or attribute holds a value of, by its name."""
    candidates = [place_of(each) for each in standing_on(line, candidates_for(context, symbol, path, line))]

    def ask(queries: Queries) -> list[Place]:
        return [place for candidate in candidates for place in queries.type_definitions(candidate)]

    places, note = ask_server(context, ask, list)
    locations = located(context.workspace, list(dict.fromkeys(places)))
    return TypeDefinitionResult(symbol=symbol, locations=locations, note=note)


TOOL = Tool(type_definition, risk=Risk.READS, wants_language_server=True)
