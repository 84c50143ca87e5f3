"""git_log: git's own commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from tests.conftest import git, write_files

RunTool = Callable[..., Any]


@pytest.fixture
def history(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four commits: a start, an edit with a long message, a merge of a branch, a removal."""
    root = make_repository({"a.py": "1\n", "b.py": "1\n"})
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2024-02-03T04:05:06+0530")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Zoë Ünal")
    write_files(root, {"a.py": "2\n", "new\nline": "", "c.py": ""})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Change a\n\nBody with\x1b[31m colour\x01\nand lines.")
    git(root, "switch", "-qc", "side", "HEAD~1")
    write_files(root, {"d.py": ""})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Side")
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "--no-ff", "-m", "Merge side", "side")
    git(root, "rm", "-q", "b.py")
    git(root, "commit", "-qm", "Remove b")
    return root


def test_the_commits_are_git_s(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_log", at=history)
    assert [commit.hash for commit in result.commits] == git(history, "log", "--format=%H").split()
    assert result.commit_count == 5
    changed = {commit.message.split("\n")[0]: commit.files_changed for commit in result.commits}
    assert changed == {"Remove b": 1, "Merge side": 1, "Side": 1, "Change a": 3, "Start the project": 2}


def test_the_fields_of_a_commit(history: Path, run_tool: RunTool) -> None:
    commit = next(commit for commit in run_tool("git_log", at=history).commits if "Body" in commit.message)
    assert commit.message == "Change a\n\nBody with\x1b[31m colour\x01\nand lines."
    assert (commit.author, commit.email) == ("Zoë Ünal", "ada@example.org")
    assert commit.date == "2024-02-03T04:05:06+05:30"
    offset = datetime.fromisoformat(commit.date).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 19800


def test_count_and_path(history: Path, run_tool: RunTool) -> None:
    assert [commit.message for commit in run_tool("git_log", at=history, count=1).commits] == ["Remove b"]
    newest_two = run_tool("git_log", at=history, count=2)
    assert newest_two.has_older
    assert newest_two.summary.startswith("The last 2 commits; the newest is ")
    assert not run_tool("git_log", at=history, count=5).has_older
    removed = run_tool("git_log", at=history, path="b.py")
    assert [commit.message for commit in removed.commits] == ["Remove b", "Start the project"]
    assert [commit.files_changed for commit in removed.commits] == [1, 2]
    newest, older = removed.commits
    assert removed.summary == (
        f'2 commits; the newest is {newest.hash[:8]} "Remove b" by Zoë Ünal on {newest.date[:10]}; '
        f'before it {older.hash[:8]} "Start the project".'
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"count": 0}, "nothing to list"), ({"path": "never.py"}, "no file or folder"), ({"path": "../x"}, "outside")],
)
def test_wrong_requests_are_clear(history: Path, run_tool: RunTool, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run_tool("git_log", at=history, **arguments)


def test_a_message_that_is_no_utf_8(make_repository: Callable[..., Path], run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    git(root, "-c", "i18n.commitEncoding=latin-1", "commit", "-q", "--allow-empty", "-m", "caf\udce9")
    assert run_tool("git_log", at=root, count=1).commits[0].message == "café"
