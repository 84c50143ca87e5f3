"""call_hierarchy: who calls a function, or what it calls."""

from __future__ import annotations

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
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries, ServerCall

MOST_CALLS = 500


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

    @computed_field
    @property
    def summary(self) -> str:
        does = "is called by" if self.direction == "incoming" else "calls"
        if not self.calls:
            return f"{self.symbol} {does} nothing that the code shows."
        named = first_of([f"{each.name} ({each.file}:{each.line})" for each in self.calls], total=self.call_count)
        return f"{self.symbol} {does} {counted(self.call_count, 'function')}: {named}."


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

    def ask(queries: Queries) -> list[tuple[str, ServerCall]]:
        return [
            (candidate.qualified_name, call)
            for candidate in standing_on(line, candidates)
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
    )


TOOL = Tool(call_hierarchy, risk=Risk.READS, wants_language_server=True)


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
