"""From a symbol's name to an answer of the language server: find the places, ask there, or do without the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from punie_tools.lsp.connection import ServerFailedError
from punie_tools.lsp.language_server import language_server_of
from punie_tools.quality.text_positions import TextPositions
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.place import Place
from punie_tools.symbols.symbol_finder import find_symbol
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries

MOST_CANDIDATES = 20
_LONGEST_PREVIEW = 200

Answer = TypeVar("Answer")
Symbol = Annotated[str, Field(description="A name: `Class.method`, `module.name`, or the bare name.")]
Within = Annotated[str | None, Field(description="Look only in this file or folder.")]
Line = Annotated[int | None, Field(description="The line where the name stands, if several are alike.", ge=1)]


class Location(BaseModel):
    """A place in a file, with the text of its line."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    preview: str


def candidates_for(context: ToolContext, symbol: str, path: str | None, line: int | None) -> list[Candidate]:
    """The places that the name may mean, best first. Raises ToolError with the nearest names if there is none."""
    within = None if path is None else context.workspace.resolve(path)
    found = find_symbol(context.workspace.root, symbol, path=within, line=line, cancelled=context.cancelled)
    return found[:MOST_CANDIDATES]


def standing_on(line: int | None, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those on the line, if it has some: the server knows which of the others they are, and the text does not."""
    return [each for each in candidates if each.line == line] or candidates


def ask_server(
    context: ToolContext, ask: Callable[[Queries], Answer], without_server: Callable[[], Answer] | None
) -> tuple[Answer, str]:
    """The answer, and a note that is not empty if it had to do without the server.

    Raises ServerFailedError where only the server could know.
    """
    # Imported when it is needed: the protocol's types take as long as a whole call of another tool.
    from punie_tools.lsp.queries import Queries

    with language_server_of(context) as language_server:
        try:
            return language_server.call(lambda server: ask(Queries(server, context.cancelled)), context.cancelled), ""
        except ServerFailedError as failure:
            if without_server is None:
                raise
            return without_server(), f"{failure} This answer comes from the text of the files alone."


def place_of(candidate: Candidate) -> Place:
    """Where to ask about a candidate."""
    return Place(candidate.file, candidate.line, candidate.column)


def located(workspace: Workspace, places: Sequence[Place]) -> tuple[Location, ...]:
    """Places as results show them."""
    texts = TextPositions()
    return tuple(
        Location(
            file=file_name(workspace, place.file),
            line=place.line,
            column=place.column,
            preview=texts.line(place.file, place.line).strip()[:_LONGEST_PREVIEW],
        )
        for place in places
    )


def file_name(workspace: Workspace, file: Path) -> str:
    """Relative to the root; a library's file keeps its absolute path."""
    return workspace.relative(file) if file.is_relative_to(workspace.root) else str(file)
