"""git_stage, git_unstage and git_commit: by file and by hunk, and nobody's hooks unasked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

RunTool = Callable[..., Any]
MakeRepository = Callable[..., Path]

LINES = "".join(f"line {number}\n" for number in range(30))


@pytest.fixture
def project(make_repository: MakeRepository) -> Path:
    root = make_repository({"a.py": LINES, "gone.py": "1\n", "sub/b.py": "1\n"})
    write_files(root, {"a.py": LINES.replace("line 2\n", "two\n").replace("line 25\n", "x\n"), "new name.py": "new\n"})
    (root / "gone.py").unlink()
    return root


def staged(root: Path) -> str:
    return git(root, "diff", "--cached", "--name-status", "-z").replace("\0", " ").strip()


def test_files_are_staged_and_unstaged(project: Path, run_tool: RunTool) -> None:
    before = (project / "a.py").read_text()
    result = run_tool("git_stage", at=project, paths=["a.py", "gone.py", "new name.py"])
    assert staged(project) == "M a.py D gone.py A new name.py"
    assert (result.file_count, result.additions, result.deletions) == (3, 3, 3)
    assert result.summary == "3 files are staged (+3 -3 lines): a.py, gone.py, new name.py."
    assert run_tool("git_unstage", at=project, paths=["gone.py"]).file_count == 2
    assert run_tool("git_unstage", at=project).summary == "Nothing is staged."
    assert (project / "a.py").read_text() == before
    assert not (project / "gone.py").exists()


def test_one_hunk_is_staged_and_unstaged(project: Path, run_tool: RunTool) -> None:
    patch = run_tool("git_diff", at=project, path="a.py").patch
    first = patch[: patch.index("@@ -23")]
    assert run_tool("git_stage", at=project, patch=first).additions == 1
    assert "+two" in git(project, "diff", "--cached")
    assert "+x" not in git(project, "diff", "--cached")
    assert run_tool("git_unstage", at=project, patch=first.rstrip("\n")).file_count == 0


def test_a_commit_holds_what_is_staged(project: Path, run_tool: RunTool) -> None:
    run_tool("git_stage", at=project, paths=["a.py"])
    result = run_tool("git_commit", at=project, message="Change a\n\n# Not a comment\n")
    assert result.hash == git(project, "rev-parse", "HEAD").strip()
    assert (result.message, result.branch, result.ran_hooks) == ("Change a\n\n# Not a comment", "main", False)
    assert [file.path for file in result.files] == ["a.py"]
    assert result.summary == f'Committed {result.hash[:10]} "Change a" on main: 1 file, +2 -2 lines (a.py).'
    assert git(project, "status", "--porcelain").split() == ["D", "gone.py", "??", '"new', 'name.py"']


def test_the_first_commit_of_a_repository(tmp_path: Path, run_tool: RunTool) -> None:
    git(tmp_path, "init", "-q")
    write_files(tmp_path, {"a": "", "b": ""})
    assert run_tool("git_stage", at=tmp_path, paths=["."]).file_count == 2
    assert run_tool("git_unstage", at=tmp_path, paths=["b"]).file_count == 1
    assert [file.path for file in run_tool("git_commit", at=tmp_path, message="Start").files] == ["a"]


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("git_stage", {}, "nothing to stage"),
        ("git_stage", {"paths": ["../x"]}, "outside"),
        ("git_stage", {"paths": ["nothing.py"]}, "no file or folder"),
        ("git_stage", {"paths": ["a.py"], "patch": "x"}, "not both"),
        ("git_stage", {"patch": "nonsense"}, "git failed"),
        ("git_unstage", {"paths": ["a.py"], "patch": "x"}, "not both"),
        ("git_commit", {"message": "x"}, "Nothing is staged"),
        ("git_commit", {"message": " \n"}, "message is empty"),
    ],
)
def test_wrong_requests_are_clear(
    project: Path, run_tool: RunTool, tool: str, arguments: dict[str, Any], message: str
) -> None:
    head = git(project, "rev-parse", "HEAD")
    with pytest.raises(ToolError, match=message):
        run_tool(tool, at=project, **arguments)
    assert (git(project, "rev-parse", "HEAD"), staged(project)) == (head, "")


@pytest.fixture
def hooked(project: Path, tmp_path: Path) -> Path:
    """Every way a commit could start something leaves `fired`."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'fired'}\n[ $# -gt 0 ] && cat || true\n")
    trap.chmod(0o755)
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change"):
        hook = project / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'fired'}\n")
        hook.chmod(0o755)
    for name in ("core.editor", "gpg.program", "filter.evil.clean", "core.fsmonitor"):
        git(project, "config", name, str(trap))
    git(project, "config", "commit.gpgSign", "true")
    write_files(project, {".gitattributes": "* filter=evil\n"})
    return project


def test_in_an_untrusted_folder_nothing_of_it_runs(hooked: Path, tmp_path: Path, run_tool: RunTool) -> None:
    run_tool("git_stage", at=hooked, paths=["a.py"])
    run_tool("git_commit", at=hooked, message="Change a")
    assert not (tmp_path / "fired").exists()


