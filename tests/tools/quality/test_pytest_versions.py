"""The plugin inside the project's pytest, on the oldest and newest that it must work with, fetched from the index.

These tests need a package index: without one they fail rather than pass for having looked at nothing.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.quality import pytest_session

Write = Callable[[Mapping[str, str | bytes]], Path]

CHECKOUT = Path(__file__).parents[3]
PLUGIN = Path(pytest_session.__file__).parent / "pytest_plugin" / "punie_pytest_plugin.py"
TESTS = """\
import unittest

import pytest


@pytest.mark.parametrize("value", [1, 2])
def test_value(value):
    assert value == 1


@pytest.fixture
def breaks():
    raise ValueError("before")


def test_setup(breaks):
    pass


@pytest.mark.skip(reason="not now")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_xfails():
    assert 0


class TestUnit(unittest.TestCase):
    def test_parts(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(number, 1)
"""


def make_environment(folder: Path, requirement: str) -> None:
    """An environment with that pytest, by uv where it is at hand, else by pip."""
    uv = shutil.which("uv") or shutil.which("uv", path=CHECKOUT / ".uv" / "bin")
    python = folder / "bin" / "python"
    if uv:
        commands = [[uv, "venv", "-q", "--no-project", "--python", sys.executable, folder]]
        commands += [[uv, "pip", "install", "-q", "--python", python, requirement]]
    else:
        commands = [[sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "-q", requirement]]
    for command in commands:
        subprocess.run(command, check=True, timeout=300)


@pytest.mark.parametrize(("requirement", "are_subtests_counted"), [("pytest>=7,<8", False), ("pytest>=9,<10", True)])
def test_results_on_other_versions_of_pytest(
    root: Path, write: Write, run_trusted: Callable[..., Any], requirement: str, are_subtests_counted: bool
) -> None:
    make_environment(root / ".venv", requirement)
    write({"test_a.py": TESTS, "test_broken.py": "import nowhere\n"})
    result = run_trusted("pytest_run", target="test_a.py")
    found = [(test.name.removeprefix("test_a.py::"), test.outcome, test.line) for test in result.tests]
    assert found == [
        ("test_value[1]", "passed", 6),
        ("test_value[2]", "failed", 8),
        ("test_setup", "error", 13),
        ("test_skipped", "skipped", 20),
        ("test_xfails", "xfailed", 25),
        ("TestUnit::test_parts", "failed", 34),
        *([("TestUnit::test_parts", "passed", 31)] if are_subtests_counted else []),
    ]
    assert [test.name for test in run_trusted("pytest_run", target="test_value").tests] == [
        "test_a.py::test_value[1]",
        "test_a.py::test_value[2]",
    ]
    broken = run_trusted("pytest_run", target="test_broken.py")
    assert [(test.outcome, test.line) for test in broken.tests] == [("error", 1)]


def test_the_plugin_lies_alone_and_is_syntax_of_python_3_6() -> None:
    assert [path.name for path in PLUGIN.parent.iterdir() if path.name != "__pycache__"] == [PLUGIN.name]
    module = ast.parse(PLUGIN.read_text(encoding="utf-8"), feature_version=(3, 6))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(module)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"pytest"}
