"""What a command changed is told, and can be taken back and made again; what cannot is told as well."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.commands import change_watch
from punie_tools.commands.backends import choose_confinement, confinement_here
from punie_tools.commands.bubblewrap import remove_left_stand_ins
from punie_tools.commands.confinement import SETTINGS_FILE, Confinement
from punie_tools.commands.old_contents import OldContents
from punie_tools.commands.runner import CommandRun, run_shell_command
from punie_tools.commands.tree_snapshot import take_snapshot
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.git.repository import Repository
from punie_tools.moment import Moment
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

LANDLOCK = choose_confinement("linux", lambda: "left out")
BACKENDS = pytest.mark.parametrize(
    "confinement", [confinement_here(), LANDLOCK, Confinement(None, "for the test")], ids=lambda each: each.name
)

Tree = dict[str, tuple[int, bytes]]
LEFT_OUT = {".git", "node_modules"}


def tree_of(root: Path) -> Tree:
    """Every file with its permissions and its content."""
    tree: Tree = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for path in (Path(folder, name) for name in names if name not in LEFT_OUT):
            if path.is_file() and not path.is_symlink():
                tree[path.relative_to(root).as_posix()] = (path.stat().st_mode & 0o777, path.read_bytes())
    return tree


@pytest.fixture
def project(make_repository: Callable[..., Path]) -> Path:
    """Files of every kind to git: committed, changed since, staged, untracked, ignored."""
    root = make_repository(
        {
            ".gitignore": "node_modules/\n.env\n*.log\n",
            "a.py": "a = 1\n",
            "b.py": "b = 1\n",
            "deep/er/c.py": "c = 1\n",
            "dos.txt": "one\r\ntwo\r\n",
            "run.sh": "#!/bin/sh\n",
        }
    )
    write_files(root, {"b.py": "b = 2\n", "new.py": "n\n", ".env": "KEY=1\n", "node_modules/x/index.js": "x\n"})
    write_files(root, {"staged.py": "s\n"})
    git(root, "add", "staged.py")
    return root


@pytest.fixture
def context(project: Path, tmp_path: Path) -> ToolContext:
    """A session's, in its first turn."""
    changes = SessionChanges(project, Journal(tmp_path / "journal", project))
    changes.turn = "turn"
    return ToolContext(Workspace.at(project), changes=changes)


def journal_of(context: ToolContext) -> Journal:
    assert context.changes
    assert context.changes.journal
    return context.changes.journal


def told(run: CommandRun) -> list[tuple[str, str]]:
    assert run.changes
    assert run.changes.is_known
    return [(file.status, file.path) for file in run.changes.files]


EVERYTHING = (
    "echo more >> a.py; sed -i s/2/3/ b.py; rm deep/er/c.py; mv new.py moved.py; echo 'KEY=2' > .env; "
    "chmod +x dos.txt; mkdir -p x/y; echo z > x/y/z; rm staged.py; printf '\\0\\377' > bytes; echo log > out.log; "
    "echo i > node_modules/x/i"
)


@BACKENDS
def test_undo_takes_back_exactly_what_a_command_did(
    project: Path, context: ToolContext, confinement: Confinement
) -> None:
    before = tree_of(project)
    run = run_shell_command(context, EVERYTHING, 20, confinement)
    assert run.process.exit_code == 0, run.process.stderr
    assert told(run) == [
        ("modified", ".env"),
        ("modified", "a.py"),
        ("modified", "b.py"),
        ("added", "bytes"),
        ("deleted", "deep/er/c.py"),
        ("modified", "dos.txt"),
        ("renamed", "moved.py"),
        ("added", "out.log"),
        ("deleted", "staged.py"),
        ("added", "x/y/z"),
    ]
    assert run.changes
    assert run.changes.files[6].old_path == "new.py"
    assert run.changes.not_journalled == ()
    after = tree_of(project)
    journal_of(context).undo()
    assert tree_of(project) == before
    journal_of(context).redo()
    assert tree_of(project) == after
    assert (project / "node_modules" / "x" / "i").read_text() == "i\n"


def test_a_tree_without_git_is_journalled_too(root: Path, tmp_path: Path) -> None:
    write_files(root, {"a": "1", "b/c": "2", "node_modules/d": "3"})
    context = ToolContext(Workspace.at(root), changes=SessionChanges(root, Journal(tmp_path / "journal", root)))
    before = tree_of(root)
    run = run_shell_command(context, "echo x > a; rm -r b; echo y > node_modules/d", 20)
    assert told(run) == [("modified", "a"), ("deleted", "b/c")]
    journal_of(context).undo()
    assert tree_of(root) == before


