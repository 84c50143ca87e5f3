"""What the server knows about a symbol, asked with lsprotocol's types and answered in lines and characters from 1."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsprotocol import types

from punie_tools.lsp.connection import Json, ServerRefusedError
from punie_tools.lsp.server import Server, path_of
from punie_tools.lsp.structure import structured, unstructured
from punie_tools.quality.text_positions import TextPositions
from punie_tools.symbols.place import Place

Direction = Literal["incoming", "outgoing"]


@dataclass(frozen=True)
class ServerSymbol:
    """A name that the server lists. `kind` is its word in lower case; `end_line` is that of the whole definition."""

    name: str
    kind: str
    place: Place
    end_line: int
    container_name: str


@dataclass(frozen=True)
class ServerCall:
    """One end of calls: who calls, or who is called; `lines` are those of the calls in `calls_in`."""

    symbol: ServerSymbol
    calls_in: Path
    lines: tuple[int, ...]


@dataclass(frozen=True)
class TextChange:
    """A stretch of a file, from one place up to another, and the text that comes there."""

    start: Place
    end: Place
    text: str


class Queries:
    """Questions to a server that knows the disk. All raise ServerFailedError and ToolCancelledError."""

    def __init__(self, server: Server, cancelled: threading.Event) -> None:
        self._server = server
        self._cancelled = cancelled
        self._positions = TextPositions()

    def definitions(self, at: Place) -> list[Place]:
        """Where the name at a place is defined, stubs before sources."""
        return self._places(types.TEXT_DOCUMENT_DEFINITION, at)

    def type_definitions(self, at: Place) -> list[Place]:
        """Where the type of the name at a place is defined."""
        return self._places(types.TEXT_DOCUMENT_TYPE_DEFINITION, at)

    def references(self, at: Place) -> list[Place]:
        """Every use of the name at a place, with its definition."""
        context = {"context": {"includeDeclaration": True}}
        return self._places(types.TEXT_DOCUMENT_REFERENCES, at, context)

    def hover(self, at: Place) -> str:
        """What an editor shows for the name at a place, as Markdown; empty for nothing."""
        answer = self._ask_at(types.TEXT_DOCUMENT_HOVER, at)
        if answer is None:
            return ""
        contents = structured(answer, types.Hover).contents
        return contents.value if isinstance(contents, types.MarkupContent) else ""

    def document_symbols(self, file: Path) -> list[ServerSymbol]:
        """The outline of a file, flat, in the file's order."""
        params = {"textDocument": {"uri": file.as_uri()}}
        answer = self._ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params, file)
        found = [structured(each, types.DocumentSymbol) for each in answer or ()]
        listed = [symbol for each in found for symbol in self._flat(file, each, "")]
        return sorted(listed, key=lambda symbol: (symbol.place.line, symbol.place.column))

    def workspace_symbols(self, query: str) -> list[ServerSymbol]:
        """The symbols of the tree whose name holds the query's letters in order."""
        answer = self._server.request(types.WORKSPACE_SYMBOL, {"query": query}, self._cancelled)
        found = [structured(each, types.SymbolInformation) for each in answer or ()]
        return [self._symbol_information(each) for each in found]

    def calls(self, at: Place, direction: Direction) -> list[ServerCall]:
        """Who calls the function at a place, or what it calls."""
        items = self._ask_at(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, at) or ()
        return [call for item in items for call in self._calls_of(item, direction)]

    def rename(self, at: Place, new_name: str) -> list[TextChange]:
        """The changes that give the symbol at a place another name; none if it cannot have one."""
        answer = self._ask_at(types.TEXT_DOCUMENT_RENAME, at, {"newName": new_name})
        if answer is None:
            return []
        documents = structured(answer, types.WorkspaceEdit).document_changes or ()
        return [
            self._text_change(path_of(document.text_document.uri), edit)
            for document in documents
            if isinstance(document, types.TextDocumentEdit)
            for edit in document.edits
            if isinstance(edit, types.TextEdit)
        ]

    def _text_change(self, file: Path, edit: types.TextEdit) -> TextChange:
        return TextChange(self._place(file, edit.range.start), self._place(file, edit.range.end), edit.new_text)

    def _calls_of(self, item: Json, direction: Direction) -> Iterable[ServerCall]:
        if direction == "incoming":
            answer = self._server.request(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": item}, self._cancelled)
            for each in answer or ():
                incoming = structured(each, types.CallHierarchyIncomingCall)
                yield self._call(incoming.from_, path_of(incoming.from_.uri), incoming.from_ranges)
        else:
            answer = self._server.request(types.CALL_HIERARCHY_OUTGOING_CALLS, {"item": item}, self._cancelled)
            for each in answer or ():
                outgoing = structured(each, types.CallHierarchyOutgoingCall)
                yield self._call(outgoing.to, path_of(item["uri"]), outgoing.from_ranges)

    def _call(self, item: types.CallHierarchyItem, calls_in: Path, ranges: Iterable[types.Range]) -> ServerCall:
        place = self._place(path_of(item.uri), item.selection_range.start)
        kind = item.kind.name.lower()
        symbol = ServerSymbol(item.name, kind, place, item.range.end.line + 1, container_name="")
        return ServerCall(symbol, calls_in, tuple(sorted({each.start.line + 1 for each in ranges})))

    def _places(self, method: str, at: Place, more: Json | None = None) -> list[Place]:
        answer = self._ask_at(method, at, more)
        found = [structured(each, types.Location) for each in answer or ()]
        places = (self._place(path_of(each.uri), each.range.start) for each in found)
        return list(dict.fromkeys(places))

    def _ask_at(self, method: str, at: Place, more: Json | None = None) -> Json:
        units = self._positions.utf16_units(at.file, at.line, at.column)
        position = unstructured(types.Position(line=at.line - 1, character=units))
        params: dict[str, Json] = {"textDocument": {"uri": at.file.as_uri()}, "position": position}
        return self._ask(method, params | (more or {}), at.file)

    def _ask(self, method: str, params: Json, file: Path) -> Json:
        """A file that the configuration leaves out is known to the server only while it is open."""
        if answer := self._request(method, params):
            return answer
        with self._server.opened([file]):
            return self._request(method, params)

    def _request(self, method: str, params: Json) -> Json:
        try:
            return self._server.request(method, params, self._cancelled)
        except ServerRefusedError:
            return None

    def _flat(self, file: Path, symbol: types.DocumentSymbol, container: str) -> Iterable[ServerSymbol]:
        place = self._place(file, symbol.selection_range.start)
        yield ServerSymbol(symbol.name, symbol.kind.name.lower(), place, symbol.range.end.line + 1, container)
        for child in symbol.children or ():
            yield from self._flat(file, child, symbol.name)

    def _symbol_information(self, symbol: types.SymbolInformation) -> ServerSymbol:
        file, where = path_of(symbol.location.uri), symbol.location.range
        container = symbol.container_name or ""
        place = self._place(file, where.start)
        return ServerSymbol(symbol.name, symbol.kind.name.lower(), place, where.end.line + 1, container)

    def _place(self, file: Path, start: types.Position) -> Place:
        line = start.line + 1
        return Place(file, line, self._positions.column(file, line, start.character))
