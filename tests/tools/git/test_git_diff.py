"""git_diff: git's own numbers and patch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.git.git_diff import PATCH_LIMIT
from tests.conftest import git, write_files

RunTool = Callable[..., Any]


@pytest.fixture
def changed(make_repository: Callable[..., Path]) -> Path:
    """Two commits, then a staged, an unstaged and an untracked change, a rename and a binary file."""
    root = make_repository({"a.py": "1\n2\n3\n", "b.py": "x\n", "old.py": "same\n" * 20, "gone.py": "g\n"})
    write_files(root, {"a.py": "1\n2\n3\n4\n"})
    (root / "data.bin").write_bytes(b"\0\1")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Second")
    git(root, "mv", "old.py", "new.py")
    write_files(root, {"b.py": "y\n", "new.py": "same\n" * 20 + "more\n"})
    git(root, "add", "b.py", "new.py")
    git(root, "rm", "-q", "gone.py")
    write_files(root, {"a.py": "1\nzwei\n3\n4\n", "untracked.py": "u\n"})
    (root / "data.bin").write_bytes(b"\0\2\3")
    return root


@pytest.mark.parametrize(
    ("arguments", "git_arguments"),
    [
        ({}, []),
        ({"staged": True}, ["--cached"]),
        ({"base": "HEAD~1"}, ["HEAD~1"]),
        ({"base": "main", "staged": True}, ["--cached", "main"]),
        ({"path": "a.py"}, ["--", "a.py"]),
        ({"path": ".", "base": "HEAD"}, ["HEAD", "--", "."]),
        ({"path": "gone.py", "staged": True}, ["--cached", "--", "gone.py"]),
        ({"path": "untracked.py"}, ["--", "untracked.py"]),
    ],
)
def test_the_diff_is_git_s(
    changed: Path, run_tool: RunTool, arguments: dict[str, Any], git_arguments: list[str]
) -> None:
    result = run_tool("git_diff", at=changed, **arguments)
    assert result.patch == git(changed, "diff", *git_arguments)
    shortstat = git(changed, "diff", "--shortstat", *git_arguments)
    files, additions, deletions = (
        next((int(part.split()[0]) for part in shortstat.split(",") if word in part), 0)
        for word in ("file", "insertion", "deletion")
    )
    assert (result.file_count, result.additions, result.deletions) == (files, additions, deletions)
    assert len(result.files) == result.file_count


@pytest.mark.parametrize(
    ("base", "compared", "summary"),
    [
        ("main..side", "main..side", "2 files differ from main to side (+1 -1 lines): main.py, side.py."),
        (
            "main...side",
            "main...side",
            "1 file differs from where main and side parted to side (+1 -0 lines): side.py.",
        ),
        ("side..", "side..HEAD", "2 files differ from side to HEAD (+1 -1 lines): main.py, side.py."),
        ("..HEAD", "HEAD..HEAD", "Nothing differs from HEAD to HEAD."),
    ],
)
def test_two_revisions_are_compared_with_each_other_and_told(
    make_repository: Callable[..., Path], run_tool: RunTool, base: str, compared: str, summary: str
) -> None:
    root = make_repository({"a.py": "1\n"})
    for branch, start in (("side", "main"), ("main", "main")):
        git(root, "switch", "-q", *(["-c"] if branch != start else []), branch)
        write_files(root, {f"{branch}.py": f"{branch}\n"})
        git(root, "add", "-A")
        git(root, "commit", "-qm", branch)
    write_files(root, {"a.py": "not committed\n"})
    result = run_tool("git_diff", at=root, base=base)
    assert result.patch == git(root, "diff", compared)
    assert result.summary == summary


def test_a_renamed_file_is_named_as_it_is_now(changed: Path, run_tool: RunTool) -> None:
    result = run_tool("git_diff", at=changed, staged=True)
    assert {(file.path, file.additions, file.deletions) for file in result.files} == {
        ("b.py", 1, 1),
        ("new.py", 1, 0),
        ("gone.py", 0, 1),
    }
    assert result.summary == "3 files differ (+2 -2 lines): b.py, gone.py, new.py."


@pytest.fixture
def conflicted(make_repository: Callable[..., Path]) -> Path:
    """A merge that stopped: both sides changed `a.py`, and one deleted `gone.py`; `b.py` is in no conflict."""
    root = make_repository({"a.py": "1\n2\n3\n", "b.py": "x\n", "gone.py": "g\n"})
    git(root, "checkout", "-qb", "theirs")
    write_files(root, {"a.py": "1\ntwo\n3\n", "gone.py": "changed\n"})
    git(root, "commit", "-qam", "Theirs")
    git(root, "checkout", "-q", "main")
    write_files(root, {"a.py": "1\nzwei\n3\n"})
    git(root, "rm", "-q", "gone.py")
    git(root, "commit", "-qam", "Ours")
    subprocess.run(["git", "merge", "-q", "theirs"], cwd=root, capture_output=True, check=False)
    write_files(root, {"b.py": "y\n"})
    return root


@pytest.mark.parametrize(
    ("arguments", "others", "summary"),
    [
        ({}, {"b.py": "modified"}, "3 files differ (+5 -1 lines): a.py, b.py, gone.py; in conflict: a.py, gone.py."),
        ({"base": "HEAD"}, {"b.py": "modified"}, "3 files differ (+6 -1 lines): a.py, b.py, gone.py; in conflict: "),
        ({"staged": True}, {}, "2 files differ (+0 -0 lines): a.py, gone.py; all of them in conflict."),
        ({"path": "a.py"}, {"gone.py": None}, "1 file differs (+4 -0 lines): a.py, in conflict."),
    ],
)
def test_a_file_in_conflict_is_called_so(
    conflicted: Path, run_tool: RunTool, arguments: dict[str, Any], others: dict[str, str | None], summary: str
) -> None:
    result = run_tool("git_diff", at=conflicted, **arguments)
    expected = {"a.py": "conflicted", "gone.py": "conflicted", **others}
    assert {file.path: file.status for file in result.files} == {path: said for path, said in expected.items() if said}
    assert result.summary.startswith(summary)


def test_nothing_differs(make_repository: Callable[..., Path], run_tool: RunTool) -> None:
    result = run_tool("git_diff", at=make_repository({"a": ""}))
    assert (result.patch, result.summary) == ("", "Nothing differs.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"base": "mian"}, "There is no revision 'mian'; did you mean 'main'?"),
        ({"base": "--output=x"}, "There is no revision '--output=x'."),
        ({"base": ""}, "There is no revision ''."),
        ({"base": "HEAD..mian"}, "There is no revision 'mian'; did you mean 'main'?"),
        ({"base": "HEAD~1..HEAD", "staged": True}, "What is staged can be compared with one revision; 'HEAD~1..HEAD' "),
        ({"path": "c.py"}, "There is no file or folder 'c.py'"),
        ({"path": "../outside"}, "The path '..' leads outside"),
    ],
)
def test_wrong_requests_are_clear(changed: Path, run_tool: RunTool, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolError) as caught:
        run_tool("git_diff", at=changed, **arguments)
    assert str(caught.value).startswith(message)
    assert not (changed / "x").exists()


def test_a_path_is_taken_literally(make_repository: Callable[..., Path], run_tool: RunTool) -> None:
    root = make_repository({"[ab].py": "1\n", "a.py": "1\n", ":(top)x.py": "1\n"})
    write_files(root, {"[ab].py": "2\n", "a.py": "2\n", ":(top)x.py": "2\n"})
    for name in ("[ab].py", ":(top)x.py"):
        assert [file.path for file in run_tool("git_diff", at=root, path=name).files] == [name]


def test_a_vast_patch_is_cut_and_its_numbers_are_true(make_repository: Callable[..., Path], run_tool: RunTool) -> None:
    root = make_repository({"a.txt": ""})
    write_files(root, {"a.txt": "0123456789\n" * 200_000})
    result = run_tool("git_diff", at=root)
    assert result.truncated
    assert result.additions == 200_000
    assert len(result.patch) <= PATCH_LIMIT
    assert result.patch.endswith("\n")


def test_the_person_s_own_diff_settings_do_not_change_the_form(
    changed: Path, run_tool: RunTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run_tool("git_diff", at=changed).patch
    config = tmp_path / "gitconfig"
    config.write_text("[color]\nui = always\n[diff]\nnoprefix = true\nmnemonicPrefix = true\nrenames = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert run_tool("git_diff", at=changed).patch == expected
