"""Programs in a turn, with the real tools: each call they make is told, approved and stopped like any other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import ApprovalQuestion, Decision, Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    ApprovalRequested,
    Event,
    ToolApproved,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolRequested,
    ToolStarted,
    TurnFinished,
)
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import run_turn
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from tests.conftest import write_files
from tests.tools.conftest import root as root
from tests.tools.quality.conftest import environment as environment

WRITES = "print(read_file('a.txt').line_count)\nwrite_file('b.txt', 'new\\n')\nprint('written')"


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    write_files(root, {"a.txt": "one\n"})


class Person:
    """Answers each question in turn, and keeps what was asked."""

    def __init__(self, *answers: Decision) -> None:
        self.questions: list[ApprovalQuestion] = []
        self._answers = list(answers)

    def ask(self, question: ApprovalQuestion, _is_cancelled: Callable[[], bool]) -> Decision:
        self.questions.append(question)
        return self._answers.pop(0)


YES, NO = Decision(is_allowed=True, by="person"), Decision.denied_by_person("not that file")


def play(
    root: Path,
    code: str,
    policy: Policy = Policy.ASK,
    person: Person | None = None,
    *,
    cancelled: threading.Event | None = None,
    writes_answers: bool = True,
) -> list[Event]:
    approver = PolicyApprover(policy, ask_person=person.ask if person else None)
    bench = ToolBench(
        Workspace.at(root), {tool.name: tool for tool in TOOLS}, approver, cancelled=cancelled or threading.Event()
    )
    engine = ScriptedEngine(
        [[ToolCall("c1", "execute_code", {"code": code})], [TextDelta("That is it.")]],
        writes_answers=writes_answers,
    )
    return list(run_turn("go", engine, Conversation(), bench))


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def error_of_program(events: list[Event]) -> str:
    return next(event.error for event in of(events, ToolFailed) if event.tool == "execute_code")


def test_each_call_of_a_program_is_a_call_of_its_own_with_its_own_approval(root: Path) -> None:
    person = Person(YES)
    events = play(root, WRITES, person=person)
    assert [(event.call_id, event.parent_call_id, event.tool) for event in of(events, ToolRequested)] == [
        ("c1", None, "execute_code"),
        ("c1.1", "c1", "read_file"),
        ("c1.2", "c1", "write_file"),
    ]
    assert [event.call_id for event in of(events, ApprovalRequested)] == ["c1.2"]
    assert "+new" in person.questions[0].shown
    assert [(event.call_id, event.by) for event in of(events, ToolApproved)] == [("c1.2", "person")]
    assert [event.call_id for event in of(events, ToolStarted)] == ["c1", "c1.1", "c1.2"]
    assert [event.call_id for event in of(events, ToolFinished)] == ["c1.1", "c1.2", "c1"]
    result = of(events, ToolFinished)[-1].result
    assert result["output"] == "1\nwritten\n"
    assert [(call["tool"], call["success"]) for call in result["calls"]] == [("read_file", True), ("write_file", True)]
    assert (root / "b.txt").read_text() == "new\n"


def test_a_denied_call_ends_the_program_there_and_the_model_reads_why(root: Path) -> None:
    events = play(root, WRITES, person=Person(NO))
    assert [event.call_id for event in of(events, ToolDenied)] == ["c1.2"]
    assert error_of_program(events) == "The program failed: line 2: the person said no: not that file"
    assert not (root / "b.txt").exists()
    # It is no failure of the model: the turn goes on.
    assert (of(events, TurnFinished)[0].reason, of(events, TurnFinished)[0].answer) == ("done", "That is it.")


def test_a_program_may_go_on_after_a_denial(root: Path) -> None:
    code = (
        "for name in ['b.txt', 'c.txt']:\n"
        "    try:\n        write_file(name, 'x')\n    except RuntimeError as error:\n        print(name, error)"
    )
    events = play(root, code, person=Person(NO, YES))
    result = of(events, ToolFinished)[-1].result
    assert result["output"] == "b.txt the person said no: not that file\n"
    assert [(call["success"], call["error"], call["is_denied"]) for call in result["calls"]] == [
        (False, "the person said no: not that file", True),
        (True, "", False),
    ]
    assert result["summary"].endswith(" (2 calls; 1 call was denied).")
    assert of(events, TurnFinished)[0].reason == "done"
    assert [path.name for path in root.glob("*.txt") if path.name != "a.txt"] == ["c.txt"]


def test_where_nobody_can_be_asked_the_turn_waits_for_the_person(root: Path) -> None:
    for writes_answers in (True, False):
        (finished,) = of(play(root, WRITES, writes_answers=writes_answers), TurnFinished)
        assert finished.reason == "asked"
        assert "write_file needs an approval" in finished.answer
        assert "`--yes` allows it" in finished.answer
    assert not (root / "b.txt").exists()


def swallows(*names: str) -> str:
    """A program that tries to write each file and goes on where it may not."""
    writes = [f"try: write_file({name!r}, 'x')\nexcept RuntimeError: pass" for name in names]
    return "\n".join([*writes, "print('written')"])


def test_an_answer_names_the_denials_that_a_program_swallowed(root: Path) -> None:
    answer = (
        "The program printed: written (2 calls; 2 calls were denied).\nwrite_file was not run: write_file needs an "
        "approval and there is no terminal to ask on; `--yes` allows it."
    )
    for writes_answers in (True, False):
        events = play(root, swallows("b.txt", "c.txt"), writes_answers=writes_answers)
        assert of(events, ToolFinished)[-1].summary == answer.partition("\n")[0]
        assert [(end.reason, end.answer) for end in of(events, TurnFinished)] == [("asked", answer)]
    (finished,) = of(play(root, swallows("b.txt"), person=Person(NO), writes_answers=False), TurnFinished)
    assert (finished.reason, finished.answer) == (
        "done",
        "The program printed: written (1 call; 1 call was denied).\n"
        "write_file was not run: the person said no: not that file.",
    )


def test_a_program_that_fails_later_names_what_it_swallowed(root: Path) -> None:
    events = play(root, swallows("b.txt") + "; 1 / 0", person=Person(NO))
    assert error_of_program(events) == (
        "The program failed after 1 call was denied: line 3: ZeroDivisionError: division by zero"
    )
    events = play(root, f"{swallows('b.txt')}\nwrite_file('c.txt', 'x')", person=Person(NO, NO))
    assert error_of_program(events) == (
        "The program failed after 1 call was denied: line 4: the person said no: not that file"
    )


@pytest.mark.parametrize(
    ("code", "place"),
    [
        (WRITES, "line 2: "),
        (
            "try: write_file('b.txt', 'x')\nexcept RuntimeError as error: raise ValueError(f'b.txt: {error}')",
            "line 2: ValueError: b.txt: ",
        ),
    ],
)
def test_a_program_that_ends_at_a_denial_has_not_failed_by_itself(root: Path, code: str, place: str) -> None:
    person = Person(Decision.denied_by_person("not  that\n file"))
    (finished,) = of(play(root, code, person=person, writes_answers=False), TurnFinished)
    assert (finished.reason, finished.answer) == (
        "done",
        f"The program failed: {place}the person said no: not that file",
    )


def test_a_mode_that_only_reads_holds_inside_a_program(root: Path) -> None:
    events = play(root, WRITES, Policy.PLAN, Person())
    assert "the mode is plan, in which only reading is allowed, and write_file edits" in error_of_program(events)
    assert [event.tool for event in of(events, ToolFinished)] == ["read_file"]
    (finished,) = of(play(root, WRITES, Policy.PLAN, writes_answers=False), TurnFinished)
    assert finished.reason == "asked"


def test_a_program_that_calls_a_wrong_argument_does_nothing_at_all(root: Path) -> None:
    events = play(root, "write_file('b.txt', 'new')\nread_file(file='a.txt')", Policy.ALLOW_ALL)
    assert error_of_program(events).startswith(
        "The program was not run: line 2: read_file has no argument `file`; its arguments are `path`"
    )
    assert [event.tool for event in of(events, ToolRequested)] == ["execute_code"]
    assert not (root / "b.txt").exists()


def test_a_stop_reaches_the_tests_that_a_program_runs(root: Path, environment: Path) -> None:
    test = (
        "import os, subprocess, sys, time\n\n\ndef test_it():\n"
        "    subprocess.Popen([sys.executable, '-c', 'import os, time; os.setsid(); time.sleep(300)'])\n"
        "    open('started', 'w').close()\n    time.sleep(300)\n"
    )
    write_files(root, {"test_long.py": test})
    cancelled, has_ended = threading.Event(), threading.Event()
    stopped_at: list[float] = []

    def stop() -> None:
        while not (root / "started").exists() and not has_ended.wait(0.01):
            pass
        stopped_at.append(time.monotonic())
        cancelled.set()

    thread = threading.Thread(target=stop)
    thread.start()
    code = "try:\n    pytest_run()\nexcept Exception:\n    pass\nwrite_file('b.txt', 'too late')"
    try:
        events = play(root, code, Policy.ALLOW_ALL, cancelled=cancelled)
    finally:
        has_ended.set()
        thread.join()
    assert of(events, TurnFinished)[0].reason == "stopped"
    assert time.monotonic() - stopped_at[0] < 60
    assert psutil.Process().children(recursive=True) == []
    assert not (root / "b.txt").exists()