def test_a_hundred_random_commands_are_taken_back(project: Path, context: ToolContext) -> None:
    chance = random.Random(7)
    steps = [
        "echo {n} >> {a}",
        "rm -f {a}",
        "cp {a} {b}",
        "mv {a} {b}",
        "chmod {m} {a}",
        "git add -A",
        "git stash -q -u",
    ]
    names = ["a.py", "b.py", "deep/er/c.py", "new.py", ".env", "x1", "deep/x2", "dos.txt"]
    unconfined = Confinement(None, "quicker")
    states = [tree_of(project)]
    assert context.changes
    for number in range(100):
        chosen = [
            chance.choice(steps).format(n=number, a=a, b=b, m=chance.choice(["600", "755", "644"]))
            for a, b in (chance.sample(names, 2) for _ in range(3))
        ]
        context.changes.turn = f"turn {number}"
        run_shell_command(context, "; ".join(chosen), 20, unconfined)
        if tree_of(project) != states[-1]:
            states.append(tree_of(project))
    assert len(states) > 60
    turns = [turn.turn for turn in journal_of(context).turns()]
    for turn, state in zip(reversed(turns), reversed(states[:-1]), strict=True):
        journal_of(context).undo(turn)
        assert tree_of(project) == state
    for state in states[1:]:
        journal_of(context).redo()
        assert tree_of(project) == state


def test_commands_and_edits_of_a_turn_are_one_step(project: Path, context: ToolContext) -> None:
    before = tree_of(project)
    find_tool("edit_file").run(context, {"path": "a.py", "old": "1", "new": "2"})
    run_shell_command(context, "echo x >> a.py; rm b.py", 20)
    find_tool("write_file").run(context, {"path": "b.py", "content": "again\n"})
    journal_of(context).undo()
    assert tree_of(project) == before


def test_what_the_person_edited_since_is_not_taken_back(project: Path, context: ToolContext) -> None:
    run_shell_command(context, "echo x >> a.py; echo y > y", 20)
    (project / "a.py").write_text("mine\n")
    with pytest.raises(ToolError, match=r"a\.py was edited since"):
        journal_of(context).undo()
    assert (project / "y").exists()


def test_another_turn_s_edit_meanwhile_stays_that_turn_s(project: Path, context: ToolContext) -> None:
    assert context.changes
    others = SessionChanges(project, context.changes.journal)
    others.turn = "another"
    waits = "echo up; until [ -e go ]; do sleep 0.01; done; rm go; echo x >> b.py"

    def edit(_done: int, _total: int | None, _text: str) -> None:
        if not (project / "go").exists():
            find_tool("edit_file").run(replace(context, changes=others), {"path": "a.py", "old": "1", "new": "2"})
            (project / "go").touch()

    run_shell_command(replace(context, report_progress=edit), waits, 20)
    journal_of(context).undo("turn")
    assert (project / "a.py").read_text() == "a = 2\n"
    assert (project / "b.py").read_text() == "b = 2\n"


def test_another_turn_s_edit_stays_its_own_also_after_the_clock_was_set_back(
    project: Path, context: ToolContext
) -> None:
    assert context.changes
    others = SessionChanges(project, context.changes.journal)
    others.turn = "another"
    by_clock_of_then = Moment(at=time.time() + 3600)
    watch = change_watch.ChangeWatch(context, wants_changes=True, started=by_clock_of_then)
    find_tool("edit_file").run(replace(context, changes=others), {"path": "a.py", "old": "1", "new": "2"})
    (project / "b.py").write_text("b = 3\n")
    watch.finish()
    assert journal_of(context).undo("turn").paths == ("b.py",)
    assert (project / "a.py").read_text() == "a = 2\n"


def test_what_a_stopped_command_did_is_taken_back_too(project: Path, context: ToolContext) -> None:
    before = tree_of(project)
    cancelled = threading.Event()
    stopping = replace(context, cancelled=cancelled, report_progress=lambda _done, _total, _text: cancelled.set())
    with pytest.raises(ToolCancelledError):
        run_shell_command(stopping, "echo x > a.py; rm b.py; echo up; sleep 100", 60)
    assert tree_of(project) != before
    journal_of(context).undo()
    assert tree_of(project) == before
    run = run_shell_command(context, "echo x > a.py; sleep 100", 0.5)
    assert run.process.timed_out
    assert told(run) == [("modified", "a.py")]


