"""git_show: a commit as git shows it."""

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
    """A start, a commit with every kind of change, and a merge."""
    kept = "".join(f"line {number}\n" for number in range(20))
    root = make_repository({"moved.py": kept, "gone.py": "1\n", "both.py": "1\n2\n", "script.sh": "x\n"})
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2024-02-03T04:05:06-0330")
    git(root, "mv", "moved.py", "new name.py")
    git(root, "rm", "-q", "gone.py")
    write_files(root, {"new name.py": kept + "more\n", "both.py": "1\n3\n4\n", "tab\there.txt": "a\n"})
    (root / "picture.png").write_bytes(b"\x89PNG\0\0")
    (root / "script.sh").chmod(0o755)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Change much\n\nWith a body.")
    git(root, "switch", "-qc", "side", "HEAD~1")
    write_files(root, {"side.py": "1\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Side")
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "--no-ff", "-m", "Merge side", "side")
    return root


def test_every_kind_of_change(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_show", at=history, revision="HEAD~1")
    files = {
        file.path: (file.status, file.additions, file.deletions, file.old_path, file.is_binary) for file in result.files
    }
    assert files == {
        "new name.py": ("renamed", 1, 0, "moved.py", False),
        "gone.py": ("deleted", 0, 1, None, False),
        "both.py": ("modified", 2, 1, None, False),
        "tab\there.txt": ("added", 1, 0, None, False),
        "picture.png": ("added", 0, 0, None, True),
        "script.sh": ("modified", 0, 0, None, False),
    }
    assert (result.additions, result.deletions) == (4, 2)
    assert result.patch == git(history, "show", "--format=", "--find-renames", "HEAD~1")


def test_the_fields_are_git_s(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_show", at=history, revision="HEAD~1")
    expected = git(history, "show", "-s", "--format=%H%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI", "HEAD~1").splitlines()
    found = [result.hash, *result.parents, result.author, result.email, result.date]
    assert [*found, result.committer, result.committer_email, result.commit_date] == expected
    assert result.date == "2024-02-03T04:05:06-03:30"
    assert result.message == "Change much\n\nWith a body."
    assert result.summary == (
        f'{result.hash[:10]} "Change much" by Ada Example on 2024-02-03: 6 files, +4 -2 lines '
        "(both.py, gone.py, new name.py, picture.png, script.sh and 1 more)."
    )


def test_a_merge_shows_what_it_brought(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_show", at=history)
    assert len(result.parents) == 2
    assert [file.path for file in result.files] == ["side.py"]


def test_the_first_commit_adds_its_files(history: Path, run_tool: RunTool) -> None:
    result = run_tool("git_show", at=history, revision="HEAD~2")
    assert result.parents == ()
    assert {file.status for file in result.files} == {"added"}


def test_a_submodule_s_new_commit(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    inner = make_repository({"b": ""}, name="project/sub")
    git(root, "add", "sub")
    git(root, "commit", "-qm", "Add sub")
    git(inner, "commit", "-q", "--allow-empty", "-m", "Second")
    git(root, "commit", "-qam", "Move sub")
    (file,) = run_tool("git_show", at=root).files
    assert (file.path, file.status, file.is_submodule, file.additions, file.deletions) == (
        "sub",
        "modified",
        True,
        1,
        1,
    )


def test_tags_branches_and_hashes_name_commits(history: Path, run_tool: RunTool) -> None:
    git(history, "tag", "-am", "Release", "v1", "side")
    expected = git(history, "rev-parse", "side").strip()
    for revision in ("v1", "side", expected, expected[:8], "main^2"):
        assert run_tool("git_show", at=history, revision=revision).hash == expected


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "", "HEAD:both.py", "a\0b"])
def test_what_names_no_commit_is_told(history: Path, run_tool: RunTool, revision: str) -> None:
    with pytest.raises(ToolError, match="There is no revision"):
        run_tool("git_show", at=history, revision=revision)


def test_a_repository_without_commits(tmp_path: Path, run_tool: RunTool) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(ToolError, match="no commits yet"):
        run_tool("git_show", at=tmp_path)


def test_a_long_patch_is_cut_at_a_line(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"big.txt": "a line of some length\n" * 40_000})
    result = run_tool("git_show", at=root)
    assert result.truncated
    assert result.patch.endswith("\n")
    assert result.files[0].additions == 40_000
