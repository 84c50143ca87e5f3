"""The turn loop with a scripted engine and small real tools."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import make_changes, reviewed
from punie_tools.changes.tree_access import FileImage
from punie_tools.files import write_file
from punie_tools.tool import Risk, Tool, ToolContext, ToolError, ToolResult
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import ApprovalQuestion, Decision, Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, TurnFinished
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import TurnLimits, run_turn
from punie_tui.engine.protocol import EngineError, TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine


class CountResult(ToolResult):
    number: int

    @property
    def summary(self) -> str:
        return f"{self.number} things."


class Meeting:
    """Two reading calls that only end when both run."""

    barrier = threading.Barrier(2, timeout=5)


def count_things(context: ToolContext, number: int = 3) -> CountResult:
    """Count things."""
    context.report_progress(1, number, "counting")
    return CountResult(number=number)


def meet(context: ToolContext) -> CountResult:
    """Wait for another call of the same reply."""
    Meeting.barrier.wait()
    return CountResult(number=2)


def break_down(context: ToolContext) -> CountResult:
    """Fail as expected."""
    raise ToolError("There is no such thing.")


def crash(context: ToolContext) -> CountResult:
    """Fail by a bug."""
    raise RuntimeError("oops")


def wait_for_stop(context: ToolContext) -> CountResult:
    """Run until stopped."""
    context.cancelled.wait(10)
    context.raise_if_cancelled()
    return CountResult(number=0)


def change(context: ToolContext, text: str) -> CountResult:
    """Change something."""
    (context.workspace.root / "changed.txt").write_text(text)
    return CountResult(number=1)


def write_late(context: ToolContext) -> CountResult:
    """Change what nothing was to be changed of when it was looked at."""
    changes = reviewed(context, [FileChange("changed.txt", None, FileImage(b"x", 0o644))])
    make_changes(context, changes)
    return CountResult(number=len(changes))


def run_unseen(context: ToolContext) -> CountResult:
    """Run what its preview says nothing of."""
    return CountResult(number=1)


def nest(context: ToolContext) -> CountResult:
    """Call another tool."""
    assert context.call_tool is not None
    inner = context.call_tool("count_things", {"number": 7})
    assert isinstance(inner, CountResult)
    return CountResult(number=inner.number + 1)


def pytest_run(context: ToolContext) -> CountResult:
    """Run code of the repository."""
    return CountResult(number=int(context.workspace.is_trusted))


TOOLS = [
    *(Tool(function, risk=Risk.READS) for function in (count_things, meet, break_down, crash, wait_for_stop, nest)),
    Tool(change, risk=Risk.EDITS, preview=lambda context, text: f"+{text}"),
    Tool(write_late, risk=Risk.EDITS, preview=lambda context: None, is_reviewable=True),
    Tool(run_unseen, risk=Risk.RUNS, preview=lambda context: None),
    write_file.TOOL,
    Tool(pytest_run, risk=Risk.RUNS),
]


def call(tool: str, call_id: str = "c1", **arguments: object) -> ToolCall:
    return ToolCall(call_id, tool, arguments)


def play(
    root: Path,
    replies: Sequence[Reply],
    *,
    approver: PolicyApprover | None = None,
    writes_answers: bool = True,
    limits: TurnLimits | None = None,
    engine: ScriptedEngine | None = None,
) -> list[Event]:
    bench = ToolBench(
        Workspace.at(root),
        {tool.name: tool for tool in TOOLS},
        approver or PolicyApprover(Policy.ASK, is_trusted=False),
    )
    engine = engine or ScriptedEngine(replies, writes_answers=writes_answers)
    return list(run_turn("go", engine, Conversation(), bench, limits))


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def finished(events: list[Event]) -> TurnFinished:
    last = events[-1]
    assert isinstance(last, TurnFinished)
    return last


def test_a_text_reply_is_the_answer(tmp_path: Path) -> None:
    events = play(tmp_path, [[TextDelta("Hel"), TextDelta("lo")]])
    assert kinds(events) == ["turn_started", "text_streamed", "text_streamed", "turn_finished"]
    assert (finished(events).reason, finished(events).answer) == ("done", "Hello")
    assert len({event.turn_id for event in events}) == 1


def test_results_go_back_to_a_model_that_writes(tmp_path: Path) -> None:
    engine = ScriptedEngine([[call("count_things", number=5)], [TextDelta("There are 5.")]])
    events = play(tmp_path, [], engine=engine)
    assert finished(events).answer == "There are 5."
    assert [message.role for message in engine.requests[1].messages] == ["system", "user", "assistant", "tool"]
    assert '"number":5' in engine.requests[1].messages[-1].content
    assert "tool_progressed" in kinds(events)


def test_without_written_answers_the_summaries_are_the_answer(tmp_path: Path) -> None:
    replies = [[call("count_things", "a", number=5), call("count_things", "b", number=6)]]
    events = play(tmp_path, replies, writes_answers=False)
    assert (finished(events).reason, finished(events).answer) == ("done", "5 things.\n6 things.")


def test_reading_calls_of_one_reply_run_side_by_side(tmp_path: Path) -> None:
    events = play(tmp_path, [[call("meet", "a"), call("meet", "b")]], writes_answers=False)
    assert finished(events).answer == "2 things.\n2 things."


def test_an_error_goes_back_once_and_then_to_the_person(tmp_path: Path) -> None:
    recovered = play(tmp_path, [[call("break_down")], [call("count_things")], [TextDelta("Fine.")]])
    assert finished(recovered).answer == "Fine."
    given_up = play(tmp_path, [[call("break_down", "a")], [call("break_down", "b", x=1)], [TextDelta("never")]])
    assert finished(given_up).reason == "failed"


def test_wrong_arguments_and_unknown_tools_are_failures_that_name_them(tmp_path: Path) -> None:
    events = play(tmp_path, [[call("count_things", "a", nmber=1), call("contu", "b")]], writes_answers=False)
    assert kinds(events).count("tool_failed") == 2
    assert "'nmber'" in finished(events).answer
    assert "'contu'" in finished(events).answer
    assert finished(events).reason == "failed"


def test_a_bug_in_a_tool_ends_the_call_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    events = play(tmp_path, [[call("crash", "a"), call("count_things", "b")]], writes_answers=False)
    assert finished(events).reason == "done"
    assert "oops" in caplog.text
    assert "oops" not in finished(events).answer


def test_the_same_call_three_times_in_a_row_stops_and_asks(tmp_path: Path) -> None:
    events = play(tmp_path, [[call("count_things", str(number))] for number in range(5)])
    assert kinds(events).count("tool_finished") == 2
    assert kinds(events)[-2:] == ["choices_offered", "turn_finished"]
    assert finished(events).reason == "asked"


def test_too_many_calls_end_the_turn(tmp_path: Path) -> None:
    replies = [[call("count_things", str(number), number=number)] for number in range(5)]
    events = play(tmp_path, replies, limits=TurnLimits(max_calls=3))
    assert (finished(events).reason, kinds(events).count("tool_finished")) == ("limit", 3)


def test_an_engine_error_fails_the_turn_with_its_own_words(tmp_path: Path) -> None:
    events = play(tmp_path, [[EngineError("The model is broken; fetch it again.")]])
    assert (finished(events).reason, finished(events).answer) == ("failed", "The model is broken; fetch it again.")


def test_stopping_ends_the_running_tool(tmp_path: Path) -> None:
    bench = ToolBench(
        Workspace.at(tmp_path), {tool.name: tool for tool in TOOLS}, PolicyApprover(Policy.ASK, is_trusted=False)
    )
    events: list[Event] = []
    for event in run_turn("go", ScriptedEngine([[call("wait_for_stop")]]), Conversation(), bench):
        events.append(event)
        if event.kind == "tool_started":
            bench.cancelled.set()
    assert finished(events).reason == "stopped"
    assert "tool_failed" in kinds(events)


def test_edits_are_denied_where_nobody_can_be_asked(tmp_path: Path) -> None:
    events = play(tmp_path, [[call("change", text="x")]], writes_answers=False)
    assert kinds(events)[1:] == ["tool_requested", "tool_denied", "turn_finished"]
    assert "--yes" in finished(events).answer
    assert finished(events).reason == "asked"
    assert not (tmp_path / "changed.txt").exists()


def test_an_approved_edit_runs_after_its_preview_was_shown(tmp_path: Path) -> None:
    questions: list[ApprovalQuestion] = []

    def say_yes(question: ApprovalQuestion, _is_cancelled: object) -> Decision:
        questions.append(question)
        return Decision(is_allowed=True, by="person")

    approver = PolicyApprover(Policy.ASK, is_trusted=False, ask_person=say_yes)
    events = play(tmp_path, [[call("change", text="x")]], approver=approver, writes_answers=False)
    assert questions[0].detail == "+x"
    assert kinds(events)[1:-1] == [
        "tool_requested",
        "approval_requested",
        "tool_approved",
        "tool_started",
        "tool_finished",
    ]
    assert (tmp_path / "changed.txt").read_text() == "x"


def test_nobody_is_asked_about_an_edit_that_would_change_nothing(tmp_path: Path) -> None:
    questions: list[ApprovalQuestion] = []

    def say_no(question: ApprovalQuestion, _is_cancelled: object) -> Decision:
        questions.append(question)
        return Decision.denied_by_person()

    (tmp_path / "a.txt").write_text("x")
    approver = PolicyApprover(Policy.ASK, is_trusted=False, ask_person=say_no)
    events = play(tmp_path, [[call("write_file", path="a.txt", content="x")]], approver=approver, writes_answers=False)
    assert kinds(events)[1:-1] == ["tool_requested", "tool_approved", "tool_started", "tool_finished"]
    assert questions == []
    # What changes meanwhile is asked about after all.
    events = play(tmp_path, [[call("write_late")]], approver=approver, writes_answers=False)
    assert [change.path for question in questions for change in question.proposal] == ["changed.txt"]
    assert kinds(events)[-2:] == ["tool_denied", "turn_finished"]
    assert not (tmp_path / "changed.txt").exists()
    # To run is never nothing.
    events = play(tmp_path, [[call("run_unseen")]], approver=approver, writes_answers=False)
    assert "approval_requested" in kinds(events)
    assert "tool_started" not in kinds(events)


def test_a_yes_of_somebody_who_cannot_be_shown_hunks_is_one_to_all(tmp_path: Path) -> None:
    approver = PolicyApprover(
        Policy.ASK, is_trusted=False, ask_person=lambda question, _: Decision(is_allowed=True, by="person")
    )
    events = play(tmp_path, [[call("write_late")]], approver=approver, writes_answers=False)
    assert "tool_finished" in kinds(events)
    assert (tmp_path / "changed.txt").read_text() == "x"


def test_the_time_of_a_call_is_its_own_and_not_that_of_the_persons_review(tmp_path: Path) -> None:
    read: list[float] = []

    def read_on(_question: ApprovalQuestion, _is_cancelled: object) -> Decision:
        began = time.monotonic()
        threading.Event().wait(0.3)
        read.append(time.monotonic() - began)
        return Decision(is_allowed=True, by="person")

    approver = PolicyApprover(Policy.ASK, is_trusted=False, ask_person=read_on)
    began = time.monotonic()
    events = play(tmp_path, [[call("write_late")]], approver=approver, writes_answers=False)
    whole = time.monotonic() - began
    (own,) = [event.seconds for event in events if event.kind == "tool_finished"]
    assert len(read) == 1
    # Were the review counted too, the two would be more than all that there was.
    assert own + read[0] <= whole


def test_a_pause_says_that_nothing_would_change(tmp_path: Path) -> None:
    questions: list[ApprovalQuestion] = []

    def go_on(question: ApprovalQuestion, _is_cancelled: object) -> Decision:
        questions.append(question)
        return Decision(is_allowed=True, by="person")

    (tmp_path / "a.txt").write_text("x")
    approver = PolicyApprover(Policy.ASK, is_trusted=False, ask_person=go_on)
    approver.is_stepping = True
    play(tmp_path, [[call("write_file", path="a.txt", content="x")]], approver=approver, writes_answers=False)
    assert [(question.detail, question.is_step) for question in questions] == [("Nothing would change.", True)]


@pytest.mark.parametrize(
    ("policy", "is_trusted", "tool", "is_allowed"),
    [
        (Policy.PLAN, True, "pytest_run", False),
        (Policy.PLAN, True, "count_things", True),
        (Policy.ASK, False, "pytest_run", False),
        (Policy.ASK, True, "pytest_run", True),
        (Policy.ACCEPT_EDITS, False, "change", True),
        (Policy.ACCEPT_EDITS, False, "pytest_run", False),
        (Policy.ALLOW_ALL, False, "pytest_run", True),
    ],
)
def test_policies(tmp_path: Path, policy: Policy, is_trusted: bool, tool: str, is_allowed: bool) -> None:
    arguments = {"text": "x"} if tool == "change" else {}
    approver = PolicyApprover(policy, is_trusted=is_trusted)
    events = play(tmp_path, [[call(tool, **arguments)]], approver=approver, writes_answers=False)
    assert ("tool_finished" in kinds(events)) is is_allowed


def test_an_allowed_run_has_the_folders_trust_for_that_call(tmp_path: Path) -> None:
    approver = PolicyApprover(Policy.ALLOW_ALL, is_trusted=False)
    events = play(tmp_path, [[call("pytest_run")]], approver=approver, writes_answers=False)
    assert finished(events).answer == "1 things."


def test_inner_calls_are_told_with_their_parent(tmp_path: Path) -> None:
    events = play(tmp_path, [[call("nest")]], writes_answers=False)
    requested = [event for event in events if event.kind == "tool_requested"]
    assert [(event.tool, event.parent_call_id) for event in requested] == [("nest", None), ("count_things", "c1")]
    assert finished(events).answer == "8 things."
