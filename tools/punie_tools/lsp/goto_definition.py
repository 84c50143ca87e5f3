"""goto_definition: where a symbol is defined."""

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
)
from punie_tools.quality.sentences import counted, first_of
from punie_tools.symbols.place import Place
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries


class DefinitionResult(ToolResult):
    """The definitions that the name may mean, best first; in a library's file the path is absolute."""

    symbol: str
    locations: tuple[Location, ...]
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        if not self.locations:
            return f"{self.symbol} has no definition that can be found."
        places = first_of([f"{each.file}:{each.line}" for each in self.locations])
        if len(self.locations) == 1:
            return f"{self.symbol} is defined at {places}."
        return f"{self.symbol} has {counted(len(self.locations), 'definition')}: {places}."


def goto_definition(context: ToolContext, symbol: Symbol, path: Within = None, line: Line = None) -> DefinitionResult:
    """Find where a symbol is defined, by its name.

    Follows imports, also into libraries and their stubs. Several definitions come best first.
    """
    candidates = [place_of(each) for each in candidates_for(context, symbol, path, line)]

    def ask(queries: Queries) -> list[Place]:
        return [place for candidate in candidates for place in queries.definitions(candidate) or [candidate]]

    places, note = ask_server(context, ask, lambda: candidates)
    locations = located(context.workspace, list(dict.fromkeys(places)))
    return DefinitionResult(symbol=symbol, locations=locations, note=note)


TOOL = Tool(goto_definition, risk=Risk.READS, wants_language_server=True)
