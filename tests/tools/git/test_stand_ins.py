"""What a sandbox puts in the place of settings is no change: no tool of git takes it in. Settings of a person are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from punie_tools.commands.backends import confinement_here
from punie_tools.commands.confinement import SETTINGS_FILE
from punie_tools.errors import ToolError
from punie_tools.git.changed_files import changed_files
from punie_tools.git.tree_review import read_tree_review
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

RunTool = Callable[..., Any]


@pytest.fixture(params=["", "part/"], ids=["at the top", "below it"])
def project(request: pytest.FixtureRequest, make_repository: Callable[..., Path]) -> Path:
    """A workspace at the top of a repository or below, with a changed file and a new one."""
    root = make_repository({f"{request.param}a.py": "1\n", "z.py": "1\n"}) / request.param
    write_files(root, {"a.py": "2\n", "new.py": "new\n"})
    return root


@pytest.fixture
def stand_in(project: Path) -> Iterator[Path]:
    """As it lies there while a sandbox is at work."""
    if confinement_here().name != "bubblewrap":
        pytest.skip("only bubblewrap needs something to mount on")
    for name in ("began", "go"):
        os.mkfifo(project / name)
    context, arguments = ToolContext(Workspace.at(project)), {"command": "echo > began; read line < go"}
    command = threading.Thread(target=find_tool("run_command").run, args=(context, arguments))
    command.start()
    (project / "began").read_text()
    yield project / SETTINGS_FILE
    (project / "go").write_text("\n")
    command.join()


def staged(root: Path) -> list[str]:
    return git(root, "diff", "--cached", "--relative", "--name-only").split()


@pytest.mark.parametrize("is_trusted", [False, True])
def test_staging_all_leaves_it_out(project: Path, stand_in: Path, is_trusted: bool) -> None:
    assert stand_in.exists()
    context = ToolContext(Workspace.at(project, is_trusted=is_trusted))
    find_tool("git_stage").run(context, {"paths": ["."]})
    assert staged(project) == ["a.py", "new.py"]
    with pytest.raises(ToolError, match=r"\.punie\.toml is no file to stage"):
        find_tool("git_stage").run(context, {"paths": ["a.py", SETTINGS_FILE]})


def test_a_review_of_the_tree_does_not_hold_it(project: Path, stand_in: Path) -> None:
    context = ToolContext(Workspace.at(project))
    reviewed = read_tree_review(context)
    assert [file.change.path for file in reviewed.review.files] == ["a.py", "new.py"]
    reviewed.review.accept(reviewed.review.places)
    reviewed.apply()
    assert staged(project) == ["a.py", "new.py"]
    assert changed_files(context) == ["a.py", "new.py"]
    assert stand_in.exists()


def test_it_stays_where_all_else_is_put_aside(project: Path, stand_in: Path, run_tool: RunTool) -> None:
    top = Path(git(project, "rev-parse", "--show-toplevel").strip())
    (top / "z.py").write_text("2\n")
    run_tool("git_stash", at=project, action="push")
    assert stand_in.exists()
    put_aside = git(top, "stash", "show", "--include-untracked", "--name-only").split()
    assert sorted(Path(path).name for path in put_aside) == ["a.py", "new.py", "z.py"]
    with pytest.raises(ToolError, match="Nothing is changed"):
        run_tool("git_stash", at=project, action="push")


def test_a_command_that_stages_all_leaves_it_out(project: Path, run_tool: RunTool) -> None:
    if not (project / ".git").exists():
        pytest.skip("a command cannot stage there: the repository's own files lie outside the workspace")
    excluded = project / ".git" / "info" / "exclude"
    excluded.write_text("/new.py")
    assert run_tool("run_command", at=project, command="git add --all").exit_code == 0
    assert staged(project) == ["a.py"]
    assert excluded.read_text() == "/new.py"
    (project / SETTINGS_FILE).touch(mode=0o644)
    run_tool("run_command", at=project, command="git add --all")
    assert staged(project) == [SETTINGS_FILE, "a.py"]


def test_settings_that_the_person_wrote_are_staged(project: Path, run_tool: RunTool) -> None:
    (project / SETTINGS_FILE).touch(mode=0o644)
    run_tool("run_command", at=project, command="echo")
    assert [file.path for file in run_tool("git_stage", at=project, paths=["."]).files] == [
        SETTINGS_FILE,
        "a.py",
        "new.py",
    ]
