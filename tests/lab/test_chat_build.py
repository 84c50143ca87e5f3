"""Phrasings become chat examples whose tool results come from real runs on real repositories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from punie_tui.commands import lab
from punie_tui.engine.nano.answers import AnswerKind, answer_sentence
from punie_tui.engine.protocol import Message
from punie_tui.lab.chat_data import ChatExample, read_chat_examples

CALL = ("user", "assistant")
LINES: tuple[dict[str, Any], ...] = (
    {"p": "blame the first 3 lines of shop/till.py", "t": "git_blame(path=shop/till.py, end_line=3)"},
    {"p": "where does it say 'drawer open' in shop/", "t": "grep(pattern=drawer open, path=shop/)"},
    {"p": "switch to feature/till and list the files", "t": "git_branch(name=feature/till); list_files()"},
    {"p": "change closed to open in shop/door.py", "t": "edit_file(path=shop/door.py, old=closed, new=open)"},
    {"p": "ruff findings per file", "t": "execute_code(program=ruff violations by file)"},
    {"p": "take fix a3", "t": "apply_code_action(id=a3)"},
    {"p": "hello", "t": "answer(greeting)"},
    {"p": "write me a poem on invoices", "t": "answer(beyond)"},
    {
        "p": "and now only in tests",
        "t": "grep(pattern={Q}, path=tests)",
        "h": [["", "git_branch(name=feature/till)"], ["", "grep(pattern={Q})"]],
    },
    {"p": "search {Q}", "t": "grep(pattern={Q})"},
    {"p": "move over to {R}", "t": "git_branch(name={R})"},
    {"p": "nobody asks for this before", "t": "git_status()", "h": [["", "git_blame(path=shop/till.py)"]]},
    {"p": "what is blame for", "t": "answer(about)", "h": [["", "git_branch(name=feature/till)"]]},
)


def write_data(folder: Path) -> Path:
    folder.mkdir()
    (folder / "one.jsonl").write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    (folder / "validation.jsonl").write_text(json.dumps({"p": "status", "t": "git_status()"}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that can be made of the lines once; with other values there would be more of three of them."""
    folder = tmp_path_factory.mktemp("chat")
    options = ["--data", str(write_data(folder / "data")), "--output", str(folder / "chat"), "--count", "23"]
    assert lab.run(["data", "chat", *options]) == 0
    return folder / "chat"


@pytest.fixture(scope="module")
def examples(built: Path) -> list[ChatExample]:
    return read_chat_examples(built / "train.jsonl")


def of_request(examples: Sequence[ChatExample], request: str) -> list[ChatExample]:
    return [each for each in examples if said_in(each)[-1].content == request]


def said_in(example: ChatExample) -> list[Message]:
    return [message for message in example.messages if message.role == "user"]


def test_examples_hold_results_of_real_runs(examples: Sequence[ChatExample], built: Path) -> None:
    results: dict[str, Any] = {}
    for example in examples:
        for message in example.messages:
            if message.role == "tool" and len(said_in(example)) == 1 and said_in(example)[0].content[:6] != "search":
                results[message.tool] = json.loads(message.content)
    assert results["grep"]["match_count"] == 1
    assert {line["author"] for line in results["git_blame"]["lines"]} == {"Grace"}
    assert "+# open" in results["edit_file"]["diff"]
    assert "ledger/accounts.py" in results["execute_code"]["output"]
    assert "ledger/accounts.py" in results["list_files"]["files"]
    assert "apply_code_action" not in results
    # A call and the answer after its result are two things to learn; what failed is none.
    replies = [example.messages[-1] for example in examples]
    assert {reply.calls[0].tool for reply in replies if reply.calls} >= {"grep", "git_blame", "edit_file"}
    assert [bool(each.messages[-1].calls) for each in of_request(examples, LINES[0]["p"])] == [True, False]
    assert "punie-stage-" not in (built / "train.jsonl").read_text(encoding="utf-8")


def test_what_wants_words_is_answered_without_a_call(examples: Sequence[ChatExample]) -> None:
    (greeted,) = of_request(examples, "hello")
    assert [message.role for message in greeted.messages] == ["system", "user", "assistant"]
    assert greeted.messages[-1].content == answer_sentence(AnswerKind.GREETING, "hello")
    # A model that writes must not learn to send the person to another one.
    assert of_request(examples, "write me a poem on invoices") == []


def test_a_follow_up_comes_after_its_earlier_turns_as_they_were_really_played(examples: Sequence[ChatExample]) -> None:
    calling, answering = of_request(examples, "and now only in tests")[:2]
    assert [message.role for message in calling.messages[1:]] == [
        *["user", "assistant", "tool", "assistant"] * 2,
        *CALL,
    ]
    _, moved, _, summary, searched, found, result, _, _, reply = calling.messages[1:]
    pattern = found.calls[0].arguments["pattern"]
    assert (moved.calls[0].tool, found.calls[0].tool) == ("git_branch", "grep")
    assert summary.content.startswith("Went to feature/till")
    assert searched.content == f"search {pattern}"
    assert json.loads(result.content)["match_count"] >= 1
    assert (reply.calls[0].tool, reply.calls[0].arguments) == ("grep", {"pattern": pattern, "path": "tests"})
    assert answering.messages[: len(calling.messages)] == calling.messages
    assert answering.messages[-1].content
    # Words after other turns are one thing to learn, and what no words are known for before is left out.
    (told,) = of_request(examples, "what is blame for")
    assert [message.calls[0].tool for message in told.messages if message.calls] == ["git_branch"]
    assert told.messages[-1].content.startswith("`git_blame`")
    assert of_request(examples, "nobody asks for this before") == []


def test_nothing_is_said_twice_and_the_end_comes_when_all_is_said(
    tmp_path: Path, examples: Sequence[ChatExample], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = [LINES[0], LINES[6]]
    (data / "one.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    held_out = [{"p": "Hello!", "t": "answer(greeting)"}, {"p": "good morning", "t": "answer(greeting)"}]
    (data / "validation.jsonl").write_text("\n".join(map(json.dumps, held_out)), encoding="utf-8")
    options = ["--data", str(data), "--output", str(tmp_path / "chat"), "--count", "50"]
    assert lab.run(["data", "chat", *options]) == 0
    assert "3 examples to train on and 1 to validate with" in capsys.readouterr().out
    (held,) = read_chat_examples(tmp_path / "chat" / "valid.jsonl")
    assert said_in(held)[0].content == "good morning"


def test_what_is_built_passes_the_check(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["data", "check", str(built)]) == 0, capsys.readouterr().out


def test_without_a_place_nothing_is_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["data", "chat", "--data", str(write_data(tmp_path / "data"))]) == 1
    assert "--output" in capsys.readouterr().err
