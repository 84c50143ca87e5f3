"""git_branches: every branch with its newest commit, and how far it is from its upstream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git, write_files

RunTool = Callable[..., Any]
MakeRepository = Callable[..., Path]


@pytest.fixture
def clone(make_repository: MakeRepository, tmp_path: Path) -> Path:
    """A clone that is one commit ahead and two behind, with a branch whose upstream is gone."""
    upstream = make_repository({"a.py": "1\n"}, name="upstream")
    git(upstream, "branch", "old")
    git(tmp_path, "clone", "-q", str(upstream), "clone")
    root = tmp_path / "clone"
    git(root, "branch", "--track", "old", "origin/old")
    git(upstream, "branch", "-D", "old")
    for number in range(2):
        git(upstream, "commit", "-q", "--allow-empty", "-m", f"Upstream {number}")
    write_files(root, {"b.py": ""})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Local work\n\nBody")
    git(root, "fetch", "-q", "--prune")
    git(root, "branch", "feature/ünï")
    return root


def test_the_branches_of_a_clone(clone: Path, run_tool: RunTool) -> None:
    result = run_tool("git_branches", at=clone)
    rows = {
        each.name: (each.kind, each.is_current, each.upstream, each.ahead, each.behind, each.is_upstream_gone)
        for each in result.branches
    }
    assert rows == {
        "main": ("local", True, "origin/main", 1, 2, False),
        "old": ("local", False, "origin/old", 0, 0, True),
        "feature/ünï": ("local", False, None, 0, 0, False),
        "origin/main": ("remote", False, None, 0, 0, False),
    }
    assert (result.current, result.is_detached, result.branch_count) == ("main", False, 4)
    assert result.head == git(clone, "rev-parse", "HEAD").strip()
    assert result.summary == "On main; 3 local branches (feature/ünï, main, old), 1 of remotes (origin/main)."


def test_the_newest_commit_of_a_branch(clone: Path, run_tool: RunTool) -> None:
    branch = next(each for each in run_tool("git_branches", at=clone).branches if each.name == "main")
    expected = git(clone, "log", "-1", "--format=%H%n%an%n%ae%n%aI%n%s").splitlines()
    assert [branch.hash, branch.author, branch.email, branch.date, branch.message] == expected
    assert branch.worktree == str(clone)


def test_a_detached_head(clone: Path, run_tool: RunTool) -> None:
    git(clone, "switch", "-q", "--detach")
    result = run_tool("git_branches", at=clone)
    assert (result.current, result.is_detached) == ("", True)
    assert not any(each.is_current for each in result.branches)
    assert result.summary.startswith(f"HEAD is detached at {result.head[:10]}; 3 local")


def test_before_the_first_commit(tmp_path: Path, run_tool: RunTool) -> None:
    git(tmp_path, "init", "-q")
    result = run_tool("git_branches", at=tmp_path)
    assert (result.current, result.head, result.branches) == ("main", "", ())
    assert result.summary == "On main, which has no commits yet."


def test_linked_worktrees(clone: Path, tmp_path: Path, run_tool: RunTool) -> None:
    git(clone, "worktree", "add", "-q", str(tmp_path / "other"), "feature/ünï")
    result = run_tool("git_branches", at=tmp_path / "other")
    assert result.current == "feature/ünï"
    assert {each.name: each.worktree for each in result.branches}["main"] == str(clone)


def test_a_tag_of_the_same_name_is_no_branch(clone: Path, run_tool: RunTool) -> None:
    git(clone, "tag", "main", "HEAD~1")
    result = run_tool("git_branches", at=clone)
    assert result.current == "main"
    assert [each.hash for each in result.branches if each.name == "main"] == [result.head]
