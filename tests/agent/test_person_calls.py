"""Tools that the person runs by a key: nothing is asked, nothing of an untrusted folder starts, edits are reviewed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from punie_tools.changes.review import Review
from punie_tools.quality.pytest_run import DetailedOutcome, PytestRunResult
from punie_tui.agent.approval import ApprovalQuestion, Decision, Policy
from punie_tui.agent.person_calls import CallWatch
from punie_tui.agent.session import Session
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

FILES = {"test_it.py": "import os\n\n\ndef test_good():\n    open('ran', 'w').close()\n"}


class Answers:
    """Answers every question, and keeps them."""

    def __init__(self, verdict: str) -> None:
        self.asked: list[ApprovalQuestion] = []
        self._verdict = verdict

    def __call__(self, question: ApprovalQuestion, _is_cancelled: Callable[[], bool]) -> Decision:
        self.asked.append(question)
        review = Review(question.proposal)
        review.decide(self._verdict, 0)  # type: ignore[arg-type]
        return Decision(is_allowed=True, by="person", review=review)


@pytest.fixture
def folder(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


def session_in(folder: Path, answers: Answers, policy: str = "ask") -> Session:
    return Session(folder, ScriptedEngine([]), Settings(policy=policy), ask_person=answers)  # type: ignore[arg-type]


def test_an_untrusted_folder_runs_nothing_and_says_how_to_trust_it(folder: Path) -> None:
    answers = Answers("accepted")
    outcome = session_in(folder, answers).person_calls.run("pytest_run", {}, CallWatch())
    assert outcome.is_denied
    assert "Ctrl+T" in outcome.error
    assert not answers.asked
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("policy", ["plan", "ask"])
def test_in_a_trusted_one_tests_run_unasked_and_are_told_as_they_end(folder: Path, policy: str) -> None:
    answers = Answers("accepted")
    session = session_in(folder, answers, policy)
    session.trust.trust()
    parts: list[BaseModel] = []
    outcome = session.person_calls.run("pytest_run", {}, CallWatch(on_part=parts.append))
    assert isinstance(outcome.result, PytestRunResult)
    assert outcome.result.passed == 1
    assert [part.outcome for part in parts if isinstance(part, DetailedOutcome)] == ["passed"]
    assert not answers.asked


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_an_edit_is_reviewed_and_can_be_taken_back(folder: Path, verdict: str) -> None:
    answers = Answers(verdict)
    session = session_in(folder, answers)
    session.changes.turn = "the model's own"
    outcome = session.person_calls.run("ruff_check", {"path": "test_it.py", "fix": True}, CallWatch())
    assert len(answers.asked) == 1
    is_fixed = "import os" not in (folder / "test_it.py").read_text()
    assert is_fixed is (verdict == "accepted")
    assert (outcome.result is not None) is is_fixed
    assert session.changes.journal is not None
    assert session.changes.turn == "the model's own"
    if is_fixed:
        assert session.changes.journal.undo().turn != "the model's own"
        assert (folder / "test_it.py").read_text() == FILES["test_it.py"]


def test_where_the_mode_accepts_edits_none_is_reviewed(folder: Path) -> None:
    answers = Answers("rejected")
    session = session_in(folder, answers)
    session.policy = Policy.ACCEPT_EDITS
    session.person_calls.run("ruff_check", {"path": "test_it.py", "fix": True}, CallWatch())
    assert not answers.asked
    assert "import os" not in (folder / "test_it.py").read_text()
