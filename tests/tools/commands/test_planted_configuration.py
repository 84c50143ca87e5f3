"""What git and Python take from the tree itself: a command plants nothing there that runs outside the sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from punie_tools.commands.backends import choose_confinement, confinement_here
from punie_tools.commands.bubblewrap import Bubblewrap
from punie_tools.commands.confinement import Confinement
from punie_tools.commands.git_directories import find_git_places
from punie_tools.commands.runner import run_shell_command
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

BACKENDS = pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])


def confinement_by(backend: str) -> Confinement:
    found = confinement_here() if backend == "bubblewrap" else choose_confinement("linux", lambda: "left out")
    if found.name != backend:
        pytest.skip(f"no {backend} here: {found.reason}")
    return found


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """Its configuration names a folder of hooks by a link, and a file to include, which includes another."""
    root = make_repository(
        {
            "tools/hooks/pre-commit": "true\n",
            "shared/gitconfig": "[alias]\n\tone = log\n[include] path = more/gitconfig\n",
            "shared/more/gitconfig": "[alias]\n\ttwo = log\n",
        }
    )
    (root / "linked").symlink_to("tools/hooks")
    git(root, "config", "core.hooksPath", "linked")
    git(root, "config", "include.path", "../shared/gitconfig")
    return root


ATTEMPTS = {
    "a hook changed": "echo id >> tools/hooks/pre-commit; echo id >> linked/pre-commit",
    "a hook added": "echo id > linked/pre-push",
    "hooks gone": "rm -rf tools",
    "another folder in its place": "mv tools t2; mkdir -p tools/hooks; echo id > tools/hooks/pre-push",
    "a link above the hooks": "mv tools t2; mkdir -p e/hooks; echo id > e/hooks/pre-push; ln -s e tools",
    "a link for the hooks": "mv tools t2; mkdir tools e; echo id > e/pre-push; ln -s ../e tools/hooks",
    "the link led elsewhere": "mkdir e; echo id > e/pre-push; ln -sfn e linked",
    "the link made a folder": "rm linked; mkdir linked; echo id > linked/pre-push",
    "an included file changed": "echo '[alias] x = !id' >> shared/gitconfig",
    "an included file replaced": "mv shared s2; mkdir shared; echo '[alias] x = !id' > shared/gitconfig",
    "an included file by a link": "mv shared s2; mkdir e; echo '[alias] x = !id' > e/gitconfig; ln -s e shared",
    "what is included in turn": "echo '[alias] x = !id' >> shared/more/gitconfig",
}


def seen_by_git(root: Path) -> tuple[str, dict[str, str]]:
    """The configuration as git puts it together, and the hooks that it would run."""
    folder = root / git(root, "rev-parse", "--git-path", "hooks").strip()
    return git(root, "config", "--list"), {path.name: path.read_text() for path in folder.iterdir()}


@BACKENDS
@pytest.mark.parametrize("command", ATTEMPTS.values(), ids=ATTEMPTS)
def test_git_runs_nothing_else_than_before(root: Path, command: str, backend: str) -> None:
    before = seen_by_git(root)
    run_shell_command(ToolContext(Workspace.at(root)), command, 30, confinement_by(backend))
    assert seen_by_git(root) == before


@BACKENDS
def test_what_the_person_changes_there_meanwhile_stays(root: Path, backend: str) -> None:
    confinement = confinement_by(backend)
    if not (confinement.backend and confinement.backend.locks_git):
        pytest.skip("this backend puts back whatever changed")

    def change(done: int, total: int | None, text: str) -> None:
        write_files(root, {"tools/hooks/pre-commit": "theirs\n", "draft": "[alias]\n\tone = diff\n"})
        (root / "draft").rename(root / "shared" / "gitconfig")
        (root / "go").touch()

    context = ToolContext(Workspace.at(root), report_progress=change)
    run = run_shell_command(context, "echo up; until [ -e go ]; do sleep 0.01; done", 30, confinement)
    assert run.put_back == ()
    assert (root / "tools" / "hooks" / "pre-commit").read_text() == "theirs\n"
    assert "one = diff" in (root / "shared" / "gitconfig").read_text()


def test_a_command_does_not_change_what_punie_runs_from(root: Path) -> None:
    bubblewrap = confinement_by("bubblewrap").backend
    assert isinstance(bubblewrap, Bubblewrap)
    (root / ".venv" / "lib").mkdir(parents=True)
    ours = Confinement(replace(bubblewrap, own_environment=root / ".venv"), "for the test")
    command = (
        "echo x > .venv/lib/x.pth; rm -rf .venv; mv .venv v; mkdir -p .venv/lib; echo y > .venv/lib/y.pth; echo z > z"
    )
    run = run_shell_command(ToolContext(Workspace.at(root)), command, 30, ours)
    assert [path.name for path in (root / ".venv").rglob("*")] == ["lib"], run.process.stderr
    assert (root / "z").exists()


PLANT = """\
import os, pathlib
text = f"open({str(pathlib.Path('@FIRED@'))!r}, 'w').close()\\n"
packages = pathlib.Path(".venv/lib/python3.12/site-packages")
packages.mkdir(parents=True)
pathlib.Path(".venv/pyvenv.cfg").write_text("home = .venv/bin\\nversion = 3.12.1\\n")
(packages / "planted.pth").write_text("import os; " + text)
(packages / "sitecustomize.py").write_text(text)
for name in ("conftest", "sitecustomize", "usercustomize", "ruff", "pytest", "setup"):
    pathlib.Path(name + ".py").write_text(text)
programs = pathlib.Path(".venv/bin")
programs.mkdir()
for name in ("python", "python3", "git", "ruff", "node", "rg"):
    (programs / name).write_text("#!/bin/sh\\n: > @FIRED@\\n")
    (programs / name).chmod(0o755)
pathlib.Path(".gitattributes").write_text("* filter=x diff=x\\n")
os.system("git config filter.x.clean ./x; git config diff.x.textconv ./x; git -c core.fsmonitor=./x status")
pathlib.Path("x").write_text("#!/bin/sh\\n: > @FIRED@\\n")
pathlib.Path("x").chmod(0o755)
"""


@BACKENDS
def test_punie_s_own_tools_run_nothing_that_a_command_planted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    fired = tmp_path / "fired"
    (root / "plant.py").write_text(PLANT.replace("@FIRED@", str(fired)))
    python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin") or "python3"
    run = run_shell_command(ToolContext(Workspace.at(root)), f"{python} plant.py", 30, confinement_by(backend))
    assert (root / ".venv" / "bin" / "git").exists(), run.process.stderr
    monkeypatch.chdir(root)
    monkeypatch.setenv("VIRTUAL_ENV", str(root / ".venv"))
    for tool in ("git_status", "git_diff", "ruff_check", "typecheck", "list_files"):
        find_tool(tool).run(ToolContext(Workspace.at(root)), {})
        assert not fired.exists(), tool


def test_configuration_that_includes_itself_by_links_comes_to_an_end(root: Path) -> None:
    for name in ("a", "b"):
        (root / ".git" / name).symlink_to(".")
    with (root / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write("[include]\n\tpath = a/config\n\tpath = b/config\n")
    places = find_git_places(root)
    assert {link.name for link in places.links} >= {"a", "b"}
    assert root / "shared" / "more" / "gitconfig" in places.included_files
