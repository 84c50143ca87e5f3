"""A repository's own files name commands in many places; git runs them, punie's git tools run none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files
from tests.tools.git.traps import TRAPS, make_traps_repository

ASK_STATUS = """\
import pathlib, sys
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
find_tool("git_status").run(ToolContext(Workspace.at(pathlib.Path(sys.argv[1]))), {})
"""


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What every trap touches."""
    return tmp_path / "fired"


@pytest.fixture
def trap(tmp_path: Path, marker: Path) -> str:
    """A program that leaves the marker and then does a filter's work."""
    script = tmp_path / "trap.sh"
    script.write_text(f'#!/bin/sh\ntouch {marker}\nexec cat ${{1+"$1"}}\n')
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    make_traps_repository(root)
    return root


READING_CALLS: list[tuple[str, dict[str, object]]] = [
    ("git_status", {}),
    ("git_diff", {}),
    ("git_diff", {"path": "tracked.txt"}),
    ("git_diff", {"staged": True}),
    ("git_diff", {"base": "HEAD"}),
    ("git_log", {}),
    ("git_log", {"path": "tracked.txt"}),
    ("git_show", {}),
    ("git_blame", {"path": "tracked.txt"}),
    ("git_branches", {}),
    ("git_stash", {"action": "list"}),
]
CHANGING_CALLS: list[tuple[str, dict[str, object]]] = [
    ("git_stage", {"paths": ["."]}),
    ("git_unstage", {}),
    ("git_stage", {"paths": ["tracked.txt"]}),
    ("git_commit", {"message": "Change"}),
    ("git_stash", {}),
    ("git_branch", {"name": "new", "create": True}),
    ("git_branch", {"name": "side"}),
    ("git_branch", {"name": "main"}),
    ("git_stash", {"action": "pop"}),
    ("git_cherry_pick", {"revision": "side"}),
]
NEEDING_TRUST = ("git_stash pop", "git_cherry_pick")


def run_git_tools(root: Path, calls: list[tuple[str, dict[str, object]]] = READING_CALLS) -> list[str]:
    """In a folder that nobody trusts; the calls that were refused or failed, each in one line."""
    refused: list[str] = []
    for name, arguments in calls:
        try:
            tool, context = find_tool(name), ToolContext(Workspace.at(root))
            tool.preview(context, tool.validate(arguments))
            tool.run(context, arguments)
        except ToolError as error:
            assert "\n" not in str(error)
            refused.append(" ".join([name, *(str(value) for key, value in arguments.items() if key == "action")]))
    return refused


def test_without_a_trap_only_what_needs_trust_is_refused(hostile: Path) -> None:
    """So that no tool can pass below by doing nothing."""
    assert run_git_tools(hostile) == []
    assert run_git_tools(hostile, CHANGING_CALLS) == list(NEEDING_TRUST)


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_fires(hostile: Path, marker: Path, trap: str, name: str) -> None:
    TRAPS[name].plant(hostile, trap)
    # Plain git gets a copy: looking at a repository can refresh its index, and then some traps stay open.
    copy = Path(shutil.copytree(hostile, hostile.with_name("copy"), symlinks=True))
    marker.unlink(missing_ok=True)
    run_git_tools(hostile)
    assert not marker.exists(), "a reading tool fell for it"
    for call in CHANGING_CALLS:
        run_git_tools(hostile, [call])
        assert not marker.exists(), f"{call} fell for it"
    TRAPS[name].spring(copy)
    assert marker.exists(), "plain git no longer falls into this trap: the test proves nothing"


def test_the_environment_names_no_program(
    hostile: Path, marker: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, trap)
    run_git_tools(hostile)
    run_git_tools(hostile, CHANGING_CALLS)
    assert not marker.exists()
    write_files(hostile, {"tracked.txt": "again\n"})
    subprocess.run(["git", "diff"], cwd=hostile, capture_output=True, check=False)
    assert marker.exists(), "the trap itself must work"


def test_a_filter_that_no_option_can_name_stops_the_tool(hostile: Path, marker: Path, trap: str) -> None:
    write_files(hostile, {".gitattributes": "* filter=a=b\n"})
    git(hostile, "config", "filter.a=b.clean", trap)
    with pytest.raises(ToolError, match="filter called 'a=b'"):
        find_tool("git_status").run(ToolContext(Workspace.at(hostile)), {})
    assert not marker.exists()


def test_the_person_s_own_filter_still_works(
    hostile: Path, marker: Path, trap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(hostile, {".gitattributes": "* filter=mine\n"})
    (tmp_path / "gitconfig").write_text(f'[filter "mine"]\n\tclean = {trap}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    run_git_tools(hostile)
    assert marker.exists()


def test_a_git_in_the_repository_is_not_found(
    hostile: Path, marker: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hostile / "git").symlink_to(trap)
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    run_git_tools(hostile)
    assert not marker.exists()


def test_a_git_that_the_tree_puts_on_the_path_is_not_run(
    hostile: Path, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = hostile / ".venv" / "bin"
    programs.mkdir(parents=True)
    planted = programs / "git"
    planted.write_text(f"#!/bin/sh\ntouch {marker}\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    run_git_tools(hostile)
    # In a new process the library behind them is loaded, which asks git for its version.
    subprocess.run([sys.executable, "-P", "-c", ASK_STATUS, hostile], cwd=hostile, check=True)
    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=hostile, check=False)
    assert marker.exists(), "the trap itself must work"
