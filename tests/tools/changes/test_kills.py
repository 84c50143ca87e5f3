"""Writers that are killed at any moment, and two at once: each file whole, the journal loads, undo still works."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.files.temporary_files import is_temporary

KILLS = int(os.environ.get("PUNIE_TEST_KILLS", "24"))
FIRST_SEED = int(os.environ.get("PUNIE_TEST_SEED", "0"))

WORDS = 5_000
WORKER = """\
import pathlib, random, sys
from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.errors import ToolError
root, folder, name, seed = map(pathlib.Path, sys.argv[1:])
chance = random.Random(str(seed))
# Room for some turns alone, so that the journal forgets old ones all the time.
journal, tree = Journal(folder, root, most_bytes=80_000), TreeAccess(root)
print("ready", flush=True)
turn = ""
for number in range(10**9):
    paths = [f"{name}-one.txt", f"{name}-two.txt", f"{name}-new/{number % 3}/three.txt"]
    chosen = chance.sample(paths, chance.randint(1, 3))
    text = FileImage((f"{name}{number} " * 5_000).encode(), 0o644)
    # Several changes of a turn, of the same files.
    turn = turn if turn and chance.random() < 0.4 else f"{name} {number}"
    try:
        before = {each: tree.read(each, 1 << 24) for each in chosen}
        gone = chance.random() < 0.2
        journal.change(turn, [FileChange(each, old, None if gone and old else text) for each, old in before.items()])
        undone = chance.choice((0, 0, 1, 2))
        for _ in range(undone):
            turn = ""
            journal.undo()
        for _ in range(chance.randint(0, undone)):
            journal.redo()
    except ToolError as error:
        print(error, flush=True)
"""


def start(root: Path, folder: Path, name: str, seed: int = 0) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", WORKER, root, folder, name, str(seed)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_whole(root: Path) -> None:
    for name, data in contents(root).items():
        words = data.split()
        assert is_temporary(name) or (len(words) == WORDS and len(set(words)) == 1), name


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + KILLS))
def test_a_kill_at_any_moment_leaves_whole_files_and_a_journal_that_works(
    root: Path, tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "journal"
    process = start(root, folder, "x", seed)
    try:
        process.wait(timeout=random.Random(seed).uniform(0.0, 0.4))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    told, _ = process.communicate()
    # The worker alone changes files, so each of its undos and redos is possible.
    assert set(told.splitlines()) <= {b"There is nothing to undo."}
    assert_whole(root)
    journal = Journal(folder, root)
    lines = (folder / "journal.jsonl").read_bytes().splitlines() if journal.turns() else []
    assert all(json.loads(line) for line in lines[:-1])
    done = [turn for turn in journal.turns() if not turn.is_undone]
    for move in (journal.undo, journal.redo):
        for _ in done:
            move()
            assert_whole(root)
    assert [turn for turn in journal.turns() if not turn.is_undone] == done
    # The next change of a folder sweeps what the killed writer left there.
    tree = TreeAccess(root)
    paths = [path for path in contents(root) if not is_temporary(path)]
    journal.change("last", [FileChange(path, tree.read(path, 1 << 24), FileImage(b"x", 0o644)) for path in paths])
    swept = {(root / path).parent for path in paths} | {folder, folder / "images"}
    assert not [name for each in swept for name in each.iterdir() if is_temporary(name.name)]


def test_two_processes_in_one_tree(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    workers = [start(root, folder, name) for name in "xy"]
    journal = Journal(folder, root)
    while len({turn.turn[0] for turn in journal.turns()}) < 2:
        pass
    for worker in workers:
        worker.kill()
        worker.communicate()
    assert_whole(root)
    lines = (folder / "journal.jsonl").read_bytes().splitlines()
    assert all(json.loads(line) for line in lines[:-1])
    assert {turn.turn[0] for turn in journal.turns()} <= {"x", "y"}
