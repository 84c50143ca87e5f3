"""The tests that stand in the files, by pytest's naming; found by reading, so nothing of the project runs."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from punie_tools.quality.affected_tests import python_files
from punie_tools.quality.collected_files import CollectedFiles

_LARGEST_SOURCE = 2_000_000
MOST_FILES = 5_000


@dataclass(frozen=True)
class WrittenTest:
    """`name` is the node id that pytest will most likely give it, without parameters."""

    name: str
    file: str
    line: int


def written_tests(root: Path, cancelled: threading.Event) -> Iterator[WrittenTest]:
    """File by file. What only a run can know is missing: parameters, other naming rules, tests of a base class.

    Raises ToolCancelledError.
    """
    collected = CollectedFiles.of(root)
    files = (file for file in python_files(root, cancelled) if collected.holds(file))
    for _, file in zip(range(MOST_FILES), files, strict=False):
        yield from tests_in(root, file)


def tests_in(root: Path, file: str) -> Iterator[WrittenTest]:
    """Those of one file, a path from the root; a file that cannot be read or parsed has none."""
    try:
        path = root / file
        source = path.read_bytes() if path.stat().st_size <= _LARGEST_SOURCE else b""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _tests_of(tree.body, file, file)


def _tests_of(body: list[ast.stmt], prefix: str, file: str) -> Iterator[WrittenTest]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test"):
                yield WrittenTest(f"{prefix}::{node.name}", file, node.lineno)
            case ast.ClassDef() if node.name.startswith("Test") or _is_test_case(node):
                yield from _tests_of(node.body, f"{prefix}::{node.name}", file)
            case _:
                pass


def _is_test_case(node: ast.ClassDef) -> bool:
    """unittest's classes are collected by what they inherit, not by their name."""
    return any(ast.unparse(base).endswith("TestCase") for base in node.bases)
