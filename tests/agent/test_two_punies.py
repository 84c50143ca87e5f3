"""Two punies at work in one tree, with one journal: no edit of either is lost, and each takes back its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punie_tools.changes.journal import Journal, journal_folder
from punie_tools.files.temporary_files import is_temporary

ROUNDS = 10
SHARED = "shared.txt"

# Each edit adds a line of its own above the last one, so whatever was lost shows. Told are the outcomes, a line each.
WORKER = """\
import json, random, sys
from pathlib import Path
from punie_tools.errors import ToolError
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

root, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
chance = random.Random(name)
places = ["shared.txt", *(chance.choice(["shared.txt", f"{name}.txt"]) for _ in range(rounds))]
reads = [ToolCall("read", "read_file", {"path": path}) for path in places]
edits = [
    ToolCall("edit", "edit_file", {"path": path, "old": "END\\n", "new": f"{name} {number}\\nEND\\n"})
    for number, path in enumerate(places)
]
replies = [[reads[0]], [edits[0]], *map(list, zip(reads[1:], edits[1:]))]
session = Session(root, ScriptedEngine(replies, writes_answers=False), Settings(), allow_all=True)
journal = session.changes.journal

def tell(**told):
    print(json.dumps(told), flush=True)

def edit(number):
    events = list(session.run(f"edit {number}"))
    failed = [event.error for event in events if event.kind == "tool_failed"]
    told = {"did": "edit", "turn": events[0].turn_id, "path": places[number], "line": f"{name} {number}"}
    tell(**told, refusal=failed[0] if failed else "")
    return not failed

def move(how, turn):
    try:
        getattr(journal, how)(turn)
    except ToolError as error:
        tell(did=how, turn=turn, refusal=str(error))
        return False
    tell(did=how, turn=turn, refusal="")
    return True

list(session.run("look"))
tell(did="look")
sys.stdin.readline()
done = [session.changes.turn] if edit(0) else []
sys.stdin.readline()
undone = []
for number in range(1, rounds + 1):
    if edit(number):
        done.append(session.changes.turn)
    if done and chance.random() < 0.5 and move("undo", turn := chance.choice([done[0], done[-1]])):
        done.remove(turn)
        undone.append(turn)
    if undone and chance.random() < 0.3 and move("redo", turn := chance.choice(undone)):
        undone.remove(turn)
        done.append(turn)
session.close()
"""


def test_two_punies_lose_nothing_of_each_other(tmp_path: Path, punie_home: Path) -> None:
    root = (tmp_path / "project").resolve()
    root.mkdir()
    for name in (SHARED, "x.txt", "y.txt"):
        (root / name).write_text("END\n")
    workers = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", WORKER, root, name, str(ROUNDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "xy"
    ]
    told = [[next_step(worker)] for worker in workers]
    for _ in range(2):
        for worker in workers:
            go_on(worker)
        told = [[*steps, next_step(worker)] for steps, worker in zip(told, workers, strict=True)]
    for steps, worker in zip(told, workers, strict=True):
        for line in worker.stdout or ():
            steps.append(json.loads(line))
            assert (root / SHARED).read_text().endswith("END\n")
        worker.communicate()
    assert [worker.returncode for worker in workers] == [0, 0]

    # Both had read the same file: whoever came second was told of the other's line, and changed nothing.
    first = [steps[1]["refusal"] for steps in told]
    assert first.count("") == 1
    assert "shared.txt was changed" in "".join(first)
    steps = [step for each in told for step in each[1:]]
    for step in steps:
        assert_clear(step)
    assert standing_lines(steps) == {
        name: sorted((root / name).read_text().splitlines()[:-1]) for name in (SHARED, "x.txt", "y.txt")
    }

    # Both see both histories, as they were told.
    journal = Journal(journal_folder(punie_home / "state", root), root)
    is_undone = {step["turn"]: step["did"] == "undo" for step in steps if not step["refusal"]}
    assert {turn.turn: turn.is_undone for turn in journal.turns()} == is_undone
    assert not [path for path in (*root.rglob("*"), *punie_home.rglob("*")) if is_temporary(path.name)]
    assert sorted(path.name for path in root.iterdir()) == [SHARED, "x.txt", "y.txt"]


def go_on(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin
    worker.stdin.write("go\n")
    worker.stdin.flush()


def next_step(worker: subprocess.Popen[str]) -> dict[str, Any]:
    assert worker.stdout
    return json.loads(worker.stdout.readline())


def assert_clear(step: Mapping[str, Any]) -> None:
    """A refused edit is one line; a refused undo or redo is one, and then what differs."""
    refusal = step["refusal"]
    if not refusal:
        return
    assert re.match(r"(shared|x|y)\.txt was (changed|edited) ", refusal), refusal
    assert ("\n" in refusal) == (step["did"] != "edit"), refusal


def standing_lines(steps: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What should be in each file: the lines of the edits that were made, and not taken back since."""
    edits = {step["turn"]: step for step in steps if step["did"] == "edit"}
    stands = {step["turn"]: step["did"] != "undo" for step in steps if not step["refusal"]}
    lines: dict[str, list[str]] = {name: [] for name in (SHARED, "x.txt", "y.txt")}
    for turn, does_stand in stands.items():
        if does_stand:
            lines[edits[turn]["path"]].append(edits[turn]["line"])
    return {name: sorted(found) for name, found in lines.items()}
