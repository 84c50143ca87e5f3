"""`punie trust`, `punie rules`, and questions on a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.workspace import Workspace
from punie_tui.agent.approval import ApprovalQuestion, Risk
from punie_tui.agent.approval_store import ApprovalStore, approvals_file
from punie_tui.agent.trust import folder_trust
from punie_tui.commands import rules, trust
from punie_tui.commands.terminal import decision_from
from tests.conftest import git

FILES = {"tests/test_a.py": "def test_one() -> None:\n    assert True\n"}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES).resolve()


def test_trust_is_given_listed_and_taken_back(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trust.run(["--list"]) == 0
    assert capsys.readouterr().out == "No folder is trusted.\n"
    assert trust.run([str(repository)]) == 0
    assert "is trusted" in capsys.readouterr().out
    assert folder_trust(Workspace.at(repository)).look()
    assert trust.run(["--list"]) == 0
    assert capsys.readouterr().out == f"{repository}  trusted\n"
    git(repository, "config", "alias.x", "!x")
    assert trust.run(["--list"]) == 0
    assert "has lapsed: the git setting alias.x is new" in capsys.readouterr().out
    assert trust.run(["--revoke", str(repository)]) == 0
    assert not folder_trust(Workspace.at(repository)).look()
    assert "is not trusted" in capsys.readouterr().out


def test_a_folder_that_is_not_there_cannot_be_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trust.run([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert trust.run(["--revoke", str(tmp_path / "none")]) == 0


def test_without_a_rule_it_is_told_what_is_asked_about(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules.run([str(repository)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        f"{repository}: no call is always allowed. Reading is never asked about, nor are tests where "
    )
    assert "every call" not in told


def test_rules_are_listed_whole_and_forgotten(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ApprovalStore(approvals_file(), repository)
    store.add("run_command", "make test\n\x1b[8mmore")
    store.add("run_command", "make lint")
    ApprovalStore(approvals_file(), repository / "gone").add("run_command", "make gone")
    assert rules.run([str(repository)]) == 0
    listed = capsys.readouterr().out
    assert "make test\n      ␛[8mmore\n" in listed
    assert "make lint" in listed
    assert "make gone" not in listed
    assert rules.run(["--json", "--cwd", str(repository)]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["tool"], first["detail"]) == ("run_command", "make test\n\x1b[8mmore")
    assert rules.run([str(repository), "--forget", "nothing"]) == 2
    assert "there is no rule nothing" in capsys.readouterr().err
    assert rules.run([str(repository), "--forget", first["rule"]]) == 0
    assert [rule.name for rule in store.rules()] == [second["rule"]]
    capsys.readouterr()
    assert rules.run(["--all"]) == 0
    assert "make gone" in capsys.readouterr().out
    assert rules.run(["--all", "--forget"]) == 0
    assert "Forgot 2 rules." in capsys.readouterr().out
    assert store.folders() == []


@pytest.mark.parametrize(
    ("answer", "is_allowed", "is_lasting", "reason"),
    [
        ("y\n", True, False, ""),
        ("YES\n", True, False, ""),
        ("a\n", True, True, "the person said no"),
        ("\n", False, False, "the person said no"),
        ("", False, False, "the person said no"),
        ("n\n", False, False, "the person said no"),
        ("n use tabs\n", False, False, "the person said no: use tabs"),
        ("no, use tabs\n", False, False, "the person said no: use tabs"),
        ("yes please\n", False, False, "the person said no: yes please"),
    ],
)
def test_only_a_clear_yes_allows(answer: str, is_allowed: bool, is_lasting: bool, reason: str) -> None:
    decision = decision_from(answer, ApprovalQuestion("1", "edit_file", Risk.EDITS, "x"))
    assert (decision.is_allowed, decision.is_lasting) == (is_allowed, is_lasting)
    assert is_allowed or decision.reason == reason


def test_always_is_no_answer_where_there_is_none() -> None:
    assert not decision_from("a\n", ApprovalQuestion("1", "run_command", Risk.LEAVES, "x")).is_allowed


class Terminal:
    """punie on a pseudo-terminal, as a person would have it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "punie_tui", *arguments],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(slave)
        self.output = ""

    def until(self, text: str) -> None:
        while text not in self.output:
            chunk = self._read()
            assert chunk, self.output
            self.output += chunk

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def finish(self) -> int:
        while chunk := self._read():
            self.output += chunk
        os.close(self._master)
        return self.process.wait(timeout=60)

    def _read(self) -> str:
        assert select.select([self._master], [], [], 120)[0], f"it hangs after {self.output}"
        try:
            return os.read(self._master, 65536).decode("utf-8", "replace")
        except OSError:
            # Linux tells the end of a terminal by an error.
            return ""


def test_on_a_terminal_it_is_asked_there_and_the_reason_is_told(repository: Path) -> None:
    terminal = Terminal(repository, "ask", "run the tests")
    terminal.type("y\n")
    terminal.until("say why not:")
    assert "Do you trust the code in" in terminal.output
    assert "-m pytest" in terminal.output
    assert "[a] trust this folder" in terminal.output
    terminal.type("n not now\n")
    terminal.finish()
    assert "pytest_run was not run: the person said no: not now." in terminal.output


def test_an_interrupt_ends_a_question_without_another_key(repository: Path) -> None:
    terminal = Terminal(repository, "ask", "run the tests")
    terminal.until("say why not:")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 130
    assert "Traceback" not in terminal.output


def test_trust_from_the_terminal_lasts_until_it_lapses(repository: Path) -> None:
    terminal = Terminal(repository, "ask", "run the tests")
    terminal.until("say why not:")
    terminal.type("a\n")
    assert terminal.finish() == 0
    assert "1 passed" in terminal.output
    (repository / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    again = Terminal(repository, "ask", "run the tests")
    again.until("say why not:")
    assert "has lapsed: pytest's addopts in pytest.ini is new since you trusted it." in again.output.replace(
        "\r\n", " "
    )
    again.type("y\n")
    assert again.finish() == 0


def test_without_a_terminal_the_denial_says_what_lapsed(repository: Path) -> None:
    trust.run([str(repository)])
    git(repository, "config", "alias.x", "!x")
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "punie_tui", "ask", "--json", "run the tests"],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    events = [json.loads(line) for line in asked.stdout.splitlines()]
    denied = next(event for event in events if event["kind"] == "tool_denied")
    assert "the git setting alias.x is new" in denied["reason"]
    assert "--yes" in denied["reason"]
    assert events[-1]["reason"] == "asked"
    assert asked.returncode == 1
