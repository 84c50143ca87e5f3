"""Two runs of one tokenizer that answer together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from punie_tui.commands import lab
from punie_tui.engine.mlx_adapter import load_lean_network
from punie_tui.engine.model_directory import inspect_directory

LINES = (("lint {P}", "ruff_check(path={P})"), ("hello", "answer(greeting)"), ("search {Q} now", "grep(pattern={Q})"))
TINY = "--tokens 400 --checks 1 --vocabulary 500 --hidden 32 --layers 1 --heads 1 --key-value-heads 1 --feed-forward 32"


def write_data(folder: Path) -> Path:
    folder.mkdir()
    text = "\n".join(json.dumps({"p": said, "t": meant}) for said, meant in LINES)
    (folder / "one.jsonl").write_text(text, encoding="utf-8")
    (folder / "validation.jsonl").write_text('{"p": "ruff {P}", "t": "ruff_check(path={P})"}', encoding="utf-8")
    return folder


def train(data: Path, run: Path, *more: str) -> Path:
    assert lab.run(["train", str(run), "--data", str(data), *TINY.split(), *more]) == 0
    return run


def logits(directory: Path) -> np.ndarray:
    """After a prompt of two tokens in the cache, of which one was taken back, and another."""
    found = inspect_directory(directory)
    model = load_lean_network(found.path, found.config)
    cache = model.new_cache()
    model.feed([5, 6, 9], cache)
    assert cache.trim(1)
    return np.array(model.feed([7], cache))


def test_runs_that_share_a_tokenizer_have_their_say_in_each_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_data(tmp_path / "data")
    first = train(data, tmp_path / "first")
    second = train(data, tmp_path / "second", "--seed", "2", "--sharing", str(first))
    third = train(data, tmp_path / "third", "--seed", "3", "--vocabulary", "480")
    shipped, output = tmp_path / "shipped", ["--output", str(tmp_path / "shipped")]
    assert lab.run(["export", str(first), *output, "--beside", str(second)]) == 0
    alone = [logits(run / "best") for run in (first, second)]
    assert not np.allclose(alone[0], alone[1], atol=1e-2)
    assert np.allclose(logits(shipped), alone[0] + alone[1], atol=1e-2)
    capsys.readouterr()

    assert lab.run(["export", str(first), *output, "--beside", str(third)]) == 1
    assert "does not fit" in capsys.readouterr().err
    assert np.allclose(logits(shipped), alone[0] + alone[1], atol=1e-2)

    assert lab.run(["export", str(first), *output]) == 0
    assert np.allclose(logits(shipped), alone[0], atol=1e-3)


def test_a_run_without_a_tokenizer_to_share_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    arguments = ["train", str(tmp_path / "run"), "--data", str(data), "--sharing", str(tmp_path / "nothing")]
    assert lab.run(arguments) == 1
    assert "is no checkpoint of a run: tokenizer.json is missing" in capsys.readouterr().err
