"""Which test files a change can reach, and by which imports."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from punie_tools.errors import ToolCancelledError
from punie_tools.imports.import_graph import ImportGraph
from punie_tools.quality.collected_files import CollectedFiles

# What pytest, the interpreter or the packages depend on, and no import shows.
_CONCERN_ALL = (
    *("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", ".pytest.ini", "tox.ini", "noxfile.py", ".coveragerc"),
    *("requirements*.txt", "constraints*.txt", "*.lock", "Pipfile", "environment*.yml", ".env", ".python-version"),
    *("*.c", "*.cc", "*.cpp", "*.h", "*.pyx", "*.pxd", "*.rs", "*.so", "Cargo.toml", "meson.build", "CMakeLists.txt"),
)
_FOLDERS_NOT_SEARCHED = frozenset({"node_modules", "__pycache__", "venv", "CVS", "{arch}", "_darcs"})
_LARGEST_SOURCE = 5_000_000


@dataclass(frozen=True)
class AffectedTests:
    """`chains` maps each test file that must run to the files from it to a changed one."""

    chains: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    untraced: tuple[str, ...]
    """Changed files that are no Python, and that no code names: no test is run for them."""
    everything_because: str = ""
    graph: ImportGraph | None = None

    def reaching(self, path: str) -> frozenset[str] | None:
        """The test files that can reach one of the changed files; None where that is not known, as all tests run."""
        return frozenset(self.graph.chains_to([path])).intersection(self.chains) if self.graph else None


def affected_tests(root: Path, changed: Sequence[str], cancelled: threading.Event) -> AffectedTests:
    """`changed` are paths from the root, also of files that are gone."""
    files = list(python_files(root, cancelled))
    collected = CollectedFiles.of(root)
    tests = [file for file in files if collected.holds(file)]
    if concerning_all := [file for file in changed if _concerns_all(file)]:
        return AffectedTests({}, (), (), everything_because=concerning_all[0])
    graph = _graph(root, files, changed, cancelled)
    chains = graph.chains_to(changed)
    reached = {file: chains[file] for file in tests if file in chains}
    return AffectedTests(
        chains=reached,
        left_out=tuple(file for file in tests if file not in reached),
        untraced=tuple(file for file in changed if not file.endswith(".py") and _is_alone(file, graph)),
        graph=graph,
    )


def _graph(root: Path, files: list[str], changed: Sequence[str], cancelled: threading.Event) -> ImportGraph:
    def read(file: str) -> bytes:
        if cancelled.is_set():
            raise ToolCancelledError("Stopped.")
        try:
            path = root / file
            return path.read_bytes() if path.stat().st_size <= _LARGEST_SOURCE else b""
        except OSError:
            return b""

    known = set(files)
    gone = [file for file in changed if file.endswith(".py") and file not in known]
    return ImportGraph.of(files, gone, [file for file in changed if not file.endswith(".py")], read)


def _is_alone(file: str, graph: ImportGraph) -> bool:
    return not any(file in imported for imported in graph.imports.values())


def _concerns_all(file: str) -> bool:
    return any(fnmatchcase(PurePosixPath(file).name, pattern) for pattern in _CONCERN_ALL)


def python_files(root: Path, cancelled: threading.Event) -> Iterator[str]:
    """Every Python file that pytest could collect or import; environments and hidden folders are not searched."""
    for folder, folders, names in os.walk(root):
        if cancelled.is_set():
            raise ToolCancelledError("Stopped.")
        if "pyvenv.cfg" in names and Path(folder) != root:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOLDERS_NOT_SEARCHED)
        below = Path(folder).relative_to(root)
        yield from ((below / name).as_posix() for name in sorted(names) if name.endswith(".py"))
