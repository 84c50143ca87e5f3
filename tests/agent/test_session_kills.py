"""Programs that are killed while they write a session: at most the last event is lost, and the session goes on.

`PUNIE_TEST_KILLS=1000 PUNIE_TEST_SEED=100` runs more of them, at other moments; the name of a test ends with its seed.
That the kills would find a writer that keeps something back is tried with writers that do.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from punie_tui.agent.events import EVENT_ADAPTER, Event
from punie_tui.agent.session import Session
from punie_tui.agent.session_record import read_event, read_lines
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

KILLS = int(os.environ.get("PUNIE_TEST_KILLS", "100"))
FIRST_SEED = int(os.environ.get("PUNIE_TEST_SEED", "0"))

# A Python that has all imported forks for each order a program that runs a session. Each event is told in a pipe
# after it was kept, as the app shows it, and its end on stdout once nothing of it is left.
PROGRAMS = """\
import json, os, sys
from pathlib import Path
from punie_tui.agent.events import SessionStarted, event_line
from punie_tui.agent.session import Session
from punie_tui.agent.session_log import SessionLog
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings
def replies():
    number = 0
    while True:
        yield [TextDelta(f"word {number} ") for _ in range(20)] + [
            ToolCall("c", "write_file", {"path": f"file{number % 3}.txt", "content": f"{number}\\\\n" * 50})
        ]
        yield [TextDelta("x" * 3000), TextDelta("Done. ")]
        number += 1
class Endless(ScriptedEngine):
    def __init__(self):
        super().__init__([])
        self._replies = self
        self._more = replies()
    def pop(self, _place):
        return next(self._more)
class OneBehind(SessionLog):
    last = b""
    def append_line(self, line):
        last, self.last = self.last, line
        if last:
            super().append_line(last)
class ByFour(SessionLog):
    kept = ()
    def append_line(self, line):
        self.kept = (*self.kept, line)
        if len(self.kept) == 4:
            super().append_line(b"\\n".join(self.kept))
            self.kept = ()
class InTwoSteps(SessionLog):
    rest = b""
    def _write(self, file, line):
        file.write(self.rest + line[: len(line) // 2])
        self.rest = line[len(line) // 2 :]
class EndsLinesLate(SessionLog):
    end = b""
    def _write(self, file, line):
        file.write(self.end + line[:-1])
        self.end = b"\\n"
FAULTS = {each.__name__: each for each in (OneBehind, ByFour, InTwoSteps, EndsLinesLate)}
def run(root, home, pipe, fault):
    os.environ["PUNIE_HOME"] = home
    session = Session(Path(root), Endless(), Settings(), allow_all=True)
    if fault:
        started = SessionStarted(punie_version="0", workspace=root, model="scripted")
        session.log = FAULTS[fault].create(session.sessions.folder, started)
    with open(pipe, "w") as told:
        print(os.getpid(), file=told, flush=True)
        for number in range(10**9):
            for event in session.run(f"prompt {number}"):
                print(event_line(event), file=told, flush=True)
print("ready", flush=True)
for line in sys.stdin:
    process = os.fork()
    if not process:
        run(*json.loads(line))
    os.waitpid(process, 0)
    print("ended", flush=True)
"""


class Programs:
    """Starts programs that run a session, one at a time."""

    def __init__(self, orders: IO[str], told: IO[str]) -> None:
        self._orders = orders
        self._told = told
        assert told.readline() == "ready\n"

    def killed_at(self, events: int, root: Path, home: Path, pipe: Path, fault: str = "") -> list[Event]:
        """Kill one once it has told so many events; all that it told. `fault` names how its writer is broken."""
        os.mkfifo(pipe)
        self._orders.write(json.dumps([str(root), str(home), str(pipe), fault]) + "\n")
        self._orders.flush()
        with pipe.open("rb") as told:
            process = int(told.readline())
            lines = [told.readline() for _ in range(events)]
            os.kill(process, signal.SIGKILL)
            lines += told.readlines()
        assert self._told.readline() == "ended\n"
        return [EVENT_ADAPTER.validate_json(line) for line in lines if line.endswith(b"\n")]


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    # With stdin's end it ends.
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAMS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        yield Programs(running.stdin, running.stdout)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + KILLS))
def test_a_kill_at_any_moment_costs_at_most_the_last_event(
    programs: Programs, tmp_path: Path, punie_home: Path, seed: int
) -> None:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    # A number of told events stands for the moment, so that a slow machine is killed as far in as a quick one.
    told = programs.killed_at(random.Random(seed).randint(1, 150), root, punie_home, tmp_path / "told")
    assert_goes_on(root, told)


@pytest.mark.parametrize("fault", ["OneBehind", "ByFour", "InTwoSteps", "EndsLinesLate"])
def test_kills_find_a_writer_that_keeps_something_back(
    programs: Programs, tmp_path: Path, punie_home: Path, fault: str
) -> None:
    found = 0
    for seed in range(4):
        root = tmp_path.resolve() / f"root{seed}"
        root.mkdir()
        told = programs.killed_at(random.Random(seed).randint(1, 60), root, punie_home, tmp_path / f"{seed}", fault)
        try:
            assert_goes_on(root, told)
        except AssertionError:
            found += 1
    # Where four events were just written together, nothing is missing.
    assert found >= 2


def assert_goes_on(root: Path, told: list[Event]) -> None:
    with closing(Session(root, ScriptedEngine([[TextDelta("Here I am.")]]), Settings())) as session:
        (path,) = (session.sessions.folder).glob("*.jsonl")
        kept = [event for event in map(read_event, read_lines(path)) if event is not None]
        # What was told was kept; at most one more event was kept and could not be told any more.
        assert kept[1 : len(told) + 1] == told
        assert len(kept) - 1 - len(told) in (0, 1)
        # Where the kill came in the middle of a write, that event is the one that is lost, and is told of.
        is_torn = not path.read_bytes().endswith(b"\n")
        session.look_for_interrupted()
        assert session.interrupted is not None
        assert session.resume(session.interrupted.session_id)
        assert len(session.take_notices()) == is_torn
        before = len(session.record().turns)
        assert list(session.run("are you there?"))[-1].kind == "turn_finished"
        turns = session.record().turns
        assert len(turns) == before + 1
        assert all(turn.is_finished for turn in turns)
        engine = session.engine
        assert isinstance(engine, ScriptedEngine)
        messages = engine.requests[-1].messages
        called = [call.id for message in messages for call in message.calls]
        assert [message.call_id for message in messages if message.role == "tool"] == called
        assert messages[-1].content == "are you there?"
        # Back before all of it: whatever the killed turns wrote is gone, a write that was cut off too.
        list(session.rewind(""))
        assert not [path.name for path in root.iterdir() if path.suffix == ".txt"]
