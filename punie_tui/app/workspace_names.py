"""All files and symbols of a workspace by name, searched as the person types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

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
    _folders: Sequence[str] = ()
    """Nearest to the root first, each with a slash at its end."""

    def folders(self, query: str, most: int) -> list[str]:
        """Those whose path, or own name, begins with what is typed."""
        wanted = query.lower()
        found = (name for name in self._folders if name.lower().startswith(wanted) or f"/{wanted}" in _last(name))
        return list(islice((name for name in found if name != query), most))

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
    folders = {f"{parent}/" for name in files for parent in PurePosixPath(name).parents if parent.parts}
    by_depth = sorted(folders, key=lambda name: (name.count("/"), name))
    qualified = [each.qualified_name for each in definitions]
    return WorkspaceNames(files, NameIndex(files, "/"), definitions, NameIndex(qualified, "."), by_depth)


def _last(folder: str) -> str:
    """The own name of a folder, between its slashes, in small letters."""
    return f"/{folder.rstrip('/').rpartition('/')[2]}/".lower()
