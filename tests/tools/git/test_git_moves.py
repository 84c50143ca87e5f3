"""git_branch, git_stash and git_cherry_pick: nothing is lost, and conflicts are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

COMMIT = {"message": "Solve nothing"}

Run = Callable[..., Any]
MakeRepository = Callable[..., Path]


@pytest.fixture
def project(make_repository: MakeRepository) -> Path:
    """Two branches that changed the same line, and `side` another file as well."""
    root = make_repository({"a.py": "1\n", "b.py": "1\n"})
    git(root, "switch", "-qc", "side")
    write_files(root, {"b.py": "side\n"})
    git(root, "commit", "-qam", "Change b\n\nBody")
    write_files(root, {"a.py": "side\n"})
    git(root, "commit", "-qam", "Change a")
    git(root, "switch", "-q", "main")
    write_files(root, {"a.py": "main\n"})
    git(root, "commit", "-qam", "Change a here")
    return root


@pytest.fixture
def run(project: Path) -> Run:
    def run_tool(tool: str, /, **arguments: object) -> Any:
        return find_tool(tool).run(ToolContext(Workspace.at(project, is_trusted=True)), arguments)

    return run_tool


def test_branches_are_switched_and_begun(project: Path, run: Run) -> None:
    result = run("git_branch", name="side")
    assert (result.branch, result.previous, result.created) == ("side", "main", False)
    begun = run("git_branch", name="feature/x", create=True, start="main")
    assert (begun.branch, begun.created) == ("feature/x", True)
    assert begun.hash == git(project, "rev-parse", "main").strip()
    assert begun.summary == f"Began feature/x at {begun.hash[:10]}, from side."


def test_changes_that_would_be_lost_stop_a_switch(project: Path, run: Run) -> None:
    write_files(project, {"a.py": "mine\n"})
    with pytest.raises(ToolError, match=r"would be overwritten by checkout: a\.py\.$"):
        run("git_branch", name="side")
    assert (project / "a.py").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "nowhere"}, "no branch 'nowhere'; there are: main, side. create=true begins one"),
        ({"name": "-f"}, "cannot be a branch's name"),
        ({"name": "a..b", "create": True}, "cannot be a branch's name"),
        ({"name": "side", "create": True}, "git failed: .*already exists"),
        ({"name": "x", "create": True, "start": "zzz"}, "no revision 'zzz'"),
        ({"name": "side", "start": "main"}, "set create"),
    ],
)
def test_wrong_branches_are_clear(project: Path, run: Run, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run("git_branch", **arguments)
    assert git(project, "branch", "--show-current").strip() == "main"


def test_changes_are_put_aside_and_taken_back(project: Path, run: Run) -> None:
    write_files(project, {"a.py": "mine\n", "new.py": "new\n"})
    pushed = run("git_stash", message="half done")
    assert git(project, "status", "--porcelain") == ""
    assert (pushed.stash_count, pushed.stashes[0].message) == (1, "On main: half done")
    assert pushed.summary == "Put the changes aside; 1 stash now."
    listed = run("git_stash", action="list")
    assert (listed.stashes, listed.summary) == (pushed.stashes, "1 stash: stash@{0} On main: half done.")
    assert run("git_stash", action="pop").stash_count == 0
    assert ((project / "a.py").read_text(), (project / "new.py").read_text()) == ("mine\n", "new\n")


def test_a_stash_in_conflict_is_kept(project: Path, run: Run) -> None:
    write_files(project, {"a.py": "mine\n"})
    run("git_stash")
    write_files(project, {"a.py": "other\n"})
    git(project, "commit", "-qam", "Other")
    result = run("git_stash", action="pop")
    assert (result.conflicts, result.stash_count) == (("a.py",), 1)
    with pytest.raises(ToolError, match=r"a\.py is in conflict already"):
        run("git_stash", action="pop")


def test_nothing_to_put_aside_or_take_back(run: Run) -> None:
    with pytest.raises(ToolError, match="Nothing is changed"):
        run("git_stash")
    with pytest.raises(ToolError, match="Nothing is put aside"):
        run("git_stash", action="pop")


def test_a_commit_is_picked(project: Path, run: Run) -> None:
    result = run("git_cherry_pick", revision="side~1")
    assert (project / "b.py").read_text() == "side\n"
    assert (result.message, result.conflicts) == ("Change b\n\nBody", ())
    assert result.hash == git(project, "rev-parse", "HEAD").strip()


def test_a_pick_in_conflict_names_the_files_and_can_be_finished(project: Path, run: Run) -> None:
    result = run("git_cherry_pick", revision="side")
    assert (result.conflicts, result.hash) == (("a.py",), "")
    assert "left conflicts in 1 file: a.py; solve them" in result.summary
    assert "<<<<<<<" in (project / "a.py").read_text()
    write_files(project, {"a.py": "both\n"})
    run("git_stage", paths=["a.py"])
    run("git_commit", message="Change a, both ways")
    assert git(project, "status", "--porcelain") == ""


def test_what_merges_runs_in_a_trusted_folder_alone(project: Path) -> None:
    context = ToolContext(Workspace.at(project))
    for name, arguments in (("git_cherry_pick", {"revision": "side"}), ("git_stash", {"action": "pop"})):
        with pytest.raises(ToolError, match="this folder is not trusted"):
            find_tool(name).run(context, arguments)
    risks = [find_tool("git_stash").risk_for({"action": action}) for action in ("list", "push", "pop")]
    assert risks == [Risk.READS, Risk.EDITS, Risk.RUNS]


def test_the_previews_are_the_commands(project: Path) -> None:
    context = ToolContext(Workspace.at(project))
    head = git(project, "rev-parse", "side").strip()
    assert find_tool("git_cherry_pick").preview(context, {"revision": "side"}) == f"git cherry-pick {head}"
    assert find_tool("git_branch").preview(context, {"name": "side"}) == "git switch --quiet --no-guess side"
    (project / "new.py").write_text("")
    assert (
        find_tool("git_stash").preview(context, {"message": "a b"})
        == "git stash push --include-untracked '--message=a b'"
    )


def test_a_pick_that_changes_nothing_leaves_nothing_in_progress(project: Path, run: Run) -> None:
    run("git_cherry_pick", revision="side~1")
    with pytest.raises(ToolError, match="are here already, so nothing was picked"):
        run("git_cherry_pick", revision="side~1")
    assert not (project / ".git" / "CHERRY_PICK_HEAD").exists()


@pytest.mark.parametrize("begin", ["merge", "cherry-pick", "rebase", "revert", "stash"])
def test_in_the_middle_of_a_conflict_nothing_else_begins(project: Path, begin: str) -> None:
    if begin == "stash":
        write_files(project, {"a.py": "put aside\n"})
        git(project, "stash")
        write_files(project, {"a.py": "again\n"})
        git(project, "commit", "-qam", "Change a again")
    command = {"revert": ["revert", "HEAD~1"], "stash": ["stash", "pop"]}.get(begin, [begin, "side"])
    if begin == "revert":
        write_files(project, {"a.py": "later\n"})
        git(project, "commit", "-qam", "Change a later")
    with pytest.raises(CalledProcessError):
        git(project, *command)
    state = git(project, "status", "--porcelain"), (project / "a.py").read_text()
    context = ToolContext(Workspace.at(project, is_trusted=True))
    status = find_tool("git_status").run(context, {}).model_dump()
    assert ("a.py", "conflicted") in [(file["path"], file["status"]) for file in status["files"]]
    for tool, arguments in (("git_stash", {}), ("git_cherry_pick", {"revision": "side~1"}), ("git_commit", COMMIT)):
        with pytest.raises(
            ToolError, match=r"^(a\.py is in conflict|Another commit is being picked) already; solve [^\n]+\.$"
        ):
            find_tool(tool).run(context, arguments)
    with pytest.raises(ToolError, match=r"^git failed: [^\n]+\.$"):
        find_tool("git_branch").run(context, {"name": "side"})
    assert (git(project, "status", "--porcelain"), (project / "a.py").read_text()) == state


def test_one_pick_at_a_time(project: Path, run: Run) -> None:
    assert run("git_cherry_pick", revision="side").conflicts == ("a.py",)
    write_files(project, {"a.py": "both\n"})
    run("git_stage", paths=["a.py"])
    with pytest.raises(ToolError, match="Another commit is being picked already"):
        run("git_cherry_pick", revision="side~1")
    run("git_commit", message="Pick it")
    assert run("git_cherry_pick", revision="side~1").conflicts == ()
