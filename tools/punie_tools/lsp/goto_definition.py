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
    file_name,
    located,
    place_of,
    standing_on,
)
from punie_tools.sentences import counted, first_of
from punie_tools.symbols.candidates import Candidate
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
            return f"{self.symbol} has no definition that can be found. {self.note}".rstrip()
        places = first_of([f"{each.file}:{each.line}" for each in self.locations])
        if len(self.locations) == 1:
            return f"{self.symbol} is defined at {places}."
        return f"{self.symbol} has {counted(len(self.locations), 'definition')}: {places}."


def goto_definition(context: ToolContext, symbol: Symbol, path: Within = None, line: Line = None) -> DefinitionResult:
    """Find where a symbol is defined, by its name.

    Follows imports, also into libraries and their stubs. Several definitions come best first.
    """
    candidates = candidates_for(context, symbol, path, line)

    def ask(queries: Queries) -> list[Place]:
        return [place for candidate in standing_on(line, candidates) for place in _definitions(queries, candidate)]

    places, note = ask_server(context, ask, lambda: [place_of(each) for each in candidates])
    locations = located(context.workspace, list(dict.fromkeys(places)))
    if not locations:
        used = f"{file_name(context.workspace, candidates[0].file)}:{candidates[0].line}"
        note = f"It is used at {used}; the package that should define it may not be installed for the project."
    return DefinitionResult(symbol=symbol, locations=locations, note=note)


TOOL = Tool(goto_definition, risk=Risk.READS, wants_language_server=True)


def _definitions(queries: Queries, candidate: Candidate) -> list[Place]:
    """Where the server leads, which may be the candidate itself; a mere use of a name defines nothing."""
    at = place_of(candidate)
    return queries.definitions(at) or ([at] if candidate.is_definition else [])
