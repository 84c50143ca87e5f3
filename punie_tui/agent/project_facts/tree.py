"""A working tree as the drafting of notes looks at it: names once, and the few files that tell of the project."""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from punie_tools.changes.tree_access import TreeAccess
from punie_tools.errors import ToolError
from punie_tools.files.every_file import every_file
from punie_tools.safe_text import safe_text
from punie_tools.tool import ToolContext

_MOST_BYTES = 256 * 1024
_MOST_CHARACTERS = 140


class ProjectTree:
    """Reads; starts nothing of the repository. A file that cannot be read is an empty one."""

    def __init__(self, context: ToolContext) -> None:
        """Raises ToolError."""
        self._access = TreeAccess(context.workspace.root)
        self.name = context.workspace.root.name
        self.files = sorted(every_file(context))

    def has(self, path: str) -> bool:
        return path in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.files)

    def text(self, path: str) -> str:
        if not self.has(path):
            return ""
        try:
            image = self._access.read(path, _MOST_BYTES)
        except ToolError:
            return ""
        return safe_text(image.data.decode("utf-8", "replace")) if image else ""

    def toml(self, path: str) -> Mapping[str, Any]:
        try:
            return tomllib.loads(self.text(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def json(self, path: str) -> Mapping[str, Any]:
        try:
            return _mapping(json.loads(self.text(path) or "{}"))
        except (ValueError, RecursionError):
            return {}

    @cached_property
    def pyproject(self) -> Mapping[str, Any]:
        return self.toml("pyproject.toml")

    def docstring(self, path: str) -> str:
        """The first line of a module's docstring; empty if there is none."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                told = ast.get_docstring(ast.parse(self.text(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ""
        return plain((told or "").strip().split("\n", 1)[0])


def table(values: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A table inside tables; empty if there is none."""
    found: object = values
    for name in path:
        found = _mapping(found).get(name)
    return _mapping(found)


def _mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a table; else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def plain(text: str) -> str:
    """On one line, of a bounded length, and no Markdown code of its own."""
    line = " ".join(safe_text(text, single_line=True).replace("`", "'").split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


def code(text: str) -> str:
    """As Markdown code."""
    return f"`{plain(text)}`"
