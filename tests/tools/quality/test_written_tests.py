"""Tests are found in the files as pytest itself would collect them, and nothing is run for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from punie_tools.quality.written_tests import written_tests

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']\n",
    "tests/test_plain.py": "def test_one():\n    pass\n\n\ndef help():\n    pass\n\n\nasync def test_b():\n    pass\n",
    "tests/test_classes.py": (
        "import unittest\n\n\nclass TestA:\n    def test_in(self):\n        pass\n\n    class TestInner:\n"
        "        def test_deep(self):\n            pass\n\n\nclass Case(unittest.TestCase):\n    def test_case(self):\n"
        "        pass\n\n\nclass Helper:\n    def test_not(self):\n        pass\n"
    ),
    "src/test_elsewhere.py": "def test_not_collected():\n    pass\n",
}


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)


def test_they_are_those_that_pytest_collects(tmp_path: Path) -> None:
    write_files(tmp_path, FILES)
    argv = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    collected = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False).stdout.splitlines()
    found = [test.name for test in written_tests(tmp_path, threading.Event())]
    assert sorted(found) == sorted(line for line in collected if "::" in line)
    assert len(found) == 5


def test_each_has_its_line_and_a_broken_file_has_none(tmp_path: Path) -> None:
    write_files(tmp_path, {"test_a.py": "\n\ndef test_x():\n    pass\n", "test_b.py": "def test_y(:\n"})
    assert [(test.name, test.line) for test in written_tests(tmp_path, threading.Event())] == [("test_a.py::test_x", 3)]
