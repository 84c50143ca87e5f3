"""What a turn does with the doubt of a model that only routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import ChoicesOffered, Event, TextStreamed, ToolRequested, TurnFinished
from punie_tui.agent.meant import NONE_OF_THEM, AskWhich
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import TurnLimits, run_turn
from punie_tui.engine.protocol import Doubt, TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine

UNSURE: Reply = [
    ToolCall("1", "list_files", {}),
    Doubt(0.2, "list_files", ("read", "same", "talk", "grep")),
]
READ: Reply = [ToolCall("2", "read_file", {"path": "a.py"}), Doubt(0.9, "read_file a.py", ())]
SAME: Reply = [ToolCall("3", "list_files", {}), Doubt(0.9, "list_files", ())]
GREP: Reply = [ToolCall("4", "grep", {"pattern": "x"}), Doubt(0.9, "grep x", ())]
TALK: Reply = [Doubt(0.9, "answer in words", ()), TextDelta("Hello.")]


class Asked:
    """Answers every question with the same choice."""

    def __init__(self, choice: int | None) -> None:
        self.choice = choice
        self.questions: list[tuple[str, ...]] = []

    def __call__(self, choices: tuple[str, ...], _is_cancelled: Callable[[], bool]) -> int | None:
        self.questions.append(choices)
        return self.choice


def turn(root: Path, replies: Sequence[Reply], ask_which: AskWhich | None) -> tuple[list[Event], ScriptedEngine]:
    (root / "a.py").write_text("x = 1\n", encoding="utf-8")
    engine = ScriptedEngine(replies, writes_answers=False)
    tools = {tool.name: tool for tool in TOOLS}
    bench = ToolBench(Workspace.at(root), tools, PolicyApprover(Policy.ASK, is_trusted=False))
    limits = TurnLimits(ask_below=0.5)
    return list(run_turn("hm", engine, Conversation(), bench, limits, ask_which=ask_which)), engine


def tools_of(events: Sequence[Event]) -> list[str]:
    return [event.tool for event in events if isinstance(event, ToolRequested)]


def end_of(events: Sequence[Event]) -> TurnFinished:
    end = events[-1]
    assert isinstance(end, TurnFinished)
    return end


def test_an_unsure_reply_waits_for_the_person_who_gets_each_meaning_once(tmp_path: Path) -> None:
    asked = Asked(1)
    events, engine = turn(tmp_path, [UNSURE, READ, SAME, TALK, GREP], asked)
    assert asked.questions == [("list_files", "read_file a.py", "grep x")]
    assert [request.begin_with for request in engine.requests] == ["", "read", "same", "talk", "grep"]
    offered = [event for event in events if isinstance(event, ChoicesOffered)]
    assert [event.choices for event in offered] == [list(asked.questions[0])]
    assert tools_of(events) == ["read_file"]
    assert end_of(events).reason == "done"


def test_a_choice_may_be_words_where_nothing_else_is_and_nothing_is_said_before_it(tmp_path: Path) -> None:
    events, _ = turn(tmp_path, [UNSURE, SAME, SAME, TALK, TALK], asked := Asked(1))
    assert asked.questions == [("list_files", "answer in words")]
    kinds = [type(event) for event in events if isinstance(event, ChoicesOffered | TextStreamed)]
    assert kinds == [ChoicesOffered, TextStreamed]
    assert (tools_of(events), end_of(events).answer) == ([], "Hello.")


def test_none_of_them_runs_nothing(tmp_path: Path) -> None:
    events, _ = turn(tmp_path, [UNSURE, READ, SAME, TALK, GREP], Asked(None))
    assert (tools_of(events), end_of(events).reason, end_of(events).answer) == ([], "asked", NONE_OF_THEM)


def test_where_nobody_can_be_asked_or_the_reply_is_sure_it_is_acted_on(tmp_path: Path) -> None:
    assert tools_of(turn(tmp_path, [UNSURE], None)[0]) == ["list_files"]
    for likelihood in (0.8, 0.5):
        sure: Reply = [ToolCall("1", "list_files", {}), Doubt(likelihood, "list_files", ("read",))]
        asked = Asked(0)
        assert tools_of(turn(tmp_path, [sure], asked)[0]) == ["list_files"]
        assert asked.questions == []


def test_a_reply_that_makes_no_sense_gives_way_to_the_next(tmp_path: Path) -> None:
    senseless: Reply = [ToolCall("1", "list_files", {}), Doubt(0.9, "", ("read",))]
    events, _ = turn(tmp_path, [senseless, READ], None)
    assert tools_of(events) == ["read_file"]
    asked = Asked(None)
    unsure: Reply = [ToolCall("1", "list_files", {}), Doubt(0.1, "", ("read",))]
    assert tools_of(turn(tmp_path, [unsure, READ], asked)[0]) == []
    assert asked.questions == [("read_file a.py",)]
    asked = Asked(0)
    alone: Reply = [ToolCall("1", "list_files", {}), Doubt(0.1, "list_files", ())]
    assert tools_of(turn(tmp_path, [alone], asked)[0]) == ["list_files"]
    assert asked.questions == []
