"""Clones that hold a part of the history: what is missing is told in a line, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

MakeRepository = Callable[..., Path]
Run = Callable[..., Any]


@pytest.fixture
def origin(make_repository: MakeRepository) -> Path:
    """Three commits on `main`, one beside them on `side`."""
    root = make_repository({"a.txt": "1\n", "b.txt": "1\n"}, name="origin")
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "branch", "side")
    for text in ("2\n", "3\n"):
        write_files(root, {"a.txt": text})
        git(root, "commit", "-qam", f"Write {text.strip()}")
    git(root, "switch", "-q", "side")
    write_files(root, {"b.txt": "side\n"})
    git(root, "commit", "-qam", "Write b")
    git(root, "switch", "-q", "main")
    return root


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Callable[..., Path]:
    """Clone the origin with options."""

    def make(*options: str) -> Path:
        git(tmp_path, "clone", "-q", *options, f"file://{origin}", "clone")
        git(tmp_path / "clone", "branch", "side", "origin/side")
        return tmp_path / "clone"

    return make


def run_trusted(root: Path, tool: str, **arguments: object) -> Any:
    return find_tool(tool).run(ToolContext(Workspace.at(root, is_trusted=True)), arguments)


def missing_objects(root: Path) -> set[str]:
    listed = git(root, "rev-list", "--objects", "--all", "--missing=print").splitlines()
    return {line for line in listed if line.startswith("?")}


def test_a_shallow_clone_tells_where_it_ends(clone: Callable[..., Path], run_tool: Run) -> None:
    root = clone("--depth=2", "--no-single-branch")
    log = run_tool("git_log", at=root)
    assert [commit.message for commit in log.commits] == ["Write 3", "Write 2"]
    assert log.is_cut_off
    assert log.summary.startswith("2 commits, and this shallow clone holds no older ones; ")
    assert not run_tool("git_log", at=root, count=2).is_cut_off
    assert [line.text for line in run_tool("git_blame", at=root, path="a.txt").lines] == ["3"]
    assert [file.path for file in run_tool("git_show", at=root).files] == ["a.txt"]
    with pytest.raises(ToolError, match=r"^There is no revision 'HEAD~2'\.$"):
        run_tool("git_show", at=root, revision="HEAD~2")
    assert run_tool("git_branches", at=root).current == "main"


def test_a_whole_clone_is_not_cut_off(clone: Callable[..., Path], run_tool: Run) -> None:
    assert not run_tool("git_log", at=clone()).is_cut_off


def test_a_clone_without_old_files_fetches_none(clone: Callable[..., Path], origin: Path, run_tool: Run) -> None:
    root = clone("--filter=blob:none")
    # Whoever fetched from it now would fail with another message.
    origin.rename(origin.with_name("gone"))
    lacking = missing_objects(root)
    assert lacking
    write_files(root, {"a.txt": "mine\n"})
    assert run_tool("git_status", at=root).unstaged == ("a.txt",)
    assert run_tool("git_diff", at=root).files[0].path == "a.txt"
    assert [commit.files_changed for commit in run_tool("git_log", at=root).commits] == [1, 1, 2]
    git(root, "checkout", "-q", "a.txt")
    missing: list[tuple[str, dict[str, object]]] = [
        ("git_show", {}),
        ("git_diff", {"base": "HEAD~1"}),
        ("git_blame", {"path": "a.txt"}),
        ("git_cherry_pick", {"revision": "side"}),
        ("git_branch", {"name": "side"}),
    ]
    for tool, arguments in missing:
        with pytest.raises(ToolError, match=r"^This is a partial clone that lacks what is asked for\. [^\n]+$"):
            run_trusted(root, tool, **arguments)
    assert git(root, "status", "--porcelain") == ""
    assert not (root / ".git" / "CHERRY_PICK_HEAD").exists()
    assert missing_objects(root) == lacking
