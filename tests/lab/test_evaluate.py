"""Scoring replies: calls alone and inside programs, on stand-ins and on a real tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import TurnLimits
from punie_tui.engine.protocol import EngineError, TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.lab.evaluate import CaseResult, evaluate
from punie_tui.lab.plausible import plausible_result
from punie_tui.lab.suite import Case

PROGRAM = """
result = ruff_check(path="src")
for violation in result.violations:
    print(violation.code)
git_log(count=2)
undefined_name
"""


def score(
    root: Path, replies: Sequence[Reply], cases: Sequence[dict[str, object]], **options: bool
) -> list[CaseResult]:
    bench = ToolBench(
        Workspace.at(root), {tool.name: tool for tool in TOOLS}, PolicyApprover(Policy.ASK, is_trusted=False)
    )
    engine = ScriptedEngine(replies, writes_answers=False)
    parsed = [Case.model_validate({"category": "c", "prompt": "p", **case}) for case in cases]
    return list(evaluate(parsed, engine, bench, TurnLimits(), **options))


def tools(*names: str, **more: object) -> dict[str, object]:
    return {"kind": "tools", "all": list(names), **more}


def test_a_text_is_an_answer_and_a_call_is_not(tmp_path: Path) -> None:
    cases = [{"id": "a", "expect": {"kind": "answer"}}, {"id": "b", "expect": {"kind": "answer"}}]
    replies = [[TextDelta("Hello")], [ToolCall("1", "git_status", {})]]
    assert [not result.reason for result in score(tmp_path, replies, cases)] == [True, False]


def test_arguments_left_to_their_default_count_as_given(tmp_path: Path) -> None:
    expect = tools("git_log", arguments={"git_log": {"count": 10}})
    [result] = score(tmp_path, [[ToolCall("1", "git_log", {})]], [{"id": "a", "expect": expect}])
    assert result.reason == ""


def test_what_a_program_calls_and_reads_before_its_error_counts(tmp_path: Path) -> None:
    expect = tools("execute_code", "ruff_check", "git_log", fields=["code"], arguments={"ruff_check": {"path": "src"}})
    reply = [ToolCall("1", "execute_code", {"code": PROGRAM})]
    [result] = score(tmp_path, [reply], [{"id": "a", "expect": expect}])
    assert result.reason == ""
    assert [call.tool for call in result.calls] == ["execute_code", "ruff_check", "git_log"]


def test_the_first_reply_runs_no_tool(tmp_path: Path) -> None:
    edit = ToolCall("1", "edit_file", {"path": "a.txt", "old": "x", "new": "y"})
    (tmp_path / "a.txt").write_text("x")
    score(tmp_path, [[edit]], [{"id": "a", "expect": tools("edit_file")}])
    assert (tmp_path / "a.txt").read_text() == "x"


def test_a_reply_that_fails_is_its_own_case_alone(tmp_path: Path) -> None:
    replies: list[Reply] = [[EngineError("the server broke off")], [ToolCall("1", "grep", {"pattern": "x"})]]
    cases = [{"id": "a", "expect": {"kind": "answer"}}, {"id": "b", "expect": tools("grep")}]
    failed, passed = score(tmp_path, replies, cases)
    assert failed.reason == "failed reply: the server broke off"
    assert passed.reason == ""


def test_with_run_a_failing_call_does_not_pass(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "x"})
    replies = [[ToolCall("1", "read_file", {"path": path})] for path in ("a.txt", "b.txt")]
    cases = [{"id": "a", "expect": tools("read_file")}, {"id": "b", "expect": tools("read_file")}]
    good, bad = score(root, replies, cases, is_run=True)
    assert good.reason == ""
    assert bad.reason.startswith("failed call: read_file")


def test_with_run_the_answer_is_checked(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.txt": "one\ntwo\n"})
    # A model that writes no answers gives the sentence of its tools.
    replies = [[ToolCall("1", "read_file", {"path": "a.txt"})]] * 3
    cases = [
        {"id": "a", "expect": tools("read_file", says=["A.TXT", "2"])},
        {"id": "b", "expect": tools("read_file", says=["three lines"])},
        {"id": "c", "expect": tools("grep", says=["a.txt"])},
    ]
    said, unsaid, other = score(root, replies, cases, is_run=True)
    assert said.reason == ""
    assert unsaid.reason == "wrong answer: it does not say 'three lines'"
    assert other.reason.startswith("wrong tool: grep missing")


def test_without_run_there_is_no_answer_to_check(tmp_path: Path) -> None:
    expect = tools("grep", says=["anything"])
    [result] = score(tmp_path, [[ToolCall("1", "grep", {"pattern": "x"})]], [{"id": "a", "expect": expect}])
    assert result.reason == ""


def test_earlier_turns_reach_the_model_as_calls(tmp_path: Path) -> None:
    engine = ScriptedEngine([[TextDelta("ok")]])
    bench = ToolBench(
        Workspace.at(tmp_path), {tool.name: tool for tool in TOOLS}, PolicyApprover(Policy.ASK, is_trusted=False)
    )
    history = [{"prompt": "lint src", "calls": [{"tool": "ruff_check", "arguments": {"path": "src"}}]}]
    case = Case.model_validate(
        {"id": "a", "category": "c", "prompt": "fix them", "expect": {"kind": "answer"}, "history": history}
    )
    list(evaluate([case], engine, bench, TurnLimits()))
    messages = engine.requests[0].messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert messages[2].calls[0].arguments == {"path": "src"}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_has_a_plausible_result_with_full_lists(tool: object) -> None:
    result = plausible_result(tool, {"path": "here.py"})  # type: ignore[arg-type]
    dumped = result.model_dump()
    assert result.summary
    assert all(value for value in dumped.values() if isinstance(value, (list, tuple)))
    if "path" in dumped:
        assert dumped["path"] == "here.py"
