"""All files and symbols of a workspace by name, searched as the person types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tools.files.every_file import every_file
from punie_tools.symbols.definition_lines import DefinitionLine, definition_lines
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.app.name_index import NameIndex


@dataclass(frozen=True)
class WorkspaceNames:
    """One reading of the tree."""

    _files: Sequence[str]
    _file_index: NameIndex
    _definitions: Sequence[DefinitionLine]
    _symbol_index: NameIndex

    def best(self, query: str, most: int, is_cancelled: Callable[[], bool]) -> list[str | DefinitionLine]:
        """Paths of files and definitions, those that fit best first; without a query the files nearest to the root."""
        # What has a slash is no symbol, and without a letter there would be too many.
        files = self._file_index.best(query, most, is_cancelled)
        symbols = self._symbol_index.best(query, most, is_cancelled) if query and "/" not in query else []
        ranked = [(*rank[:2], 0, place) for rank, place in files] + [(*rank[:2], 1, place) for rank, place in symbols]
        return [
            self._definitions[place] if is_symbol else self._files[place] for _, _, is_symbol, place in sorted(ranked)
        ][:most]


def read_workspace_names(folder: Path) -> WorkspaceNames:
    """Reads the tree: not for the UI thread. Raises ToolError and OSError."""
    context = ToolContext(Workspace.at(folder))
    files = [name for name in every_file(context) if "\n" not in name]
    definitions = definition_lines(context)
    qualified = [each.qualified_name for each in definitions]
    return WorkspaceNames(files, NameIndex(files, "/"), definitions, NameIndex(qualified, "."))
