"""`punie lab record`: the real nano on tiny suites, noted in a history of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from punie_tui.commands import lab
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.lab.history import HISTORY, name_weights, read_history

CASES = (
    {"id": "a", "category": "git", "prompt": "git status", "expect": {"kind": "tools", "all": ["git_status"]}},
    {"id": "b", "category": "git", "prompt": "git status", "expect": {"kind": "tools", "all": ["hover"]}},
    {"id": "c", "category": "answer", "prompt": "hello", "expect": {"kind": "answer"}},
    {"id": "d", "category": "shy", "prompt": "hello", "expect": {"kind": "tools", "all": ["hover"]}},
)
PHRASINGS = (
    {"p": "git status", "t": "git_status()"},
    {"p": "lint {P}", "t": "ruff_check(path={P})"},
    {"p": "hello", "t": "hover(symbol=hello)"},
)


def write(path: Path, lines: tuple[dict[str, object], ...]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_a_line_is_added_with_all_shares_and_those_of_categories_at_the_temperature_of_the_goals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suites, history = tmp_path / "suites", tmp_path / "scores.jsonl"
    suites.mkdir()
    write(suites / "natural.jsonl", CASES)
    write(suites / "seed40.jsonl", CASES[:1])
    write(suites / "other.jsonl", CASES[:3])
    history.write_text(HISTORY.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    on = write(tmp_path / "hand.jsonl", PHRASINGS)
    assert lab.run(["record", "--suites", str(suites), "--history", str(history), "--on", str(on)]) == 0
    before, added = read_history(history)
    assert before == read_history()[0]
    assert added.model == name_weights(MODEL_DIRECTORY)
    assert added.shares == {
        "natural.jsonl": 0.5,
        "other.jsonl": 0.6667,
        "seed40.jsonl": 1.0,
        "hand.jsonl, right tools": 0.6667,
        "hand.jsonl, with arguments": 0.6667,
    }
    assert added.drawn == {
        "natural.jsonl": {"all": 0.5, "git": 0.5, "answer": 1.0, "shy": 0.0},
        "seed40.jsonl": {"all": 1.0, "git": 1.0},
    }
    told = capsys.readouterr().out
    assert " 66.7%  other.jsonl\n" in told
    assert "  0.0%  natural.jsonl at temperature 0.7, shy\n" in told


def test_what_cannot_be_scored_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = tmp_path / "scores.jsonl"
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    options = ["--history", str(history), "--suites", str(tmp_path)]
    assert lab.run(["record", *options]) == 1
    assert "broken.jsonl:1" in capsys.readouterr().err
    assert not history.exists()