def test_a_command_that_changes_nothing_leaves_no_turn(project: Path, context: ToolContext) -> None:
    run = run_shell_command(context, "touch a.py; cp -p b.py t; rm t; cp new.py n2; mv n2 new.py", 20)
    assert told(run) == []
    assert run_shell_command(context, "cat a.py", 20).changes is None
    assert journal_of(context).turns() == []


def test_same_size_and_same_time_is_still_a_change(project: Path, context: ToolContext) -> None:
    run = run_shell_command(context, "touch -r a.py t; echo 'a = 9' > a.py; touch -r t a.py; rm t", 20)
    assert told(run) == [("modified", "a.py")]
    journal_of(context).undo()
    assert (project / "a.py").read_text() == "a = 1\n"


def test_what_cannot_be_taken_back_is_named(project: Path, context: ToolContext) -> None:
    (project / "was-a-link").symlink_to("a.py")
    (project / "large").write_bytes(b"")
    os.truncate(project / "large", change_watch.SIZE_LIMIT + 1)
    command = (
        "ln -s a.py link; rm was-a-link; echo x >> large; rm new.py; mkdir new.py; echo y > new.py/y; echo z > a.py"
    )
    run = run_shell_command(context, command, 20)
    assert run.changes
    assert run.changes.not_journalled == ("large", "link", "new.py", "new.py/y", "was-a-link")
    result = find_tool("run_command").run(context, {"command": "echo more >> large; echo x > b.py"})
    assert "; 2 files changed, 1 of them for good." in result.summary
    journal_of(context).undo()
    assert (project / "a.py").read_text() == "a = 1\n"
    assert (project / "new.py" / "y").exists()


@pytest.mark.parametrize(
    "attributes", ["*.py filter=shout\n", "*.txt text eol=crlf\n", "*.py ident\n", "* text=auto\n"]
)
def test_what_git_stores_in_another_form_comes_back_as_it_was(
    project: Path, context: ToolContext, attributes: str
) -> None:
    write_files(project, {".gitattributes": attributes, "id.py": "# $Id$\n", "t.txt": "one\ntwo\n"})
    git(project, "config", "filter.shout.clean", "tr a-z A-Z")
    git(project, "config", "filter.shout.smudge", "tr A-Z a-z")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "Store it otherwise")
    for name in ("id.py", "t.txt", "a.py", "dos.txt"):
        (project / name).unlink()
    git(project, "checkout", "-q", ".")
    before = tree_of(project)
    run = run_shell_command(context, "for f in id.py t.txt a.py; do echo x >> $f; done; rm dos.txt", 20)
    assert run.changes
    journal_of(context).undo()
    restored = tree_of(project)
    for name in run.changes.not_journalled:
        restored[name] = before[name]
    assert restored == before
    assert "a.py" not in run.changes.not_journalled


def test_a_history_that_the_command_destroys_takes_back_what_it_can(project: Path, context: ToolContext) -> None:
    run = run_shell_command(context, "rm -rf .git/objects; echo x > a.py; echo y > new.py", 20)
    assert run.changes
    assert run.changes.not_journalled == ("a.py",)
    journal_of(context).undo()
    assert (project / "new.py").read_text() == "n\n"


def test_a_workspace_below_the_repository_s_root(project: Path, tmp_path: Path) -> None:
    root = project / "deep"
    context = ToolContext(Workspace.at(root), changes=SessionChanges(root, Journal(tmp_path / "below", root)))
    run = run_shell_command(context, "echo x >> er/c.py", 20)
    assert told(run) == [("modified", "er/c.py")]
    journal_of(context).undo()
    assert (root / "er" / "c.py").read_text() == "c = 1\n"


def test_files_whose_content_git_holds_are_not_copied(context: ToolContext, project: Path) -> None:
    repository = Repository.of(context)
    kept = OldContents.keep(project, repository, take_snapshot(project, repository))
    assert kept.copies.keys() == {".env", "b.py", "new.py"}
    assert kept.objects.keys() == {".gitignore", "a.py", "deep/er/c.py", "dos.txt", "run.sh", "staged.py"}


