"""git_status: what git itself says, in fields."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.git.git_status import git_status
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files
from tests.tools.conftest import make_undecodable

RunTool = Callable[..., Any]
MakeRepository = Callable[..., Path]

STRANGE_NAMES = ["with space.txt", "new\nline.txt", "esc\x1b[31m.txt", 'quo"te.txt', "tab\there.txt", "ünï.txt"]


def changes(result: Any) -> set[tuple[str, str, bool]]:
    return {(file.path, file.status, file.staged) for file in result.files}


def test_a_clean_repository(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a.txt": "a\n"})
    result = run_tool("git_status", at=root)
    assert result.is_clean
    assert (result.branch, result.files) == ("main", ())
    assert result.commit == git(root, "rev-parse", "HEAD").strip()
    assert result.summary == "On branch main: nothing changed."


def test_every_kind_of_change(make_repository: MakeRepository, run_tool: RunTool) -> None:
    names = ["both", "changed", "deleted", "removed", "old name", "linked"]
    root = make_repository({name: f"{name}\n" * 5 for name in names})
    write_files(root, {"both": "one\n", "added": "new\n", "folder/untracked": ""})
    git(root, "mv", "old name", "new name")
    git(root, "rm", "-q", "removed")
    git(root, "add", "both", "added")
    write_files(root, {"both": "two\n", "changed": "x\n"})
    (root / "deleted").unlink()
    (root / "linked").unlink()
    (root / "linked").symlink_to("changed")
    result = run_tool("git_status", at=root)
    assert changes(result) == {
        ("both", "modified", True),
        ("both", "modified", False),
        ("added", "added", True),
        ("removed", "deleted", True),
        ("new name", "renamed", True),
        ("changed", "modified", False),
        ("deleted", "deleted", False),
        ("linked", "type_changed", False),
        ("folder/untracked", "untracked", False),
    }
    assert set(result.staged) == set(git(root, "diff", "--cached", "--name-only", "-z").split("\0")[:-1])
    assert set(result.unstaged) == set(git(root, "diff", "--name-only", "-z").split("\0")[:-1])
    assert result.untracked == ("folder/untracked",)
    assert [file.original_path for file in result.files if file.status == "renamed"] == ["old name"]
    assert not result.is_clean
    assert result.summary == (
        "On branch main: 4 staged (added, both, new name and 1 more), "
        "4 unstaged (both, changed, deleted and 1 more), 1 untracked (folder/untracked)."
    )


def test_a_conflict(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a.txt": "base\n"})
    git(root, "switch", "-qc", "other")
    write_files(root, {"a.txt": "other\n"})
    git(root, "commit", "-qam", "Other")
    git(root, "switch", "-q", "main")
    write_files(root, {"a.txt": "main\n"})
    git(root, "commit", "-qam", "Main")
    with pytest.raises(Exception, match="merge"):
        git(root, "merge", "other")
    result = run_tool("git_status", at=root)
    assert changes(result) == {("a.txt", "conflicted", False)}
    assert result.summary == "On branch main: 1 conflicted (a.txt)."
    diff = run_tool("git_diff", at=root)
    assert [file.path for file in diff.files] == ["a.txt"]
    assert "<<<<<<<" in diff.patch


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_strange_names(make_repository: MakeRepository, run_tool: RunTool, name: str) -> None:
    root = make_repository({name: "a\n"})
    write_files(root, {name: "b\n"})
    assert run_tool("git_status", at=root).unstaged == (name,)
    diff = run_tool("git_diff", at=root, path=name)
    assert [(file.path, file.additions, file.deletions) for file in diff.files] == [(name, 1, 1)]
    assert run_tool("git_log", at=root, path=name).commits[0].files_changed == 1


def test_a_name_that_is_no_text(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    make_undecodable(root)
    result = run_tool("git_status", at=root)
    assert result.untracked == (r"caf\xe9.py",)
    assert result.model_dump_json()


def test_a_repository_without_commits(root: Path, run_tool: RunTool) -> None:
    git(root, "init", "-q")
    write_files(root, {"a.txt": "a\n", "b.txt": ""})
    git(root, "add", "a.txt")
    result = run_tool("git_status")
    assert (result.branch, result.commit) == ("main", "")
    assert changes(result) == {("a.txt", "added", True), ("b.txt", "untracked", False)}
    assert run_tool("git_log").commits == ()
    assert run_tool("git_diff", staged=True).additions == 1
    with pytest.raises(ToolError, match="has no commits yet"):
        run_tool("git_diff", base="HEAD")


def test_a_detached_head(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    git(root, "switch", "-q", "--detach")
    result = run_tool("git_status", at=root)
    assert result.branch == "HEAD"
    assert result.summary == f"HEAD is detached at {result.commit[:7]}: nothing changed."


def test_ahead_and_behind(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    git(root, "branch", "base")
    git(root, "commit", "-q", "--allow-empty", "-m", "Ours")
    git(root, "branch", "-q", "--set-upstream-to=base")
    result = run_tool("git_status", at=root)
    assert (result.upstream, result.ahead, result.behind) == ("base", 1, 0)
    assert result.summary == "On branch main: nothing changed; 1 ahead of base."


def test_a_workspace_below_the_root_of_the_repository(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"top.txt": "a\n", "sub/in.txt": "a\n", "sub/old.txt": "same\n" * 9})
    write_files(root, {"top.txt": "b\n", "sub/in.txt": "b\n", "sub/new.txt": ""})
    git(root, "mv", "sub/old.txt", "sub/moved.txt")
    below = root / "sub"
    status = run_tool("git_status", at=below)
    assert set(status.staged) | set(status.unstaged) | set(status.untracked) == {"in.txt", "new.txt", "moved.txt"}
    assert status.changed_elsewhere == 1
    assert status.summary == (
        "On branch main: 1 staged (moved.txt), 1 unstaged (in.txt), 1 untracked (new.txt), 1 outside this folder."
    )
    diff = run_tool("git_diff", at=below)
    assert [file.path for file in diff.files] == ["in.txt"]
    assert "a/in.txt" in diff.patch
    assert run_tool("git_log", at=below, path="in.txt").commit_count == 1


@pytest.mark.parametrize("tool", ["git_status", "git_diff", "git_log"])
def test_no_repository(root: Path, run_tool: RunTool, tool: str) -> None:
    with pytest.raises(ToolError, match=r"^The workspace is not in a git repository\.$"):
        run_tool(tool)


def test_a_broken_configuration_is_one_line(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    (root / ".git" / "config").write_text("[broken\n")
    with pytest.raises(ToolError, match="bad config line 1") as caught:
        run_tool("git_status", at=root)
    assert "\n" not in str(caught.value)


def test_variables_that_point_git_elsewhere_do_not_count(
    make_repository: MakeRepository, run_tool: RunTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository({"other": ""}, name="other")
    root = make_repository({"a": "a\n"})
    write_files(root, {"a": "b\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert run_tool("git_status", at=root).unstaged == ("a",)


def test_a_working_tree_that_lies_elsewhere_is_refused(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"a": ""})
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    git(root, "config", "core.worktree", str(elsewhere))
    with pytest.raises(ToolError, match="elsewhere"):
        run_tool("git_status", at=root)


def test_a_stopped_turn_stops_git(
    make_repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository({"a": "before"})
    write_files(root, {"a": "after!", ".gitattributes": "* filter=slow\n"})
    started = tmp_path / "started"
    config = f'[filter "slow"]\n\tclean = "echo $$ > {started}; exec sleep 300"\n'
    (tmp_path / "gitconfig").write_text(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    cancelled = threading.Event()
    stopped_at: list[float] = []

    def stop_once_started() -> None:
        while not (started.exists() and started.read_text().strip()):
            time.sleep(0.01)
        stopped_at.append(time.monotonic())
        cancelled.set()

    watcher = threading.Thread(target=stop_once_started)
    watcher.start()
    with pytest.raises(ToolCancelledError):
        git_status(ToolContext(Workspace.at(root), cancelled=cancelled))
    assert time.monotonic() - stopped_at[0] < 60
    watcher.join()
    pid = int(started.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_person_s_own_settings_do_not_change_the_form(
    make_repository: MakeRepository, run_tool: RunTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository({"a": ""})
    git(root, "branch", "base")
    git(root, "branch", "-q", "--set-upstream-to=base")
    git(root, "commit", "-q", "--allow-empty", "-m", "Ours")
    write_files(root, {"new/file": ""})
    (tmp_path / "gitconfig").write_text(
        "[status]\nshowUntrackedFiles = no\naheadBehind = false\nshort = true\n[color]\nui = always\n"
        "[log]\nshowRoot = false\ndate = relative\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    result = run_tool("git_status", at=root)
    assert (result.untracked, result.ahead) == (("new/file",), 1)
    assert [commit.files_changed for commit in run_tool("git_log", at=root).commits] == [0, 1]


def test_a_folder_with_a_closing_slash(make_repository: MakeRepository, run_tool: RunTool) -> None:
    root = make_repository({"sub/a": "1\n", "b": "1\n"})
    write_files(root, {"sub/a": "2\n", "b": "2\n"})
    for path in ("sub", "sub/", "./sub/", str(root / "sub")):
        assert [file.path for file in run_tool("git_diff", at=root, path=path).files] == ["sub/a"]
    assert run_tool("git_log", at=root, path="./").commit_count == 1
