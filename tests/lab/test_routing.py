"""How well a model routes, by the grammar and without it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import cast

import mlx.core as mx
import pytest

from punie_tui.commands import lab
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.lab.history import name_weights
from punie_tui.lab.network import EMBEDDING
from punie_tui.lab.phrasings import PHRASINGS

TINY = "--tokens 400 --checks 1 --vocabulary 500 --hidden 32 --layers 1 --heads 1 --key-value-heads 1 --feed-forward 32"


def validated(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[float, float, float]:
    """The shares of replies that are well-formed, have the right tools, and are right."""
    capsys.readouterr()
    assert lab.run(["validate", *arguments]) == 0
    shares = re.findall(r"([\d.]+)%", capsys.readouterr().out)
    well_formed, routed, right = map(float, shares)
    return well_formed, routed, right


def test_a_model_that_learned_nothing_is_well_formed_by_the_grammar_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    said = [{"p": "lint {P}", "t": "ruff_check(path={P})"}, {"p": "hello", "t": "answer(greeting)"}]
    (data / "one.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    held_out = data / "validation.jsonl"
    held_out.write_text(json.dumps({"p": "ruff {P}", "t": "ruff_check(path={P})"}), encoding="utf-8")
    assert lab.run(["train", str(tmp_path / "run"), "--data", str(data), *TINY.split()]) == 0
    model = ["--directory", str(tmp_path / "run" / "best")]
    assert validated(capsys, str(held_out), *model)[0] == 100
    assert validated(capsys, str(held_out), *model, "--without-grammar") == (0, 0, 0)


def test_data_for_one_tool_alone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("one", "validation"):
        (data / f"{name}.jsonl").write_text('{"p": "lint {P}", "t": "ruff_check(path={P})"}', encoding="utf-8")
    assert lab.run(["train", str(tmp_path / "run"), "--data", str(data), *TINY.split()]) == 1
    assert "two tools, or for a tool and an answer; all phrasings lead to ruff_check." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_shipped_model_knows_most_of_its_grammar_by_heart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phrasings = tmp_path / "asked.jsonl"
    asked = [("any type errors in {P}?", "typecheck(path={P})"), ("thanks", "answer(thanks)")]
    phrasings.write_text("\n".join(json.dumps({"p": said, "t": meant}) for said, meant in asked), encoding="utf-8")
    assert validated(capsys, str(phrasings), "--without-grammar") == (100, 100, 100)


def without_newest_mark(directory: Path) -> tuple[Path, str]:
    """The shipped model as it was before its format had the mark that came last, and that mark."""
    shutil.copytree(MODEL_DIRECTORY, directory)
    tokenizer = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))
    newest = tokenizer["added_tokens"].pop()
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    weights = cast("dict[str, mx.array]", mx.load(str(directory / "model.safetensors")))
    assert weights[EMBEDDING].shape[0] == newest["id"] + 1
    weights[EMBEDDING] = weights[EMBEDDING][:-1]
    mx.save_safetensors(str(directory / "model.safetensors"), weights)
    return directory, newest["content"]


def test_a_run_begins_with_what_an_earlier_model_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    said = [{"p": "lint {P}", "t": "ruff_check(path={P})"}, {"p": "type errors in {P}", "t": "typecheck(path={P})"}]
    (data / "one.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    held_out = data / "validation.jsonl"
    held_out.write_text(json.dumps({"p": "any type errors in {P}?", "t": "typecheck(path={P})"}), encoding="utf-8")

    def train(run: str, *options: str) -> int:
        sizes = ("--tokens", "200", "--checks", "1", "--peak", "1e-6")
        return lab.run(["train", str(tmp_path / run), "--data", str(data), *sizes, *options])

    earlier, mark = without_newest_mark(tmp_path / "earlier")
    assert train("further", "--start", str(earlier)) == 0
    assert mark in (tmp_path / "further" / "best" / "tokenizer.json").read_text(encoding="utf-8")
    model = ["--directory", str(tmp_path / "further" / "best")]
    assert validated(capsys, str(held_out), *model, "--without-grammar") == (100, 100, 100)
    assert lab.run(["export", str(tmp_path / "further"), "--output", str(tmp_path / "made")]) == 0
    card = json.loads((tmp_path / "made" / "card.json").read_text(encoding="utf-8"))
    assert card["recipe"]["start"] == name_weights(earlier)
    assert card["recipe"]["layers"] == json.loads((MODEL_DIRECTORY / "config.json").read_text())["num_hidden_layers"]
    assert train("other", "--start", str(MODEL_DIRECTORY), "--hidden", "128") == 1
    assert "a network of another shape than the recipe's" in capsys.readouterr().err
    assert train("none", "--start", str(tmp_path)) == 1
    assert "is no folder of a model to start with" in capsys.readouterr().err


def test_the_control_routes_what_it_has_read_much_of_and_tells_where_there_is_too_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(PHRASINGS / "h1.jsonl", data)
    shutil.copy(PHRASINGS / "validation.jsonl", data)
    assert lab.run(["control", "--data", str(data)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert 25 < float(re.findall(r"([\d.]+)%", told[0])[0]) < 60  # one in forty by chance
    assert told[-1] == "turns.jsonl, one tool or an answer: 0 of 0 routed rightly"
    (data / "h1.jsonl").write_text('{"p": "lint {P}", "t": "ruff_check(path={P})"}', encoding="utf-8")
    assert lab.run(["control", "--data", str(data)]) == 1
    assert capsys.readouterr().err.startswith("punie: The control cannot learn from these 1 phrasings: ")
