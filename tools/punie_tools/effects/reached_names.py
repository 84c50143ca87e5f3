"""Which names of changed files each test reaches, and which of them each line of a file is about."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.tree_access import FileImage
from punie_tools.imports.import_graph import ImportGraph, Modules
from punie_tools.imports.named_code import NamedCode, named_code_of
from punie_tools.imports.reached_code import Place, ReachedCode
from punie_tools.tool import ToolContext

SECONDS_TO_READ = 6.0
"""Where it takes longer, no test is said to reach a hunk: a part of them would mislead."""

_LARGEST_SOURCE = 1_000_000


class KnownCode:
    """What was read of files; one that did not change since is not read again."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], NamedCode | None]] = {}

    def reached_by_tests(
        self,
        context: ToolContext,
        graph: ImportGraph,
        tests: Collection[tuple[str, str]],
        proposal: Sequence[FileChange],
        *,
        seconds: float = SECONDS_TO_READ,
    ) -> dict[str, frozenset[Place]]:
        """By each test's node id what it reaches of the changed files, before or after; `tests` have their files too.

        Empty where that would take longer than `seconds`. Raises ToolCancelledError.
        """
        until = time.monotonic() + seconds
        root = context.workspace.root
        code = ReachedCode(graph.imports, Modules(graph.imports), lambda file: self._code(root / file))
        wanted = [(change.path, name) for change in proposal for name in _names_in(change)]
        reached: dict[str, frozenset[Place]] = {}
        for node_id, file in tests:
            context.raise_if_cancelled()
            if time.monotonic() >= until:
                return {}
            path, _, name = node_id.partition("::")
            search = code.from_test(path if path in graph.imports else file, name)
            reached[node_id] = frozenset(place for place in wanted if search.has(place))
        return reached

    def _code(self, path: Path) -> NamedCode | None:
        try:
            now = path.stat()
        except OSError:
            return None
        state = (now.st_mtime_ns, now.st_size)
        known = self._read.get(path)
        if known is None or known[0] != state:
            known = self._read[path] = state, _read(path, now.st_size)
        return known[1]


def _read(path: Path, size: int) -> NamedCode | None:
    try:
        return named_code_of(path.read_bytes()) if size <= _LARGEST_SOURCE else None
    except OSError:
        return None


def _names_in(change: FileChange) -> Iterable[str]:
    """All that the file defines, before or after."""
    return {name for image in (change.before, change.after) for name in _defined(change.path, image)}


def _defined(path: str, image: FileImage | None) -> Iterable[str]:
    code = named_code_of(image.data) if image and path.endswith(".py") else None
    return code.definitions if code else ()
