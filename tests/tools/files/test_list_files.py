"""list_files: what git would call the project's files, narrowed by a pattern."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.files.glob import glob_matcher
from punie_tools.files.list_files import FILE_LIMIT
from tests.conftest import git, write_files
from tests.tools.conftest import make_undecodable

RunTool = Callable[..., Any]

TREE = {
    ".gitignore": "*.log\nbuild/\nignored.py\n",
    ".github/workflows/ci.yml": "on: push\n",
    "README.md": "hello\n",
    "setup.py": "",
    "src/app.py": "",
    "src/deep/er/util.py": "",
    "src/notes.txt": "",
    "tests/test_app.py": "",
    "ignored.py": "",
    "debug.log": "",
    "build/out.py": "",
    "with space.py": "",
    "new\nline.py": "",
    "-dash.py": "",
}


def test_the_list_is_git_s_own(make_repository: Callable[..., Path], run_tool: RunTool) -> None:
    root = make_repository(TREE)
    (root / "untracked.py").touch()
    expected = git(root, "ls-files", "-z", "-co", "--exclude-standard").split("\0")[:-1]
    result = run_tool("list_files", at=root)
    assert list(result.files) == sorted(expected)
    assert result.file_count == len(expected)


@pytest.mark.parametrize(
    ("pattern", "path", "files"),
    [
        ("*.py", "src", ["src/app.py", "src/deep/er/util.py"]),
        ("src/*.py", ".", ["src/app.py"]),
        ("src/**/*.py", ".", ["src/app.py", "src/deep/er/util.py"]),
        ("**/util.py", ".", ["src/deep/er/util.py"]),
        ("deep", ".", ["src/deep/er/util.py"]),
        ("src/deep/", ".", ["src/deep/er/util.py"]),
        ("*.{md,txt}", ".", ["README.md", "src/notes.txt"]),
        ("test_*", ".", ["tests/test_app.py"]),
        ("[!a-z]*.py", ".", ["-dash.py"]),
        ("deep/**", "src", ["src/deep/er/util.py"]),
        ("*.rs", ".", []),
        ("ignored.py", ".", []),
        ("*", "README.md", ["README.md"]),
    ],
)
def test_patterns(root: Path, run_tool: RunTool, pattern: str, path: str, files: list[str]) -> None:
    write_files(root, TREE)
    result = run_tool("list_files", pattern=pattern, path=path)
    assert list(result.files) == files
    assert result.file_count == len(files)


def test_ignore_files_count_without_git(root: Path, run_tool: RunTool) -> None:
    write_files(root, TREE)
    assert "debug.log" not in run_tool("list_files").files


def test_a_long_list_is_cut_with_the_true_count(root: Path, run_tool: RunTool) -> None:
    for number in range(FILE_LIMIT + 5):
        (root / f"{number:05}").touch()
    result = run_tool("list_files")
    assert result.truncated
    assert (len(result.files), result.file_count) == (FILE_LIMIT, FILE_LIMIT + 5)
    assert result.summary == (
        f"{FILE_LIMIT + 5} files: 00000, 00001, 00002, 00003, 00004 and {FILE_LIMIT:,} more; "
        f"the first {FILE_LIMIT} are listed."
    )


def test_an_empty_folder(run_tool: RunTool) -> None:
    result = run_tool("list_files")
    assert result.success
    assert result.summary == "There is no file."


def test_a_name_that_is_no_text_is_spelled_out(root: Path, run_tool: RunTool) -> None:
    make_undecodable(root)
    assert run_tool("list_files").files == (r"caf\xe9.py",)


@pytest.mark.parametrize("pattern", ["[", "{a", "a[b"])
def test_a_broken_pattern_is_a_clear_error(run_tool: RunTool, pattern: str) -> None:
    with pytest.raises(ToolError, match="is no glob"):
        run_tool("list_files", pattern=pattern)


@pytest.mark.parametrize(
    ("glob", "path", "is_meant"),
    [
        ("a.py", "axpy", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "ab", False),
        ("src/*", "src/a/b", False),
        ("?.py", "/.py", False),
        ("[]x]", "]", True),
        ("[a-c]", "b", True),
        ("a,b", "a,b", True),
        ("./x/", "x/y", True),
    ],
)
def test_globs(glob: str, path: str, is_meant: bool) -> None:
    assert glob_matcher(glob)(path) is is_meant
