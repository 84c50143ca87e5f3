"""Trust in a folder: kept outside it, and lapsing when something else would run than what was trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from punie_tools.workspace import Workspace
from punie_tui.agent.session import Session
from punie_tui.agent.trust import FolderTrust, TrustStore, folder_trust
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.own_files import home_directory
from punie_tui.settings import Settings
from tests.conftest import git, write_files

MakeRepository = Callable[..., Path]
PYPROJECT = "[tool.pytest.ini_options]\naddopts = '-q'\n"


@pytest.fixture
def project(make_repository: MakeRepository) -> Path:
    root = make_repository({"a.py": "x = 1\n", "pyproject.toml": PYPROJECT, "hooks/pre-push": "#!/bin/sh\n"})
    (root / "hooks" / "pre-push").chmod(0o755)
    git(root, "config", "core.hooksPath", "hooks")
    make_environment(root / ".venv")
    return root


@pytest.fixture
def trust(project: Path) -> FolderTrust:
    folder_trust(Workspace.at(project)).trust()
    trust = folder_trust(Workspace.at(project))
    assert trust.look()
    return trust


def make_environment(folder: Path, program: Path = Path(sys.executable)) -> None:
    write_files(folder, {"pyvenv.cfg": f"home = {program.parent}\nversion = 3.11.4\n"})
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(program)


def write_hook(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\ntouch ran\n")
    path.chmod(0o755)


def relink(root: Path) -> None:
    (root / ".venv" / "bin" / "python").unlink()
    (root / ".venv" / "bin" / "python").symlink_to("/bin/sh")


def set_in_git(name: str, value: str) -> Callable[[Path], object]:
    return lambda root: git(root, "config", name, value)


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: write_files(root, {name: text})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (set_in_git("core.hooksPath", ".husky"), "the git setting core.hookspath changed"),
        (set_in_git("core.fsmonitor", "./watch"), "the git setting core.fsmonitor is new"),
        (set_in_git("core.sshCommand", "./ssh"), "the git setting core.sshcommand is new"),
        (set_in_git("filter.Big.clean", "./clean"), "the git setting filter.Big.clean is new"),
        (set_in_git("filter.a.b.process", "./p"), "the git setting filter.a.b.process is new"),
        (set_in_git("diff.png.textconv", "./show"), "the git setting diff.png.textconv is new"),
        (set_in_git("diff.external", "./diff"), "the git setting diff.external is new"),
        (set_in_git("merge.ours.driver", "true"), "the git setting merge.ours.driver is new"),
        (set_in_git("alias.st", "!./x"), "the git setting alias.st is new"),
        (set_in_git("credential.helper", "!./x"), "the git setting credential.helper is new"),
        (set_in_git("gpg.program", "./x"), "the git setting gpg.program is new"),
        (set_in_git("submodule.a.update", "!./x"), "the git setting submodule.a.update is new"),
        (lambda root: git(root, "config", "--unset", "core.hooksPath"), "the git setting core.hookspath is gone"),
        (lambda root: write_hook(root / ".git" / "hooks" / "pre-commit"), "the git hook pre-commit is new"),
        (lambda root: write_hook(root / "hooks" / "_" / "run"), "the git hook _/run is new"),
        (lambda root: write_hook(root / "hooks" / "pre-push"), "the git hook pre-push changed"),
        (
            write("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q -p evil'\n"),
            "pytest's addopts in pyproject.toml is new",
        ),
        (write("pyproject.toml", "[tool.pytest]\naddopts = ['-pevil']\n"), "pytest's addopts in pyproject.toml is new"),
        (write("tox.ini", "[pytest]\naddopts = --rootdir=/tmp\n"), "pytest's addopts in tox.ini is new"),
        (write("setup.cfg", "[tool:pytest]\npythonpath = lib\n"), "pytest's pythonpath in setup.cfg is new"),
        (relink, "the environment .venv changed"),
        (write(".venv/pyvenv.cfg", "home = /elsewhere\n"), "the environment .venv changed"),
        (lambda root: make_environment(root / "venv"), "the environment venv is new"),
    ],
)
def test_trust_lapses_when_other_programs_would_run(
    project: Path, trust: FolderTrust, change: Callable[[Path], object], told: str
) -> None:
    change(project)
    assert not trust.look()
    assert trust.lapse.startswith("Trust in this folder has lapsed: ")
    assert told in trust.lapse
    assert trust.lapse.endswith(" since you trusted it.")
    trust.trust()
    assert trust.look()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: git(root, "checkout", "-q", "-b", "side", "--track", "main"),
        set_in_git("user.name", "Somebody"),
        set_in_git("remote.origin.url", "https://example.org/x.git"),
        write("conftest.py", "def pytest_configure(config): ...\n"),
        write("tests/test_new.py", "def test_a(): ...\n"),
        write("pyproject.toml", "[project]\nname = 'x'\n[tool.pytest.ini_options]\naddopts = '-x --durations=3'\n"),
        write(".venv/pyvenv.cfg", f"home = {Path(sys.executable).parent}\nversion = 3.11.9\n"),
        write(".venv/lib/python3.11/site-packages/new/__init__.py", ""),
        write(".git/hooks/pre-commit.sample", "#!/bin/sh\n"),
        write(".git/hooks/notes.txt", "not executable"),
        write(".gitattributes", "*.png filter=big\n"),
        write("pyproject.toml", "not [ toml"),
    ],
)
def test_trust_holds_while_the_person_works(
    project: Path, trust: FolderTrust, change: Callable[[Path], object]
) -> None:
    change(project)
    assert trust.look(), trust.lapse


def test_a_change_that_is_undone_is_none(project: Path, trust: FolderTrust) -> None:
    git(project, "config", "core.pager", "./page")
    assert not trust.look()
    git(project, "config", "--unset", "core.pager")
    assert trust.look()
    assert trust.lapse == ""


def test_many_changes_are_one_sentence(project: Path, trust: FolderTrust) -> None:
    for number in range(6):
        git(project, "config", f"alias.a{number}", "!x")
    assert not trust.look()
    assert ", and 3 more since you trusted it." in trust.lapse


def test_a_name_from_the_repository_cannot_draw(project: Path, trust: FolderTrust) -> None:
    git(project, "config", "alias.x", "!x")
    config = project / ".git" / "config"
    config.write_text(config.read_text() + '[filter "\x1b[2J"]\n\tclean = x\n')
    assert not trust.look()
    assert "\x1b" not in trust.lapse
    assert "␛" in trust.lapse


def test_a_workspace_below_the_repository_counts_what_lies_above_it(make_repository: MakeRepository) -> None:
    root = make_repository({"package/a.py": ""})
    trust = folder_trust(Workspace.at(root / "package"))
    trust.trust()
    assert trust.look()
    write_files(root, {"pytest.ini": "[pytest]\naddopts = -p evil\n"})
    assert not trust.look()
    assert "../pytest.ini" in trust.lapse


def test_nothing_of_the_repository_runs_while_it_is_looked_at(make_repository: MakeRepository) -> None:
    root = make_repository({"a.py": ""})
    for name in ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand"):
        git(root, "config", name, "touch ran;")
    write_hook(root / ".git" / "hooks" / "post-checkout")
    trust = folder_trust(Workspace.at(root))
    trust.trust()
    assert trust.look()
    assert not (root / "ran").exists()


def test_trust_is_for_one_folder_and_can_be_taken_back(project: Path, make_repository: MakeRepository) -> None:
    other = make_repository({"a.py": ""}, name="other")
    folder_trust(Workspace.at(project)).trust()
    assert folder_trust(Workspace.at(project)).look()
    assert not folder_trust(Workspace.at(other)).look()
    below = folder_trust(Workspace.at(project / "hooks"))
    # Never trusted, and not trusted no longer.
    assert (below.look(), below.lapse) == (False, "")
    folder_trust(Workspace.at(project)).revoke()
    assert not folder_trust(Workspace.at(project)).look()
    assert (home_directory("data") / "trust.json").stat().st_mode & 0o077 == 0


def test_the_earlier_format_still_trusts_and_begins_to_watch(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps({"trusted": [str(project), "/gone"]}))
    trust = FolderTrust(TrustStore(path), Workspace.at(project))
    assert trust.look()
    git(project, "config", "alias.x", "!x")
    assert not trust.look()
    assert "/gone" in TrustStore(path).folders()


@pytest.mark.parametrize("text", ["", "[]", '{"trusted": 1}', '{"trusted": {"/a": 1}}', "\x00", '{"trusted": [1]}'])
def test_a_file_that_is_none_trusts_nothing(project: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "trust.json"
    path.write_text(text)
    trust = FolderTrust(TrustStore(path), Workspace.at(project))
    assert not trust.look()
    trust.trust()
    assert trust.look()


def test_trust_that_lapses_between_two_calls_counts_at_once(make_repository: MakeRepository) -> None:
    root = make_repository({"a.txt": "1\n"})
    write_hook(root / ".git" / "hooks" / "pre-commit")
    replies = [
        [
            ToolCall(str(number), "git_stage", {"paths": ["a.txt"]}),
            ToolCall(f"c{number}", "git_commit", {"message": "m"}),
        ]
        for number in range(2)
    ]
    session = Session(root.resolve(), ScriptedEngine(replies, writes_answers=False), Settings(policy="accept edits"))
    with closing(session):
        session.trust.trust()
        (root / "a.txt").write_text("2\n")
        assert list(session.run("commit"))[-1].kind == "turn_finished"
        assert (root / "ran").exists()
        (root / "ran").unlink()
        write_hook(root / ".git" / "hooks" / "post-commit")
        (root / "a.txt").write_text("3\n")
        events = list(session.run("commit"))
    assert [event.kind for event in events].count("tool_finished") == 2
    assert not (root / "ran").exists()
    assert "the git hook post-commit is new" in session.trust.lapse