def test_in_a_trusted_folder_the_person_s_hooks_run(project: Path, tmp_path: Path) -> None:
    hook = project / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ngrep -q ticket \"$1\" || { echo 'error: name a ticket' >&2; exit 1; }\n")
    hook.chmod(0o755)
    context = ToolContext(Workspace.at(project, is_trusted=True))
    find_tool("git_stage").run(context, {"paths": ["a.py"]})
    commit = find_tool("git_commit")
    with pytest.raises(ToolError, match="name a ticket"):
        commit.run(context, {"message": "Change a"})
    assert commit.run(context, {"message": "Change a, ticket 1"}).model_dump()["ran_hooks"]


def test_the_previews_show_what_will_happen(project: Path) -> None:
    context = ToolContext(Workspace.at(project))
    assert find_tool("git_stage").preview(context, {"paths": ["."]}) == (
        "git add --all -- .\n\n4 hunks of 3 files:\n"
        "  modified a.py (+2 -2)\n  deleted gone.py (+0 -1)\n  new new name.py"
    )
    assert find_tool("git_stage").preview(context, {"paths": ["new name.py"]}) == (
        "git add --all -- 'new name.py'\n\n1 hunk of 1 file:\n  new new name.py"
    )
    nothing = "git restore --staged -- .\n\nNothing of that is staged."
    assert find_tool("git_unstage").preview(context, {}) == nothing
    git(project, "add", "a.py")
    assert find_tool("git_unstage").preview(context, {}) == (
        "git restore --staged -- .\n\n2 hunks of 1 file:\n  modified a.py (+2 -2)"
    )
    assert find_tool("git_commit").preview(context, {"message": "Why"}) == "git commit\n  modified a.py (+2 -2)\n\nWhy"
    assert {find_tool(name).risk for name in ("git_stage", "git_unstage", "git_commit")} == {Risk.EDITS}


def test_of_many_files_a_preview_names_the_first_few(project: Path) -> None:
    write_files(project, {f"new/{number:02}.py": "new\n" for number in range(20)})
    (project / "sub/b.py").chmod(0o755)
    shown = find_tool("git_stage").preview(ToolContext(Workspace.at(project)), {"paths": ["sub", "new"]})
    assert shown
    _, _, total, first, *rest = shown.splitlines()
    assert (total, first) == ("21 hunks of 21 files:", "  modified sub/b.py")
    assert rest[:1] == ["  new new/00.py"]
    assert rest[6:] == ["  and 14 more"]


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("git_stage", {"paths": ["nothing.py"]}, "no file or folder"),
        ("git_commit", {"message": "x"}, "Nothing is staged"),
        ("git_commit", {"message": ""}, "message is empty"),
        ("git_stash", {"action": "pop"}, "Nothing is put aside"),
        ("git_stash", {"action": "push"}, "Nothing is changed"),
    ],
)
def test_nobody_is_asked_about_what_would_fail(
    project: Path, tool: str, arguments: dict[str, Any], message: str
) -> None:
    git(project, "stash", "--include-untracked")
    git(project, "stash", "drop")
    with pytest.raises(ToolError, match=message):
        find_tool(tool).preview(ToolContext(Workspace.at(project)), arguments)


@pytest.fixture
def with_submodules(project: Path) -> Path:
    """Three submodules: one with a new commit, one changed but not committed, one that is gone."""
    for name in ("libs/moved", "libs/dirty", "libs/gone"):
        sub = project / name
        sub.mkdir(parents=True)
        git(sub, "init", "-q")
        write_files(sub, {"inner.txt": "1\n"})
        git(sub, "add", "-A")
        git(sub, "commit", "-qm", "Inner")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Add submodules")
    write_files(project, {"libs/moved/inner.txt": "2\n", "libs/dirty/inner.txt": "2\n", "new.py": "", "a.py": "x\n"})
    git(project / "libs" / "moved", "commit", "-qam", "Inner change")
    shutil.rmtree(project / "libs" / "gone")
    return project


@pytest.mark.parametrize(
    "paths", [["."], ["libs"], ["libs/moved"], ["libs/gone", "a.py"], ["libs/dirty"], ["a.py"], ["libs", "new.py"]]
)
def test_submodules_are_staged_as_git_stages_them(
    with_submodules: Path, tmp_path: Path, run_tool: RunTool, paths: list[str]
) -> None:
    copy = Path(shutil.copytree(with_submodules, tmp_path / "copy"))
    git(copy, "add", "--all", "--", *paths)
    run_tool("git_stage", at=with_submodules, paths=paths)
    assert git(with_submodules, "ls-files", "--stage") == git(copy, "ls-files", "--stage")


def test_putting_aside_what_may_be_in_submodules_needs_trust(with_submodules: Path, run_tool: RunTool) -> None:
    with pytest.raises(ToolError, match=r"in a repository with submodules can start programs .* not trusted"):
        run_tool("git_stash", at=with_submodules)
    stash = find_tool("git_stash").run(ToolContext(Workspace.at(with_submodules, is_trusted=True)), {})
    assert stash.model_dump()["stash_count"] == 1
