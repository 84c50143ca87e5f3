"""What a killed writer leaves beside a file is swept by the next one, and never shown; a living one's is let be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.files.list_files import search as list_with
from punie_tools.files.ripgrep import PYTHON_SEARCH
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git

LEFT = ".punie-0123456789ab.tmp"
LIKE_IT = (".punie-0123456789ab.tmp.txt", ".punie-0123456789aB.tmp", ".punie.toml")

WRITER = """\
import os, sys
from punie_tools.files.temporary_files import temporary_file
folder = os.open(sys.argv[1], os.O_RDONLY)
with temporary_file(folder) as (file, name):
    print(name, flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def littered(root: Path) -> Path:
    git(root, "init", "-q")
    for name in (LEFT, *LIKE_IT, "a.py"):
        (root / name).write_text("needle\n")
    return root


def test_they_are_not_shown(littered: Path, run_tool: Callable[..., Any]) -> None:
    shown = sorted((*LIKE_IT, "a.py"))
    assert list(run_tool("list_files").files) == shown
    assert sorted(match.file for match in run_tool("grep", pattern="needle").matches) == shown
    assert list(list_with(ToolContext(Workspace.at(littered)), "*", ".", PYTHON_SEARCH).files) == shown
    assert sorted(run_tool("git_status").untracked) == shown


def test_the_next_edit_sweeps_its_folder(littered: Path, run_tool: Callable[..., Any]) -> None:
    (littered / "sub").mkdir()
    (littered / "sub" / LEFT).write_text("x")
    run_tool("edit_file", path="a.py", old="needle", new="x")
    assert names(littered) == sorted((".git", *LIKE_IT, "a.py", "sub"))
    assert (littered / "sub" / LEFT).exists()


def test_a_journal_sweeps_its_own(root: Path, tmp_path: Path) -> None:
    Journal(tmp_path / "journal", root)
    for folder in (tmp_path / "journal", tmp_path / "journal" / "images"):
        (folder / LEFT).write_text("x")
    Journal(tmp_path / "journal", root)
    assert [path.name for path in (tmp_path / "journal").rglob("*")] == ["images"]


def test_a_living_writer_s_file_stays(root: Path, run_tool: Callable[..., Any]) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, root], stdin=-1, stdout=-1) as writer:
        assert writer.stdout is not None
        name = writer.stdout.readline().decode().strip()
        run_tool("write_file", path="a.py", content="x\n")
        assert names(root) == [name, "a.py"]
        writer.kill()
        writer.wait()
        assert names(root) == [name, "a.py"]
        run_tool("write_file", path="b.py", content="x\n")
    assert names(root) == ["a.py", "b.py"]
