"""What a person always allows: exactly that call, in that folder, and set by nobody else."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from punie_tui.agent.approval import ApprovalQuestion, Decision
from punie_tui.agent.approval_store import ApprovalStore
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings


def test_a_rule_is_for_one_call_in_one_folder(tmp_path: Path) -> None:
    path = tmp_path / "home" / "approvals.json"
    store = ApprovalStore(path, tmp_path / "a")
    store.add("run_command", "make test")
    store.add("run_command", "make lint")
    again = ApprovalStore(path, tmp_path / "a")
    assert again.holds("run_command", "make test")
    assert again.holds("run_command", "make lint")
    assert not again.holds("run_command", "make test; rm -rf .")
    assert not again.holds("execute_code", "make test")
    assert not ApprovalStore(path, tmp_path / "b").holds("run_command", "make test")
    assert path.stat().st_mode & 0o077 == 0


def test_no_rule_costs_another_one(tmp_path: Path) -> None:
    path = tmp_path / "approvals.json"
    first, second = (ApprovalStore(path, tmp_path / name) for name in "ab")
    first.add("run_command", "make test")
    second.add("run_command", "make lint")
    # No file keeps it as it is.
    second.add("run_command", "touch \udcff")
    assert first.holds("run_command", "make test")
    assert second.holds("run_command", "make lint")
    assert not second.holds("run_command", "touch \udcff")


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\x00", '{"/a": [1]}'])
def test_a_file_that_is_none_allows_nothing_and_is_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "approvals.json"
    path.write_text(text)
    store = ApprovalStore(path, tmp_path)
    assert not store.holds("run_command", "ls")
    store.add("run_command", "ls")
    assert store.holds("run_command", "ls")


def test_a_command_that_is_always_allowed_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def run(command: str) -> list[str]:
        def answer(question: ApprovalQuestion, _is_cancelled: object) -> Decision:
            asked.append(question.detail)
            return Decision(is_allowed=True, by="person", is_lasting=True)

        engine = ScriptedEngine([[ToolCall("1", "run_command", {"command": command})]], writes_answers=False)
        session = Session(tmp_path.resolve(), engine, Settings(), ask_person=answer)
        with closing(session):
            return [event.kind for event in session.run("go")]

    assert "approval_requested" in run("touch made")
    again = run("touch made")
    assert "approval_requested" not in again
    assert "tool_approved" in again
    assert "approval_requested" in run("touch made other")
    assert len(asked) == 2
    assert (tmp_path / "made").exists()
