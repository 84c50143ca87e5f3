"""A repository's own files name commands in many places; git runs them, punie's git tools run none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

ASK_STATUS = """\
import pathlib, sys
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
find_tool("git_status").run(ToolContext(Workspace.at(pathlib.Path(sys.argv[1]))), {})
"""
COMMANDS = ("status", "diff", "log", "show", "blame", "branch")

Plant = Callable[[Path, str], None]


def plant_fsmonitor(root: Path, trap: str) -> None:
    git(root, "config", "core.fsmonitor", trap)


def plant_hook(root: Path, trap: str) -> None:
    # The hook runs when status refreshes the index: a file has a new time and its old content.
    write_files(root, {"same.txt": "same"})
    git(root, "add", "same.txt")
    git(root, "commit", "-qm", "Add same")
    os.utime(root / "same.txt", (1, 1))
    (root / "hooks").mkdir()
    (root / "hooks" / "post-index-change").symlink_to(trap)
    git(root, "config", "core.hooksPath", "hooks")


def plant_external_diff(root: Path, trap: str) -> None:
    git(root, "config", "diff.external", trap)


def plant_diff_driver(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* diff=evil\n"})
    git(root, "config", "diff.evil.command", trap)


def plant_textconv(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* diff=evil\n"})
    git(root, "config", "diff.evil.textconv", trap)


def plant_clean_filter(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* filter=evil\n"})
    git(root, "config", "filter.evil.clean", trap)
    git(root, "config", "filter.evil.required", "true")


def plant_process_filter(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* filter=Evil.Two\n"})
    git(root, "config", "filter.Evil.Two.process", trap)


def plant_included_filter(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* filter=evil\n", "more.ini": f'[filter "evil"]\n\tclean = {trap}\n'})
    git(root, "config", "include.path", "../more.ini")


def plant_worktree_filter(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* filter=evil\n"})
    git(root, "config", "extensions.worktreeConfig", "true")
    git(root, "config", "--worktree", "filter.evil.clean", trap)


def plant_submodule_filter(root: Path, trap: str) -> None:
    sub = root / "sub"
    sub.mkdir()
    git(sub, "init", "-q")
    write_files(sub, {"inner.txt": "before", ".gitattributes": "* filter=evil\n"})
    git(sub, "add", "-A")
    git(sub, "commit", "-qm", "Inner")
    git(root, "add", "sub")
    git(root, "commit", "-qm", "Add sub")
    git(sub, "config", "filter.evil.clean", trap)
    write_files(sub, {"inner.txt": "after!"})


def plant_diff_inside_a_submodule(root: Path, trap: str) -> None:
    plant_submodule_filter(root, "cat")
    sub = root / "sub"
    git(sub, "commit", "-qam", "Inner change")
    git(sub, "config", "diff.external", trap)
    git(root, "config", "diff.submodule", "diff")


def plant_signature_checker(root: Path, trap: str) -> None:
    commit = git(root, "cat-file", "commit", "HEAD")
    head, _, message = commit.partition("\n\n")
    signature = "-----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
    signed = f"{head}\ngpgsig {signature}\n\n{message}"
    written = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=root,
        input=signed,
        capture_output=True,
        text=True,
        check=True,
    )
    git(root, "update-ref", "HEAD", written.stdout.strip())
    git(root, "config", "gpg.program", trap)
    git(root, "config", "log.showSignature", "true")


def plant_transport(root: Path, trap: str) -> None:
    blob = git(root, "rev-parse", "HEAD:tracked.txt").strip()
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    git(root, "config", "core.repositoryFormatVersion", "1")
    git(root, "config", "extensions.partialClone", "origin")
    git(root, "config", "remote.origin.promisor", "true")
    git(root, "config", "remote.origin.url", f"ext::{trap} %S")
    git(root, "config", "protocol.ext.allow", "always")


def plant_transport_over_ssh(root: Path, trap: str) -> None:
    plant_transport(root, trap)
    git(root, "config", "remote.origin.url", "ssh://nowhere.invalid/x")
    git(root, "config", "core.sshCommand", trap)


TRAPS = [
    pytest.param(plant_fsmonitor, ["status"], id="file system monitor"),
    pytest.param(plant_hook, ["status"], id="hook"),
    pytest.param(plant_external_diff, ["diff"], id="external diff"),
    pytest.param(plant_diff_driver, ["diff"], id="diff driver"),
    pytest.param(plant_textconv, ["diff"], id="text conversion"),
    pytest.param(plant_clean_filter, ["status"], id="clean filter"),
    pytest.param(plant_process_filter, ["status"], id="process filter"),
    pytest.param(plant_included_filter, ["status"], id="filter in an included file"),
    pytest.param(plant_worktree_filter, ["status"], id="filter of the work tree"),
    pytest.param(plant_submodule_filter, ["status"], id="filter in a submodule"),
    pytest.param(plant_diff_inside_a_submodule, ["diff"], id="external diff in a submodule"),
    pytest.param(plant_signature_checker, ["log", "-1"], id="signature checker"),
    pytest.param(plant_textconv, ["blame", "tracked.txt"], id="text conversion in blame"),
    pytest.param(plant_external_diff, ["show", "--ext-diff"], id="external diff in show"),
    pytest.param(plant_clean_filter, ["blame", "tracked.txt"], id="clean filter in blame"),
    pytest.param(plant_signature_checker, ["show"], id="signature checker in show"),
    pytest.param(plant_transport, ["diff"], id="transport of a missing object"),
    pytest.param(plant_transport_over_ssh, ["diff"], id="ssh command of a missing object's transport"),
]


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
def hostile(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"tracked.txt": "before\n"})
    write_files(root, {"tracked.txt": "after!\n", "untracked.txt": ""})
    return root


def run_git_tools(root: Path) -> None:
    calls: list[tuple[str, dict[str, object]]] = [
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
    ]
    for name, arguments in calls:
        try:
            find_tool(name).run(ToolContext(Workspace.at(root)), arguments)
        except ToolError as error:
            # Without the missing object there is no diff, and git says so.
            assert "git failed" in str(error)


@pytest.mark.parametrize(("plant", "plain_git"), TRAPS)
def test_no_trap_fires(hostile: Path, marker: Path, trap: str, plant: Plant, plain_git: list[str]) -> None:
    plant(hostile, trap)
    # Plain git gets a copy: looking at a repository can refresh its index, and then some traps stay open.
    copy = Path(shutil.copytree(hostile, hostile.with_name("copy"), symlinks=True))
    marker.unlink(missing_ok=True)
    run_git_tools(hostile)
    assert not marker.exists()
    subprocess.run(["git", *plain_git], cwd=copy, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert marker.exists(), "plain git no longer falls into this trap: the test proves nothing"


def test_pagers_editors_and_aliases_do_not_fire(
    hostile: Path, marker: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "core.pager",
        "core.editor",
        "core.askPass",
        "credential.helper",
        *(f"pager.{name}" for name in COMMANDS),
    ):
        git(hostile, "config", name, trap)
    for name in (*COMMANDS, "rev-parse", "for-each-ref"):
        git(hostile, "config", f"alias.{name}", f"!{trap}")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", trap)
    monkeypatch.setenv("GIT_PAGER", trap)
    run_git_tools(hostile)
    assert not marker.exists()


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
