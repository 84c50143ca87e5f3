"""find_references: every use of a symbol."""

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
from punie_tools.sentences import counted, first_of
from punie_tools.symbols.place import Place
from punie_tools.symbols.text_fallback import text_references
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries

MOST_REFERENCES = 500


class Reference(Location):
    """A use of the symbol, or its definition."""

    is_definition: bool


class ReferencesResult(ToolResult):
    """The uses and the definitions, in the order of files and lines; the counts are those of the whole."""

    symbol: str
    reference_count: int
    file_count: int
    references: tuple[Reference, ...]
    truncated: bool = False
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        definitions = [f"{each.file}:{each.line}" for each in self.references if each.is_definition]
        defined = f" (defined at {first_of(definitions)})" if definitions else ""
        # Two uses in one line are one place to go to.
        lines = list(dict.fromkeys(f"{each.file}:{each.line}" for each in self.references if not each.is_definition))
        used = f": {first_of(lines, 5, total=self.reference_count if self.truncated else 0)}" if lines else ""
        return (
            f"{self.symbol}{defined} stands in {counted(self.reference_count, 'place')}"
            f" of {counted(self.file_count, 'file')}{used}."
        )


def find_references(context: ToolContext, symbol: Symbol, path: Within = None, line: Line = None) -> ReferencesResult:
    """Find every use of a symbol in the working tree, by its name, with its definition.

    If the name means several symbols, the uses of all of them are listed; a class, a path or a line narrows it.
    """
    candidates = candidates_for(context, symbol, path, line)

    def ask(queries: Queries) -> dict[Place, bool]:
        """Every place, and whether it is a definition."""
        found: dict[Place, bool] = {}
        for candidate in standing_on(line, candidates):
            at = place_of(candidate)
            # Several candidates may be places of one symbol, which is asked for once.
            if at not in found:
                definitions = {*queries.definitions(at), *([at] if candidate.is_definition else [])}
                found |= {place: place in definitions for place in queries.references(at)}
        return found

    def search() -> dict[Place, bool]:
        return text_references(context, candidates)

    found, note = ask_server(context, ask, search)
    places = sorted(found)
    shown = located(context.workspace, places[:MOST_REFERENCES])
    return ReferencesResult(
        symbol=symbol,
        reference_count=len(places),
        file_count=len({place.file for place in places}),
        references=tuple(
            Reference(**location.model_dump(), is_definition=found[place])
            for location, place in zip(shown, places, strict=False)
        ),
        truncated=len(places) > MOST_REFERENCES,
        note=note,
    )


TOOL = Tool(find_references, risk=Risk.READS, wants_language_server=True)
