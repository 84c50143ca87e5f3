"""ruff_format does to files what ruff itself does, through the edit engine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.quality.ruff_format import TOOL
from punie_tools.quality.ruff_process import find_ruff
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

Write = Callable[[Mapping[str, str | bytes]], Path]
RunTool = Callable[..., Any]
FilesOf = Callable[[], dict[str, bytes]]

PROJECT: dict[str, str | bytes] = {
    "ugly.py": "x=1\n",
    "fine.py": "x = 1\n",
    "sub/windows.py": b"def f( a ):\r\n  return 'a'\r\n",
    "sub/mark.py": b"\xef\xbb\xbfx  =  1\n",
    "broken.py": "def (\n",
    "pyproject.toml": '[tool.ruff.format]\nquote-style = "single"\n',
}


def test_it_does_what_ruff_does(write: Write, run_tool: RunTool, root: Path, tmp_path: Path, files_of: FilesOf) -> None:
    write(PROJECT)
    twin = Path(shutil.copytree(root, tmp_path / "twin"))
    subprocess.run([find_ruff(), "format", "--no-cache", "."], cwd=twin, capture_output=True, check=False)
    result = run_tool("ruff_format")
    assert files_of() == {
        path.relative_to(twin).as_posix(): path.read_bytes() for path in twin.rglob("*") if path.is_file()
    }
    assert result.changed_files == ("sub/mark.py", "sub/windows.py", "ugly.py")
    assert (result.file_count, result.unreadable) == (5, ("broken.py",))
    assert "--- a/ugly.py\n+++ b/ugly.py\n@@ -1 +1 @@\n-x=1\n+x = 1\n" in result.diff
    assert result.summary == (
        "3 of 5 files formatted: sub/mark.py, sub/windows.py, ugly.py; broken.py cannot be parsed."
    )
    assert run_tool("ruff_format", path="sub").summary == "2 files well formatted."


def test_markdown_counts_as_ruff_counts_it(write: Write, run_tool: RunTool, root: Path) -> None:
    write({"a.py": "x=1\n", "b.py": "x = 1\n", "README.md": "```python\nx=1\n```\n", "pyproject.toml": ""})
    said = subprocess.run([find_ruff(), "format", "--check", "--no-cache", "."], cwd=root, capture_output=True)
    assert said.stdout.splitlines()[-1] == b"2 files would be reformatted, 1 file already formatted"
    result = run_tool("ruff_format", check=True)
    assert (result.changed_files, result.file_count) == (("README.md", "a.py"), 3)


def test_check_changes_nothing(write: Write, run_tool: RunTool, files_of: FilesOf) -> None:
    write(PROJECT)
    before = files_of()
    assert run_tool("ruff_format", path="ugly.py", check=True).summary == "1 of 1 file would be formatted: ugly.py."
    assert files_of() == before
    assert (TOOL.risk_for({"check": True}), TOOL.risk_for({})) == (Risk.READS, Risk.EDITS)


def test_the_preview_is_the_diff(write: Write, root: Path, files_of: FilesOf) -> None:
    write(PROJECT)
    before = files_of()
    context = ToolContext(Workspace.at(root))
    assert TOOL.preview(context, {"path": "ugly.py"}).endswith("-x=1\n+x = 1\n")
    assert TOOL.preview(context, {"path": "fine.py"}) is None
    assert files_of() == before


def test_a_broken_configuration_is_one_clear_line(write: Write, run_tool: RunTool) -> None:
    write({"a.py": "x=1\n", "ruff.toml": "line-length = 'long'\n"})
    with pytest.raises(ToolError, match=r"^ruff failed: [^\n]*ruff\.toml"):
        run_tool("ruff_format")
