"""What an adapter learns from and what it does not, which checkpoint is kept, and what a run tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import pytest
from tokenizers import Tokenizer

from punie_tui.commands import lab
from punie_tui.lab.adapter import AdapterProgress, AdapterRecipe, train_adapter
from punie_tui.lab.chat_data import ChatExample, read_chat_examples
from tests.engine.conftest import tiny_directory as tiny_directory
from tests.lab.test_adapter import TinyDirectory, chat, readied, reply_of
from tests.lab.test_adapter import write_data as write_chats
from tests.lab.test_nano_data import write_data as write_phrasings
from tests.lab.test_stopping import NANO


def examples_in(folder: Path, *records: dict[str, Any]) -> list[ChatExample]:
    path = folder / "examples.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return read_chat_examples(path)


def blinded(model: Path) -> Path:
    """A base to which all tokens look alike: what a text changes in it, it changes as something to predict alone."""
    path = str(model / "model.safetensors")
    arrays = cast("dict[str, mx.array]", mx.load(path))
    name = "model.embed_tokens.weight"
    arrays[name] = mx.broadcast_to(arrays[name][:1], arrays[name].shape)
    mx.save_safetensors(path, arrays, metadata={"format": "mlx"})
    return model


def test_the_prompt_is_learned_only_where_that_is_asked_for(tiny_directory: TinyDirectory, tmp_path: Path) -> None:
    base = blinded(readied(tiny_directory("qwen3"), tmp_path / "base"))
    tokenizer = cast("Tokenizer", Tokenizer.from_file(str(base / "tokenizer.json")))
    said, other_said = "QQQQ", "ZZZZ"
    assert len(tokenizer.encode(said).ids) == len(tokenizer.encode(other_said).ids)

    def learned(prompt: str, reply: str, prompt_weight: float) -> tuple[list[float], dict[str, list[float]]]:
        examples = examples_in(tmp_path, chat(prompt, reply))
        run = tmp_path / f"{prompt}-{reply}-{prompt_weight}"
        recipe = AdapterRecipe(iterations=4, batch=1, peak=0.01, warmup=1, prompt_weight=prompt_weight)
        told: list[AdapterProgress] = []
        train_adapter(recipe, base, examples, examples, run, told.append, checks=4)
        arrays = cast("dict[str, mx.array]", mx.load(str(run / "last" / "adapters.safetensors")))
        return [one.loss for one in told], {name: array.flatten().tolist() for name, array in arrays.items()}

    masked = learned(said, "swan", 0.0)
    assert masked[0][-1] < masked[0][0]
    assert learned(other_said, "swan", 0.0) == masked
    losses, weights = learned(said, "crow", 0.0)
    assert losses[0] != masked[0][0]
    assert weights != masked[1]
    whole, other_whole = learned(said, "swan", 1.0), learned(other_said, "swan", 1.0)
    assert whole[0][0] != other_whole[0][0]
    assert whole[1] != other_whole[1]


def test_the_best_checkpoint_is_the_one_that_answers_best_and_not_the_one_of_the_least_loss(
    tiny_directory: TinyDirectory, tmp_path: Path
) -> None:
    """The run begins with an adapter that knows what validation asks, and is then taught something else."""
    base = readied(tiny_directory("qwen3"), tmp_path / "base")
    known = examples_in(tmp_path, chat("name a bird", "swan"))
    recipe = AdapterRecipe(iterations=60, batch=1, scale=2.0, peak=0.003, warmup=5)
    train_adapter(recipe, base, known, known, tmp_path / "knowing", lambda _: None, checks=1)
    taught = examples_in(tmp_path, chat("name a bird", "oak"))
    told: list[AdapterProgress] = []
    train_adapter(
        recipe, base, taught, known, tmp_path / "run", told.append, checks=30, earlier=tmp_path / "knowing" / "best"
    )
    checks = [one for one in told if one.exact is not None]
    best = [one for one in checks if one.is_best][-1]
    least = min(checks, key=lambda one: one.loss)
    assert (best.exact, least.exact) == (1.0, 0.0)
    assert least.loss < best.loss
    for name, reply in (("best", "swan"), ("last", "oak")):
        assert lab.run(["fuse", str(base), str(tmp_path / "run" / name), str(tmp_path / name)]) == 0
        assert reply_of(tmp_path / name, "name a bird") == reply


@pytest.mark.parametrize("kind", ["lora", "scratch"])
def test_each_line_of_a_run_tells_its_loss_its_speed_and_the_time_that_is_left(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    write = write_chats if kind == "lora" else write_phrasings
    sizes = ["--iterations=24", "--batch=2", "--checks=2", "--base", str(tiny_directory("qwen3"))]
    options = sizes if kind == "lora" else [*NANO, "--tokens=12000"]
    assert lab.run(["train", str(tmp_path / "run"), "--data", str(write(tmp_path / "data")), *options]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("iteration", "step"))]
    assert len(lines) > 2
    for line in lines:
        found = re.search(r"  loss (\d+\.\d{3})  (\d+) tokens/s  (\d+) min left", line)
        assert found, line
        assert float(found[1]) > 0
        assert int(found[2]) > 0
    scores = [line for line in lines if "exact replies" in line or "with arguments" in line]
    assert len(scores) == 2
    assert " 0 min left" in scores[-1]


def test_the_time_that_is_left_ends_at_none(tiny_directory: TinyDirectory, tmp_path: Path) -> None:
    examples = examples_in(tmp_path, chat("name a bird", "swan"))
    told: list[AdapterProgress] = []
    recipe = AdapterRecipe(iterations=30, batch=1)
    train_adapter(recipe, tiny_directory("qwen3"), examples, examples, tmp_path / "run", told.append, checks=1)
    assert [one.iteration for one in told] == [10, 20, 30]
    assert told[0].seconds_left > 0
    assert told[-1].seconds_left == 0
