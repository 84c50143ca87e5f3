"""What the language server offers to change in a file: imports for unknown names, and imports in order.

The one code action that it has writes a type stub by itself, past the edit engine, and is not asked for. An import for
a name it tells as a completion, and only from modules that it has read; so those files of the project are opened that
have the name, and a draft that imports much used modules.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from punie_tools.lsp.connection import Json, ServerRefusedError
from punie_tools.lsp.queries import TextChange
from punie_tools.lsp.server import Server
from punie_tools.lsp.structure import structured, unstructured
from punie_tools.quality.text_positions import TextPositions
from punie_tools.symbols.place import Place
from punie_tools.symbols.python_files import PythonFiles

_UNKNOWN_NAME = "reportUndefinedVariable"
_ORGANIZE = "pyright.organizeimports"
_DRAFT_NAME = ".punie-imports.py"
_MOST_NAMES = 20
_MOST_FILES = 20
_MOST_IMPORTS = 5
_MUCH_USED = (
    "import abc, argparse, ast, asyncio, base64, collections, collections.abc, contextlib, copy, csv, dataclasses\n"
    "import datetime, decimal, enum, functools, glob, hashlib, heapq, inspect, io, itertools, json, logging, math\n"
    "import operator, os, os.path, pathlib, pickle, random, re, shlex, shutil, signal, socket, sqlite3, statistics\n"
    "import string, subprocess, sys, tempfile, textwrap, threading, time, traceback, types, typing, unittest\n"
    "import unittest.mock, urllib.parse, urllib.request, uuid, warnings, zipfile\n"
)


@dataclass(frozen=True)
class ServerFix:
    """Changes of one file that belong together. `line`, from 1, is where they are offered."""

    title: str
    line: int
    changes: tuple[TextChange, ...]
    is_order: bool = False
    """Whether it puts the imports in order; else it adds one."""


class Fixes:
    """Asks for the fixes of one file. All methods raise ServerFailedError and ToolCancelledError."""

    def __init__(self, server: Server, file: Path, cancelled: threading.Event) -> None:
        self._server = server
        self._file = file
        self._cancelled = cancelled
        self._positions = TextPositions()

    def imports(self, first: int, last: int | None) -> list[ServerFix]:
        """Imports for the unknown names on some lines, from 1; without a last one up to the end."""
        names = self._unknown_names(first, last)
        if not names:
            return []
        drafts = {self._server.root / _DRAFT_NAME: _draft(names)}
        with self._server.opened([self._file, *self._files_with(names)], drafts):
            self._server.wait_until_settled(self._cancelled)
            return [fix for name, end in names.items() for fix in self._imports_of(name, end)]

    def import_order(self) -> list[ServerFix]:
        """The imports in the server's order, if they are in another one."""
        with self._server.opened([self._file]):
            params = {"command": _ORGANIZE, "arguments": [self._file.as_uri()]}
            answer = self._ask(types.WORKSPACE_EXECUTE_COMMAND, params)
        found = structured(answer, types.WorkspaceEdit).changes if answer else None
        changes = tuple(self._change(edit) for edits in (found or {}).values() for edit in edits)
        line = min((change.start.line for change in changes), default=1)
        return [ServerFix("Organize imports", line, changes, is_order=True)] if changes else []

    def _unknown_names(self, first: int, last: int | None) -> dict[str, Place]:
        """Each name once, and where it ends where it stands first: one import serves all its uses."""
        found = (self._server.findings_of([self._file], self._cancelled) or {}).get(self._file, [])
        names: dict[str, Place] = {}
        for each in found:
            start, end = self._range(structured(each["range"], types.Range))
            name = self._positions.line(self._file, start.line)[start.column - 1 : end.column - 1]
            is_asked = start.line >= first and (last is None or start.line <= last)
            if each.get("code") == _UNKNOWN_NAME and is_asked and name.isidentifier():
                names.setdefault(name, end)
        return dict(list(names.items())[:_MOST_NAMES])

    def _files_with(self, names: dict[str, Place]) -> list[Path]:
        """Files of the project that define a name, before those that only have it, perhaps imported."""
        files = PythonFiles(self._server.root, self._server.root, self._cancelled)
        found = [path for name in names for path in sorted(files.with_definition(name))]
        found += [path for name in names for path in sorted(files.with_word(name))]
        others = [path for path in map(self._server.root.joinpath, dict.fromkeys(found)) if path != self._file]
        return others[:_MOST_FILES]

    def _imports_of(self, name: str, end: Place) -> Iterator[ServerFix]:
        """The completions of the name that bring an import, as the server ranks them."""
        units = self._positions.utf16_units(end.file, end.line, end.column)
        params: dict[str, Json] = {
            "textDocument": {"uri": self._file.as_uri()},
            "position": unstructured(types.Position(line=end.line - 1, character=units)),
        }
        answer = self._ask(types.TEXT_DOCUMENT_COMPLETION, params)
        items = structured(answer, types.CompletionList).items if answer else ()
        added = [item for item in items if item.label == name and item.additional_text_edits]
        for item in sorted(added, key=lambda item: item.sort_text or "")[:_MOST_IMPORTS]:
            shown = item.documentation.value if isinstance(item.documentation, types.MarkupContent) else name
            edits: list[types.TextEdit] = list(item.additional_text_edits or ())
            if isinstance(item.text_edit, types.TextEdit) and item.text_edit.new_text != name:
                # The name is reached through a module that is imported already.
                edits.append(item.text_edit)
            yield ServerFix(f"Add import: {shown}", end.line, tuple(self._change(edit) for edit in edits))

    def _ask(self, method: str, params: Json) -> Json:
        try:
            return self._server.request(method, params, self._cancelled)
        except ServerRefusedError:
            return None

    def _change(self, edit: types.TextEdit) -> TextChange:
        return TextChange(*self._range(edit.range), edit.new_text)

    def _range(self, span: types.Range) -> tuple[Place, Place]:
        return self._place(span.start), self._place(span.end)

    def _place(self, at: types.Position) -> Place:
        return Place(self._file, at.line + 1, self._positions.column(self._file, at.line + 1, at.character))


def _draft(names: Iterable[str]) -> str:
    """A text that makes the server read much used modules, and those that have an unknown name for theirs."""
    return _MUCH_USED + "".join(f"import {name}\n" for name in names if name in sys.stdlib_module_names)
