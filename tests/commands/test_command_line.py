"""The command line as a person uses it, in processes of its own, with the real embedded model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "src/app.py": "import os\n\n\ndef double(number: int) -> str:\n    return number * 2\n",
    "tests/test_app.py": "def test_one() -> None:\n    assert 1 == 1\n",
}


def punie(*arguments: str, cwd: Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run punie without a terminal."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "punie_tui", *arguments],
        cwd=cwd,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


def test_ask_prints_the_tools_summary(repository: Path) -> None:
    asked = punie("ask", "any type errors in src?", cwd=repository)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("1 type error in 1 of 1 file: src/app.py:5")
    assert asked.stderr == ""


def test_ask_shows_what_the_result_holds_under_its_summary(repository: Path) -> None:
    summary, empty, *content = punie("ask", "show src/app.py", cwd=repository).stdout.splitlines()
    assert "src/app.py" in summary
    assert empty == ""
    assert content == FILES["src/app.py"].splitlines()


def test_ask_json_prints_a_turns_events_and_nothing_else(repository: Path) -> None:
    asked = punie("ask", "--json", "lint src", cwd=repository)
    events = [json.loads(line) for line in asked.stdout.splitlines()]
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "turn_started"
    assert kinds[-1] == "turn_finished"
    requested = next(event for event in events if event["kind"] == "tool_requested")
    assert (requested["tool"], requested["arguments"]) == ("ruff_check", {"path": "src"})
    finished = next(event for event in events if event["kind"] == "tool_finished")
    assert [violation["code"] for violation in finished["result"]["violations"]] == ["F401"]
    assert all(next(iter(event)) == "kind" and event["turn_id"] and event["time"] for event in events)


def test_a_prompt_comes_from_stdin_and_piped_text_is_added(repository: Path) -> None:
    assert "F401" in punie("ask", "-", cwd=repository, given="lint src\n").stdout
    events = punie("ask", "--json", "hello", cwd=repository, given="piped words").stdout.splitlines()
    assert json.loads(events[0])["prompt"] == "hello\n\npiped words"


def test_what_would_be_asked_is_denied_without_a_terminal(repository: Path) -> None:
    asked = punie("ask", "run the tests", cwd=repository)
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_yes_allows_it_before_or_after_the_verb(repository: Path) -> None:
    for arguments in (("ask", "run the tests", "--yes"), ("--yes", "ask", "run the tests")):
        asked = punie(*arguments, cwd=repository)
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.startswith("1 passed"), asked.stdout


def test_what_nano_cannot_do_it_says_and_names_a_bigger_model(repository: Path) -> None:
    asked = punie("ask", "please write a class that models a bank account", cwd=repository)
    assert asked.returncode == 0, asked.stderr
    assert "--model" in asked.stdout
    assert asked.stdout.count("\n") == 1


def test_eval_scores_a_suite(repository: Path, tmp_path: Path) -> None:
    suite = tmp_path / "suite.jsonl"
    cases = [
        {
            "id": "a",
            "category": "types",
            "prompt": "type errors in src?",
            "expect": {"kind": "tools", "all": ["typecheck"]},
        },
        {"id": "b", "category": "chat", "prompt": "lint src", "expect": {"kind": "answer"}},
    ]
    suite.write_text("".join(json.dumps(case) + "\n" for case in cases))
    report = json.loads(punie("eval", str(suite), "--json", cwd=repository).stdout)
    assert (report["total"], report["passed"], report["score"], report["model"]) == (2, 1, 0.5, "nano")
    assert report["by_category"] == {"types": {"passed": 1, "total": 1}, "chat": {"passed": 0, "total": 1}}
    assert [(case["id"], case["passed"], case["reason"]) for case in report["cases"]] == [
        ("a", True, ""),
        ("b", False, "over-eager: called ruff_check"),
    ]
    assert report["by_error"] == {"over-eager": 1}
    text = punie("eval", str(suite), cwd=repository).stdout
    assert "not passed:" in text
    assert "over-eager           1" in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, 'the app needs a terminal; without one use: punie ask "…"'),
        (("ask", " "), 2, "there is nothing to ask"),
        (("ask", "hi", "--cwd", "no-such-folder"), 2, "no-such-folder: there is no such folder."),
        (("ask", "hi", "--model", "no/such-model"), 1, "no/such-model"),
        (("eval", "no-suite.jsonl"), 2, "no-suite.jsonl: there is no such suite."),
    ],
)
def test_wrong_usage_is_one_line(repository: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    finished = punie(*arguments, cwd=repository)
    assert finished.returncode == code
    assert message in finished.stderr
    assert finished.stderr.count("\n") == 1
    assert finished.stdout == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [("tools",), ("tool", "git_status"), ("ask", "git status"), ("--version",)])
def test_a_full_disk_behind_the_output_is_one_line(repository: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-P", "-m", "punie_tui", *arguments],
            cwd=repository,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert finished.returncode == 1
    assert finished.stderr == "punie: the output cannot be written: no space left on device.\n"


@pytest.mark.parametrize("closing", [">&-", "<&-", "2>&-"])
def test_a_stream_that_the_shell_closed_is_no_bug(repository: Path, closing: str) -> None:
    line = f'"{sys.executable}" -P -m punie_tui ask "git status" {closing}'
    finished = subprocess.run(["sh", "-c", line], cwd=repository, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0
    assert finished.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("tools", "--cwd", ".", "--yes", "--model", "nano"),
        ("--cwd", ".", "--model=nano", "models", "list"),
        ("tool", "git_status", "--model", "nano", "--yes"),
        ("doctor", "--json", "--yes"),
    ],
)
def test_common_options_are_taken_where_they_change_nothing(repository: Path, arguments: tuple[str, ...]) -> None:
    finished = punie(*arguments, cwd=repository)
    assert "unrecognized" not in finished.stderr
    assert finished.stdout


@pytest.mark.parametrize("command", ["ask", "tool", "tools", "doctor", "eval"])
def test_every_command_tells_the_version(repository: Path, command: str) -> None:
    assert punie(command, "x", "--version", cwd=repository).stdout.startswith("punie 0.")


def test_help_and_version(repository: Path) -> None:
    assert punie("--version", cwd=repository).stdout.startswith("punie 0.")
    helped = punie("--help", cwd=repository).stdout
    assert all(command in helped for command in ("ask", "tool", "tools", "eval", "lab", "models", "bench", "doctor"))
