"""call_hierarchy: who calls a function, or what it calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.lsp.symbol_question import (
    Line,
    Symbol,
    Within,
    ask_server,
    candidates_for,
    file_name,
    place_of,
    standing_on,
)
from punie_tools.sentences import counted, first_of
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.place import Place
from punie_tools.symbols.python_source import read_source
from punie_tools.symbols.text_fallback import text_references
from punie_tools.symbols.uses import uses
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries, ServerCall

MOST_CALLS = 500
MOST_IMPORTS = 50
"""Of the same name, that are looked at to see whether they lead anywhere."""


class Call(BaseModel):
    """The other end of calls: the caller, or what is called, and the lines of the calls in `calls_in`."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    file: str
    line: int
    column: int
    calls_in: str
    call_lines: tuple[int, ...]
    target: str
    """Which of the symbols that the name may mean."""


class CallHierarchyResult(ToolResult):
    """The callers or the callees, one entry each."""

    symbol: str
    direction: Literal["incoming", "outgoing"]
    call_count: int
    file_count: int
    calls: tuple[Call, ...]
    truncated: bool = False
    not_followed: tuple[str, ...] = ()
    """Where the name is imported from what cannot be found: whether that is this symbol, and calls it, is not known."""

    @computed_field
    @property
    def summary(self) -> str:
        does = "is called by" if self.direction == "incoming" else "calls"
        if not self.calls:
            return f"{self.symbol} {does} nothing that the code shows{self._doubt}."
        named = first_of([f"{each.name} ({each.file}:{each.line})" for each in self.calls], total=self.call_count)
        return f"{self.symbol} {does} {counted(self.call_count, 'function')}: {named}{self._doubt}."

    @property
    def _doubt(self) -> str:
        if not self.not_followed:
            return ""
        return f"; {first_of(self.not_followed)} could not be followed: what the name is imported from cannot be found"


def call_hierarchy(
    context: ToolContext,
    symbol: Symbol,
    direction: Annotated[
        Literal["incoming", "outgoing"], Field(description="incoming: who calls it; outgoing: what it calls.")
    ] = "incoming",
    path: Within = None,
    line: Line = None,
) -> CallHierarchyResult:
    """List the functions that call a function or method, or those that it calls, by its name."""
    candidates = candidates_for(context, symbol, path, line)
    not_followed: list[Place] = []

    def ask(queries: Queries) -> list[tuple[str, ServerCall]]:
        meant = standing_on(line, candidates)
        if direction == "incoming":
            known = {place for each in meant for place in queries.references(place_of(each))}
            unknown = islice((place for place in _imports(context, meant) if place not in known), MOST_IMPORTS)
            not_followed.extend(place for place in unknown if not queries.definitions(place))
        return [
            (candidate.qualified_name, call)
            for candidate in meant
            for call in queries.calls(place_of(candidate), direction)
        ]

    found, _ = ask_server(context, ask, None)
    calls = [_call(context, target, call) for target, call in found]
    return CallHierarchyResult(
        symbol=symbol,
        direction=direction,
        call_count=len(calls),
        file_count=len({call.file for call in calls}),
        calls=tuple(calls[:MOST_CALLS]),
        truncated=len(calls) > MOST_CALLS,
        not_followed=tuple(f"{file_name(context.workspace, place.file)}:{place.line}" for place in not_followed),
    )


TOOL = Tool(call_hierarchy, risk=Risk.READS, wants_language_server=True)


def _imports(context: ToolContext, candidates: Sequence[Candidate]) -> Iterator[Place]:
    """Where a name of theirs is imported, as the text tells."""
    names = sorted({each.name for each in candidates})
    for file in sorted({place.file for place in text_references(context, candidates)}):
        if source := read_source(file):
            found = (use for name in names for use in uses(source, name) if use.is_imported)
            yield from (Place(file, *source.place(use.offset)) for use in found)


def _call(context: ToolContext, target: str, call: ServerCall) -> Call:
    symbol = call.symbol
    return Call(
        name=symbol.name,
        kind=symbol.kind,
        file=file_name(context.workspace, symbol.place.file),
        line=symbol.place.line,
        column=symbol.place.column,
        calls_in=file_name(context.workspace, call.calls_in),
        call_lines=call.lines,
        target=target,
    )
