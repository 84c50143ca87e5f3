"""Fifty edits and undos while somebody else works in the repository: theirs stands, and undone is undone."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil

from punie_tools.errors import ToolError
from punie_tools.files.temporary_files import is_temporary
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings
from tests.conftest import git

ROUNDS = int(os.environ.get("PUNIE_TEST_ROUNDS", "50"))
SEED = int(os.environ.get("PUNIE_TEST_SEED", "0"))
BOTH = ("src/one.py", "src/two.py")

# Saves as editors do, commits, and now and then saves over a file that punie edits. Ends with its input, and then tells
# what it wrote last to each file, and how often it committed.
SOMEBODY = """\
import json, os, random, select, subprocess, sys
os.chdir(sys.argv[1])
chance = random.Random(sys.argv[2])
both = sys.argv[3:]
last, commits, number = {}, 0, 0
def save(path, text):
    with open("draft", "w") as file:
        file.write(text)
    os.rename("draft", path)
    last[path] = text
while number < 60 or not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    if chance.random() < 0.2 or number == 1:
        save(chance.choice(both), f"theirs = {number}\\n# end\\n")
    else:
        save(chance.choice(["src/three.py", "notes.txt", "src/new.py"]), f"theirs = {number}\\n")
    if number % 25 == 0:
        subprocess.run(["git", "add", "notes.txt"])
        subprocess.run(["git", "commit", "-qm", f"Theirs {number}", "--allow-empty", "--only", "--", "notes.txt"])
        commits += 1
    if number == 1:
        print("begun", flush=True)
print(json.dumps({"last": last, "commits": commits}))
"""


def calls_of_round(number: int) -> list[ToolCall]:
    """In turn an edit of a file that both work on, new files, and a patch that deletes one and changes another."""
    mark = f"punie_{number} = 1\n"
    one, two = BOTH if number % 2 else reversed(BOTH)
    if number % 3 == 0:
        return [
            ToolCall("read", "read_file", {"path": one}),
            ToolCall("edit", "edit_file", {"path": one, "old": "# end\n", "new": f"{mark}# end\n"}),
        ]
    if number % 3 == 1:
        texts = {f"made/{number}/a.py": mark, f"made/{number}.py": f"x  =  1\n{mark}"}
        written = [ToolCall(path, "write_file", {"path": path, "content": text}) for path, text in texts.items()]
        return [*written, ToolCall("format", "ruff_format", {"path": f"made/{number}.py"})]
    patch = (
        f"*** Begin Patch\n*** Delete File: gone/{number}.txt\n*** Update File: {two}\n@@\n+{mark} # end\n"
        f"*** Add File: made/{number}.txt\n+{mark}*** End Patch\n"
    )
    return [ToolCall("read", "read_file", {"path": two}), ToolCall("patch", "apply_patch", {"patch": patch})]


def test_edits_and_undos_beside_somebody(make_repository: Callable[..., Path], punie_home: Path) -> None:
    gone = {f"gone/{number}.txt": "gone\n" for number in range(2, ROUNDS, 3)}
    files = dict.fromkeys(BOTH, "start = 1\n# end\n") | gone | {"src/three.py": "", "notes.txt": "", "src/new.py": ""}
    root = make_repository(files)
    replies = [calls_of_round(number) for number in range(ROUNDS)]
    somebody = subprocess.Popen(
        [sys.executable, "-c", SOMEBODY, root, str(SEED), *BOTH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert somebody.stdout
    somebody.stdout.readline()
    with closing(Session(root, ScriptedEngine(replies, writes_answers=False), Settings(), allow_all=True)) as session:
        undone = edit_and_undo(session)
    told = json.loads(somebody.communicate("enough\n")[0])

    # What they wrote stands, as they wrote it or with a line of punie's that was not undone.
    theirs = told["last"]
    for path, text in theirs.items():
        assert without_punie((root / path).read_text()) == text, path
    assert int(git(root, "rev-list", "--count", "HEAD")) == told["commits"] + 1
    git(root, "fsck", "--strict", "--no-dangling")
    assert git(root, "stash", "list") == ""

    # Of what was undone nothing is left, and nothing that it took away is missing.
    texts = "".join(path.read_text() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    marks = {int(number) for number in re.findall(r"punie_(\d+) = 1", texts)}
    assert not marks & undone
    # New files are nobody else's, so that each of these turns could be undone.
    assert {number for number in range(ROUNDS) if number % 3 == 1} <= undone
    made = {int(re.findall(r"\d+", path.as_posix())[-1]) for path in (root / "made").rglob("*")}
    assert not made & undone
    assert {f"gone/{number}.txt" for number in undone if number % 3 == 2} <= {
        path.relative_to(root).as_posix() for path in (root / "gone").iterdir()
    }

    assert not [path for path in (*root.rglob("*"), *punie_home.rglob("*")) if is_temporary(path.name)]
    assert not [process for process in psutil.Process().children(recursive=True) if process.status() != "zombie"]


def edit_and_undo(session: Session) -> set[int]:
    """The rounds whose edits were undone."""
    chance = random.Random(SEED)
    undone: set[int] = set()
    assert session.changes.journal
    for number in range(ROUNDS):
        events = list(session.run(f"round {number}"))
        for event in events:
            if event.kind == "tool_failed":
                assert re.fullmatch(r"src/\w+\.py was changed .*|The text to replace .*|Change 1 of .*", event.error)
        turns = [turn.turn for turn in session.changes.journal.turns()]
        if events[0].turn_id not in turns or (number % 3 != 1 and chance.random() < 0.3):
            continue
        try:
            session.changes.journal.undo(events[0].turn_id)
        except ToolError as error:
            assert re.match(r"src/\w+\.py was (changed|edited) .*nothing was done\.(\n|$)", str(error)), error
        else:
            undone.add(number)
    return undone


def without_punie(text: str) -> str:
    return re.sub(r"punie_\d+ = 1\n", "", text)
