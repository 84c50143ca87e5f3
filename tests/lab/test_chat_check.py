"""`punie lab data check` on chat examples: copies, leaks and counts, each with its line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from punie_tui.commands import lab
from punie_tui.lab.history import SUITES

Messages = list[dict[str, Any]]


def said(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def called(tool: str, **arguments: object) -> Messages:
    call = {"type": "function", "function": {"name": tool, "arguments": arguments}}
    return [{"role": "assistant", "content": "", "tool_calls": [call]}]


def found(result: str, words: str) -> Messages:
    return [{"role": "tool", "content": result}, {"role": "assistant", "content": words}]


STATUS = [*said("so tell me the state of the tree"), *called("git_status")]
ANSWERED = [*STATUS, *found("{}", "It is clean.")]
FOLLOWED = [*ANSWERED, *said("and now only what is in the tests"), *called("git_diff", path="tests")]
OTHERS = (
    [*said("which lines of the till hold a todo"), *called("grep", pattern="todo", path="shop/till.py")],
    [*said("hello"), {"role": "assistant", "content": "Hello!"}],
    [*said("which lines of the till hold a fixme"), *called("grep", pattern="fixme", path="shop/till.py")],
)


def write(path: Path, *examples: Messages) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"messages": messages}) + "\n" for messages in examples), encoding="utf-8")
    return path


def checked(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Sequence[str]]:
    code = lab.run(["data", "check", *map(str, arguments)])
    return code, capsys.readouterr().out.splitlines()


def test_what_has_no_fault_is_counted_by_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = write(tmp_path / "data" / "train.jsonl", STATUS, ANSWERED, FOLLOWED, *OTHERS)
    write(tmp_path / "data" / "valid.jsonl", [*said("who wrote the last lines of the door"), *called("git_blame")])
    code, lines = checked(capsys, tmp_path / "data")
    assert (code, lines[-1]) == (0, "6 training and 1 validation examples, 0 faults.")
    assert sorted(lines[:-1]) == ["    1 answer", "    1 git_diff", "    1 git_status", "    2 grep"]
    assert checked(capsys, train)[1][-1] == "6 training and 0 validation examples, 0 faults."
    code, lines = checked(capsys, train, "--at-least", "2")
    assert code == 1
    assert "git_diff: 1 examples, fewer than 2" in lines


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        ([*said("So, tell me the STATE of the tree!"), *called("git_status")], "train.jsonl:1 already"),
        # What the tools found and the model said follows from the request and the calls.
        ([*STATUS, *found('{"branch": "main"}', "All clean.")], "train.jsonl:2 already"),
        ([*said("tell me the state of the tree so"), *called("git_status")], "hardly other than"),
        ([*said("so tell me the state of the tree"), *called("git_log")], "another label in"),
        ([*FOLLOWED[:-2], *said("And now only what is in the tests?"), FOLLOWED[-1]], "train.jsonl:3 already"),
    ],
)
def test_copies_and_contradictions_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], last: Messages, problem: str
) -> None:
    train = write(tmp_path / "train.jsonl", STATUS, ANSWERED, FOLLOWED, *OTHERS, last)
    code, lines = checked(capsys, tmp_path)
    assert code == 1
    (fault,) = [line for line in lines if line.startswith(f"{train}:")]
    assert fault.startswith(f"{train}:7: ")
    assert problem in fault


def test_the_same_words_after_another_turn_are_no_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = [*OTHERS[0], *found("{}", "None."), *FOLLOWED[-2:]]
    write(tmp_path / "train.jsonl", FOLLOWED, other)
    assert checked(capsys, tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("held_out", "problem"),
    [
        ("So tell me the state of the tree?", "is "),
        ("the state of the tree, so tell me", "has nearly the words of "),
        # What was said before is in the example as well.
        ("and now only what is in the tests", "is "),
    ],
)
def test_leaks_between_training_validation_and_evaluation_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], held_out: str, problem: str
) -> None:
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "a", "prompt": held_out}), encoding="utf-8")
    last = [*FOLLOWED, *found("{}", "Nothing."), *said("thanks"), {"role": "assistant", "content": "Gladly."}]
    leaky, clean = tmp_path / "leaky", tmp_path / "clean"
    train = write(leaky / "train.jsonl", OTHERS[0], last)
    code, lines = checked(capsys, leaky, "--suite", suite)
    assert code == 1
    assert any(line.startswith(f"{train}:2: ") and f"{problem}a case of suite.jsonl" in line for line in lines)
    valid = write(leaky / "valid.jsonl", [*said(held_out), *called("git_status")])
    suite.write_text(json.dumps({"id": "a", "prompt": "something else altogether here"}), encoding="utf-8")
    code, lines = checked(capsys, leaky, "--suite", suite)
    assert code == 1
    assert any(f"{problem}validation line {valid}:1" in line for line in lines if line.startswith(f"{train}:2: "))
    write(clean / "train.jsonl", OTHERS[0])
    valid = write(clean / "valid.jsonl", last)
    suite.write_text(json.dumps({"id": "a", "prompt": held_out}), encoding="utf-8")
    code, lines = checked(capsys, clean, "--suite", suite)
    assert code == 1
    assert any(line.startswith(f"{valid}:1: ") and f"{problem}a case of suite.jsonl" in line for line in lines)


def test_the_shipped_evaluation_files_are_kept_out_unless_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = map(json.loads, (SUITES / "core.jsonl").read_text(encoding="utf-8").splitlines())
    prompt = next(case["prompt"] for case in cases if len(case["prompt"].split()) > 5)
    train = write(tmp_path / "train.jsonl", [*said(prompt), *called("git_status")])
    assert checked(capsys, train)[0] == 1
    other = tmp_path / "suite.jsonl"
    other.write_text(json.dumps({"id": "a", "prompt": "another request"}), encoding="utf-8")
    assert checked(capsys, train, "--suite", other)[0] == 0


def test_a_broken_line_or_a_folder_without_any_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["data", "check", str(tmp_path)]) == 1
    assert "train.jsonl" in capsys.readouterr().err
    (tmp_path / "train.jsonl").write_text("{\n", encoding="utf-8")
    assert lab.run(["data", "check", str(tmp_path)]) == 1
    assert "train.jsonl:1" in capsys.readouterr().err


def test_only_the_check_takes_chat_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["data", "stats", str(tmp_path)]) == 2
    assert "only check takes" in capsys.readouterr().err