def test_the_tool_tells_the_files(project: Path, run_tool: Callable[..., Any]) -> None:
    result = run_tool("run_command", at=project, command="for n in $(seq 300); do echo $n > f$n; done; rm a.py")
    assert (result.changed_count, len(result.changed_files)) == (301, change_watch.MOST_LISTED)
    assert result.changed_files[0].model_dump() == {"path": "a.py", "status": "deleted", "old_path": ""}
    assert "; 301 files changed." in result.summary
    assert result.not_journalled_count == 0


def run_beside(context: ToolContext, command: str, go: str = "go") -> threading.Thread:
    """Begin a command, and return while it runs: it goes on when something is written into the fifo `go`."""
    root = context.workspace.root
    began = f"{go}.began"
    for name in (began, go):
        os.mkfifo(root / name)
    beside = threading.Thread(
        target=run_shell_command, args=(context, f"echo > {began}; read line < {go}; {command}", 20.0)
    )
    beside.start()
    (root / began).read_text()
    return beside


def test_only_new_files_of_a_command_are_left_where_an_edit_is_undone(project: Path, context: ToolContext) -> None:
    run_shell_command(context, "echo 2 > a.py; echo > report", 20)
    assert [turn.is_by_product for turn in journal_of(context).turns()] == [False]
    assert context.changes
    later = replace(context, changes=context.changes.for_turn("later"))
    run_shell_command(later, "echo > report2", 20)
    assert [turn.is_by_product for turn in journal_of(context).turns()] == [False, True]


def test_settings_that_a_command_writes_can_be_taken_back(project: Path, context: ToolContext) -> None:
    settings, unconfined = project / SETTINGS_FILE, Confinement(None, "for the test")
    settings.write_text("theme = 'dark'\n")
    assert told(run_shell_command(context, f"echo > {SETTINGS_FILE}", 20, unconfined)) == [("modified", SETTINGS_FILE)]
    journal_of(context).undo()
    assert settings.read_text() == "theme = 'dark'\n"


@pytest.fixture
def bare_places(project: Path) -> Path:
    """Repositories in which much of what a sandbox locks is not there, so that it makes something to mount on."""
    for name in ("core.hooksPath", "include.path"):
        git(project, "config", name, f"../{name}" if name == "include.path" else name)
    git(project, "init", "-q", "--template=", "inner")
    return project


MADE = [
    ".git/config.worktree",
    "core.hooksPath",
    "include.path",
    "inner/.git/config.worktree",
    "inner/.git/hooks",
]


def paths_of(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def test_what_a_killed_run_made_goes_at_the_next_start(bare_places: Path) -> None:
    if confinement_here().name != "bubblewrap":
        pytest.skip("only bubblewrap needs something to mount on")
    os.mkfifo(bare_places / "began")
    before = paths_of(bare_places)
    arguments = ["run_command", "command=echo > began; sleep 300", "--cwd", str(bare_places)]
    run = subprocess.Popen([sys.executable, "-m", "punie_tui", "tool", *arguments])
    (bare_places / "began").read_text()
    run.kill()
    run.wait()
    assert sorted(paths_of(bare_places) - before) == MADE
    # What somebody has made of it meanwhile is theirs.
    (bare_places / "core.hooksPath" / "pre-push").write_text("true\n")
    remove_left_stand_ins(bare_places)
    assert paths_of(bare_places) - before == {"core.hooksPath", "core.hooksPath/pre-push"}


def test_the_last_of_several_runs_removes_what_the_first_made(bare_places: Path) -> None:
    if confinement_here().name != "bubblewrap":
        pytest.skip("only bubblewrap needs something to mount on")
    known = {*paths_of(bare_places), "go1", "go1.began", "go2", "go2.began"}
    context = ToolContext(Workspace.at(bare_places))
    runs = {go: run_beside(context, ":", go) for go in ("go1", "go2")}
    for go, run in runs.items():
        assert sorted(paths_of(bare_places) - known) == MADE
        (bare_places / go).write_text("\n")
        run.join()
    assert paths_of(bare_places) == known


def test_a_stand_in_in_a_git_directory_goes_also_where_nothing_was_noted(bare_places: Path) -> None:
    own, inner = (bare_places / place for place in (".git/config.worktree", "inner/.git/config.worktree"))
    for place in (own, inner):
        place.touch(mode=0o444)
    remove_left_stand_ins(bare_places)
    assert not own.exists()
    own.touch(mode=0o644)
    if confinement_here().name == "bubblewrap":
        run_shell_command(ToolContext(Workspace.at(bare_places)), ":", 20)
        assert not inner.exists()
    remove_left_stand_ins(bare_places)
    assert own.exists()
