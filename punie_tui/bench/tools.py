"""Speed of each tool against the plain program that it stands on, in interleaved rounds on one generated tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.quality.pyright_process import find_pyright
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.bench.tree import Tree, make_tree

MOST_COLD_ROUNDS = 3
"""A cold call of the language server takes as long as the command; a few tell enough."""


class BenchError(Exception):
    """The bench cannot go on; the text says why."""


@dataclass(frozen=True)
class Row:
    """One line of the table. `command` is the plain program; `edit` changes the tree before every timed call.

    After an edit there is no cold call: what the first one costs does not depend on it.
    """

    tool: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    command: Sequence[str] = ()
    name: str = ""
    edit: Callable[[Tree, int], None] | None = None

    @property
    def label(self) -> str:
        return self.name or self.tool

    @property
    def command_line(self) -> str:
        """As a person would type it."""
        return " ".join(["python" if word == sys.executable else word for word in self.command])


PART = "shop/part_000/module_0000.py"
LOOP = f"found = [read_file({PART!r}, start_line=1, end_line=1) for _ in range(1000)]; sum(f.line_count for f in found)"
PYRIGHT = ("pyright", "--outputjson", "--pythonpath", sys.executable)

ROWS: tuple[Row, ...] = (
    Row("read_file", {"path": PART}, ("cat", PART)),
    # Not `-g "*.py"`, which lists ignored files also.
    Row("list_files", {"pattern": "*.py"}, ("rg", "--files", "-t", "py", ".")),
    Row("grep", {"pattern": "TODO"}, ("rg", "-n", "--column", "TODO", ".")),
    Row("execute_code", {"code": "print([m.file for m in grep('TODO').matches])"}),
    Row("execute_code", {"code": LOOP}, name="execute_code, 1,000 results"),
    Row("ruff_check", {}, ("ruff", "check", "--no-cache", "--output-format", "json", ".")),
    Row("pytest_run", {"target": "tests"}, (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")),
    Row("git_status", {}, ("git", "status", "--porcelain=v2", "--branch")),
    Row("git_diff", {}, ("git", "diff")),
    Row("git_log", {}, ("git", "log", "-10", "--name-only")),
    Row("git_show", {}, ("git", "show")),
    Row("git_blame", {"path": PART}, ("git", "blame", PART)),
    Row("git_branches", {}, ("git", "branch", "-a", "-vv")),
    Row("typecheck", {}, PYRIGHT),
    Row("typecheck", {}, PYRIGHT, "typecheck, leaf edited", Tree.edit_leaf),
    Row("typecheck", {}, PYRIGHT, "typecheck, a tenth edited", Tree.edit_base),
    Row("typecheck", {}, PYRIGHT, "typecheck, cycle edited", Tree.edit_cycle),
    Row("goto_definition", {"symbol": "Item0"}),
    Row("find_references", {"symbol": "rounded"}),
    Row("hover", {"symbol": "rounded"}),
    Row("document_symbols", {"path": PART}),
    Row("workspace_symbols", {"query": "cheapest_0"}),
    Row("call_hierarchy", {"symbol": "rounded"}),
    Row("type_definition", {"symbol": "Item0"}),
)


@dataclass(frozen=True)
class Figures:
    """Medians in seconds; None for what a row does not have."""

    name: str
    tool: str
    command: str
    cold_seconds: float | None
    warm_seconds: float
    command_seconds: float | None

    @property
    def cold_ratio(self) -> float | None:
        return _ratio(self.cold_seconds, self.command_seconds)

    @property
    def warm_ratio(self) -> float | None:
        return _ratio(self.warm_seconds, self.command_seconds)


def rows_named(names: Sequence[str]) -> tuple[Row, ...]:
    """The rows of these tools, all without a name. Raises BenchError for one that has none."""
    measured = sorted({row.tool for row in ROWS})
    if unknown := [name for name in names if name not in measured]:
        raise BenchError(f"{unknown[0]} is not measured; these are: {', '.join(measured)}.")
    return tuple(row for row in ROWS if not names or row.tool in names)


def measure_tools(
    files: int, rounds: int, rows: Sequence[Row] = ROWS, *, report: Callable[[str], None] = lambda text: None
) -> list[Figures]:
    """Measure on a fresh tree of about that many files; `report` is told what goes on. Raises BenchError, ToolError."""
    with tempfile.TemporaryDirectory(prefix="punie-bench-", ignore_cleanup_errors=True) as folder:
        report(f"making a tree of {files:,} files")
        try:
            tree = make_tree(Path(folder, "tree"), files)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchError(f"the tree could not be made: {error}") from None
        with _bench(tree, Path(folder, "home")) as bench:
            measured: list[Figures] = []
            for number, row in enumerate(rows, start=1):
                report(f"{number}/{len(rows)} {row.label}")
                measured.append(bench.measure(row, rounds))
            return measured


@contextmanager
def _bench(tree: Tree, home: Path) -> Generator[_Bench]:
    workspace = Workspace.at(tree.root, is_trusted=True, python=sys.executable)
    server = LanguageServer(workspace)
    try:
        yield _Bench(tree, ToolContext(workspace, language_server=server), _environment(home))
    finally:
        server.close()


@dataclass(frozen=True)
class _Bench:
    """Times calls on one tree. A warm call is made in this process, which keeps what it knows of the tree."""

    tree: Tree
    context: ToolContext
    environment: Mapping[str, str]

    def measure(self, row: Row, rounds: int) -> Figures:
        """One call of each kind that does not count, then rounds in which they take turns."""
        self._warm(row)
        if row.command:
            self._plain(row)
        cold: list[float] = []
        warm: list[float] = []
        plain: list[float] = []
        for turn in range(rounds):
            if row.edit is None and turn < MOST_COLD_ROUNDS:
                cold.append(_seconds(lambda: self._cold(row)))
            if row.edit:
                row.edit(self.tree, turn)
            warm.append(_seconds(lambda: self._warm(row)))
            if row.command:
                plain.append(_seconds(lambda: self._plain(row)))
        return Figures(row.label, row.tool, row.command_line, _median(cold), median(warm), _median(plain))

    def _warm(self, row: Row) -> None:
        find_tool(row.tool).run(self.context, row.arguments)

    def _cold(self, row: Row) -> None:
        """A process of its own, which finds no language server and leaves none."""
        words = [f"{name}={value}" for name, value in row.arguments.items()]
        self._start([sys.executable, "-P", "-m", "punie_tui", "tool", row.tool, *words], accepted=(0,))

    def _plain(self, row: Row) -> None:
        """Findings and failing tests are told by 1."""
        self._start([*_program(row.command[0]), *row.command[1:]], accepted=(0, 1))

    def _start(self, command: Sequence[str], accepted: Sequence[int]) -> None:
        finished = subprocess.run(
            command, cwd=self.tree.root, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if finished.returncode not in accepted:
            reason = finished.stderr.decode("utf-8", "replace").strip()[-300:]
            raise BenchError(f"{' '.join(command)} failed: {reason or f'exit code {finished.returncode}'}")


def _seconds(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _median(seconds: list[float]) -> float | None:
    return median(seconds) if seconds else None


def _ratio(seconds: float | None, command_seconds: float | None) -> float | None:
    return None if seconds is None or command_seconds is None else seconds / command_seconds


def _program(name: str) -> list[str]:
    """The one that the tool uses itself: beside the interpreter if it is there. Raises ToolError, BenchError."""
    if name == "pyright":
        pyright = find_pyright()
        return [str(pyright.node), str(pyright.command)]
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise BenchError(f"the bench needs {name}, which is not installed.")
    return [found]


def _environment(home: Path) -> dict[str, str]:
    """A home of its own. Bytecode is kept, as it is wherever a program is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PUNIE_HOME": str(home), "PUNIE_KEEP_WARM_MINUTES": "0", "PUNIE_PYTHON": sys.executable}
