"""Phrasings become chat examples whose tool results come from real runs on real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from punie_tui.commands import lab
from punie_tui.lab.chat_data import read_chat_examples

LINES = (
    {"p": "blame the first 3 lines of shop/till.py", "t": "git_blame(path=shop/till.py, end_line=3)"},
    {"p": "where does it say 'drawer open' in shop/", "t": "grep(pattern=drawer open, path=shop/)"},
    {"p": "switch to {R} and list the files", "t": "git_branch(name=feature/till); list_files()"},
    {"p": "change closed to open in shop/door.py", "t": "edit_file(path=shop/door.py, old=closed, new=open)"},
    {"p": "ruff findings per file", "t": "execute_code(program=ruff violations by file)"},
    {"p": "take fix a3", "t": "apply_code_action(id=a3)"},
    {"p": "hello", "t": "answer(greeting)"},
)


def write_data(folder: Path) -> Path:
    folder.mkdir()
    lines = [{**line, "p": line["p"].replace("{R}", "feature/till")} for line in LINES]
    (folder / "one.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (folder / "validation.jsonl").write_text(json.dumps({"p": "status", "t": "git_status()"}), encoding="utf-8")
    return folder


def test_examples_hold_results_of_real_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = write_data(tmp_path / "data"), tmp_path / "chat"
    options = ["--data", str(data), "--output", str(output), "--count", "11"]
    assert lab.run(["data", "chat", *options]) == 0
    assert "11 examples to train on and 1 to validate with" in capsys.readouterr().out
    examples = read_chat_examples(output / "train.jsonl")
    assert len(examples) == 11
    results: dict[str, Any] = {}
    for example in examples:
        for message in example.messages:
            if message.role == "tool":
                results[message.tool] = json.loads(message.content)
    assert results["grep"]["match_count"] == 1
    assert {line["author"] for line in results["git_blame"]["lines"]} == {"Grace"}
    assert "+# open" in results["edit_file"]["diff"]
    assert "ledger/accounts.py" in results["execute_code"]["output"]
    assert "ledger/accounts.py" in results["list_files"]["files"]
    assert "apply_code_action" not in results
    # A call and the answer after its result are two things to learn; what failed and plain talk are none.
    replies = [example.messages[-1] for example in examples]
    assert any(reply.calls for reply in replies)
    assert any(reply.content for reply in replies)
    assert {reply.calls[0].tool for reply in replies if reply.calls} >= {"grep", "git_blame", "edit_file"}
    assert str(tmp_path) not in (output / "train.jsonl").read_text(encoding="utf-8")


def test_without_a_place_nothing_is_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["data", "chat", "--data", str(write_data(tmp_path / "data"))]) == 1
    assert "--output" in capsys.readouterr().err
