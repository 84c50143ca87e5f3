"""git_blame: the commit of each line, as git finds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from tests.conftest import git, write_files

RunTool = Callable[..., Any]
MakeRepository = Callable[..., Path]


@pytest.fixture
def history(make_repository: MakeRepository, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_repository({"a.py": "one\ntwo\nthree\n"})
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Zoë Ünal")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2024-02-03T04:05:06+0530")
    write_files(root, {"a.py": "one\n2 ✓\nthree\nfour\n"})
    git(root, "commit", "-qam", "Change two\n\nBody.")
    return root


def test_the_fields_of_each_line(history: Path, run_tool: RunTool) -> None:
    first, second = git(history, "log", "--reverse", "--format=%H").split()
    result = run_tool("git_blame", at=history, path="a.py")
    lines = result.lines
    assert result.summary == (
        f'a.py:1-4 comes from 2 commits: {first[:8]} "Start the project", {second[:8]} "Change two"; '
        "lines by author: Ada Example 2, Zoë Ünal 2."
    )
    assert [(line.line, line.hash, line.text) for line in lines] == [
        (1, first, "one"),
        (2, second, "2 ✓"),
        (3, first, "three"),
        (4, second, "four"),
    ]
    assert (lines[1].author, lines[1].email, lines[1].message) == ("Zoë Ünal", "ada@example.org", "Change two")
    assert lines[1].date == "2024-02-03T04:05:06+05:30"


def test_a_line_that_is_not_committed(history: Path, run_tool: RunTool) -> None:
    write_files(history, {"a.py": "one\n2 ✓\nthree\nfour\nfive"})
    result = run_tool("git_blame", at=history, path="a.py")
    line = result.lines[-1]
    assert " comes from 2 commits: " in result.summary
    assert result.summary.endswith("; lines by author: Ada Example 2, Zoë Ünal 2; 1 line not committed yet.")
    assert (line.text, set(line.hash)) == ("five", {"0"})
    assert line.as_row().startswith(f"not committed                 {line.date[:10]}    5│ five")
    only = run_tool("git_blame", at=history, path="a.py", start_line=5)
    assert only.summary == "a.py:5-5 is not committed yet."


def test_a_part_of_the_file(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_blame", at=history, path="a.py", start_line=2, end_line=3)
    assert [line.line for line in result.lines] == [2, 3]
    assert not result.truncated
    assert [line.line for line in run_tool("git_blame", at=history, path="a.py", start_line=4, end_line=99).lines] == [
        4
    ]


def test_lines_keep_their_commit_through_a_rename(history: Path, run_tool: RunTool) -> None:
    before = [line.hash for line in run_tool("git_blame", at=history, path="a.py").lines]
    git(history, "mv", "a.py", "b.py")
    git(history, "commit", "-qm", "Rename")
    assert [line.hash for line in run_tool("git_blame", at=history, path="b.py").lines] == before


def test_a_long_file_is_cut(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"long.txt": "x\n" * 20_500, "fits.txt": "x\n" * 20_000})
    result = run_tool("git_blame", at=root, path="long.txt")
    assert (len(result.lines), result.truncated) == (20_000, True)
    assert result.summary.endswith(" Only 20,000 lines were read.")
    rest = run_tool("git_blame", at=root, path="long.txt", start_line=20_001)
    assert (rest.lines[-1].line, rest.truncated) == (20_500, False)
    assert not run_tool("git_blame", at=root, path="fits.txt").truncated


def test_an_empty_file_has_no_lines(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"empty.py": ""})
    assert run_tool("git_blame", at=root, path="empty.py").lines == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "new.py"}, "git does not track 'new.py'; it has no history"),
        ({"path": "never.py"}, "There is no file or folder 'never.py'"),
        ({"path": "."}, "is a folder"),
        ({"path": "../a.py"}, "outside"),
        ({"path": "a.py", "start_line": 9}, "a.py has only 4 lines; start_line is 9"),
        ({"path": "a.py", "start_line": 3, "end_line": 2}, "end_line 2 is before start_line 3"),
        ({"path": "a.py", "start_line": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_requests_are_clear(history: Path, run_tool: RunTool, arguments: dict[str, Any], message: str) -> None:
    write_files(history, {"new.py": "1\n"})
    with pytest.raises(ToolError, match=message):
        run_tool("git_blame", at=history, **arguments)


def test_a_repository_without_commits(tmp_path: Path, run_tool: RunTool) -> None:
    git(tmp_path, "init", "-q")
    write_files(tmp_path, {"a.py": ""})
    with pytest.raises(ToolError, match="no commits yet"):
        run_tool("git_blame", at=tmp_path, path="a.py")


def test_a_line_whose_bytes_are_no_text_and_a_name_with_a_tab(
    make_repository: MakeRepository, run_tool: RunTool
) -> None:
    root = make_repository({})
    (root / "a\tb").write_bytes(b"caf\xe9\r\n\tx\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Add")
    assert [line.text for line in run_tool("git_blame", at=root, path="a\tb").lines] == ["caf\\xe9\r", "\tx"]


def test_a_conflicted_file(history: Path, run_tool: RunTool) -> None:
    git(history, "switch", "-qc", "side", "HEAD~1")
    write_files(history, {"a.py": "one\nother\nthree\n"})
    git(history, "commit", "-qam", "Other")
    with pytest.raises(Exception, match="exit status 1"):
        git(history, "merge", "main")
    lines = run_tool("git_blame", at=history, path="a.py").lines
    assert any(line.text.startswith("<<<<<<<") for line in lines)


def test_a_corrupt_index_is_told_as_such(history: Path, run_tool: RunTool) -> None:
    (history / ".git" / "index").write_bytes(b"DIRC\0\0\0\2broken")
    with pytest.raises(ToolError, match=r"git failed: .*index"):
        run_tool("git_blame", at=history, path="a.py")
