"""A run that is stopped says where, and goes on as if nothing had happened."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import mlx.core as mx
import pytest

from punie_tui.commands import lab
from punie_tui.commands.stop_signals import train_until_stopped
from punie_tui.lab.adapter import AdapterProgress, AdapterRecipe, train_adapter
from punie_tui.lab.chat_data import read_chat_examples
from punie_tui.lab.phrasings import load_phrasings
from punie_tui.lab.stopping import IsStopped, StoppedError, kept_step, never_stopped, place_as_metadata
from punie_tui.lab.train import Progress, TrainingError, train
from tests.engine.conftest import tiny_directory as tiny_directory
from tests.lab.test_adapter import TinyDirectory
from tests.lab.test_adapter import write_data as write_chats
from tests.lab.test_nano_data import SMALL
from tests.lab.test_nano_data import write_data as write_phrasings


def after(polls: int) -> IsStopped:
    """Stopped from the so manieth time on that somebody asks."""
    left = iter(range(polls))
    return lambda: next(left, None) is None


def stops_of(run: Callable[[IsStopped], None], polls: int) -> list[int]:
    """Start and stop it until it ends; where it was stopped."""
    stops: list[int] = []
    while True:
        try:
            run(after(polls))
            return stops
        except StoppedError as stopped:
            stops.append(stopped.step)


def test_an_adapter_that_kept_nothing_readable_says_so(tiny_directory: TinyDirectory, tmp_path: Path) -> None:
    base, data = tiny_directory("qwen3"), write_chats(tmp_path / "data")
    examples = read_chat_examples(data / "train.jsonl")

    def run() -> None:
        recipe = AdapterRecipe(iterations=2, batch=2)
        train_adapter(recipe, base, examples, examples, tmp_path / "run", lambda _: None, checks=1)

    run()
    for kept in (b"", b"\xff" * 20, (tmp_path / "run" / "last" / "adapters.safetensors").read_bytes()):
        (tmp_path / "run" / "state.safetensors").write_bytes(kept)
        with pytest.raises(TrainingError, match="cannot go on from what it kept; begin another"):
            run()


def weights_in(folder: Path, name: str) -> dict[str, list[float]]:
    arrays = cast("dict[str, mx.array]", mx.load(str(folder / name)))
    return {key: array.flatten().tolist() for key, array in arrays.items()}


@pytest.mark.parametrize("polls", [1, 3])
def test_an_adapter_that_was_stopped_anywhere_ends_with_the_weights_of_one_that_was_not(
    tiny_directory: TinyDirectory, tmp_path: Path, polls: int
) -> None:
    """Also where it was stopped as it was evaluated: with one poll a start, each check takes several starts."""
    base, data = tiny_directory("qwen3"), write_chats(tmp_path / "data")
    training, validation = (read_chat_examples(data / f"{name}.jsonl") for name in ("train", "valid"))
    recipe = AdapterRecipe(iterations=7, batch=2, dropout=0.3, scale=2.0, peak=0.01, warmup=2)
    told: dict[str, list[AdapterProgress]] = {"whole": [], "stopped": []}

    def run(name: str, is_stopped: IsStopped) -> None:
        report = told[name].append
        train_adapter(recipe, base, training, validation[:1], tmp_path / name, report, checks=2, is_stopped=is_stopped)

    run("whole", never_stopped)
    stops = stops_of(lambda is_stopped: run("stopped", is_stopped), polls)
    assert stops
    assert stops == sorted(stops)
    checks = [[(one.iteration, one.loss, one.exact) for one in told[name] if one.exact is not None] for name in told]
    assert [check[0] for check in checks[0]] == [4, 7]
    assert [(check[0], check[2]) for check in checks[0]] == [(check[0], check[2]) for check in checks[1]]
    for folder in ("last", "best"):
        expected = weights_in(tmp_path / "whole" / folder, "adapters.safetensors")
        assert weights_in(tmp_path / "stopped" / folder, "adapters.safetensors") == expected
    moved = weights_in(tmp_path / "whole" / "last", "adapters.safetensors")
    assert any(value for name, values in moved.items() if name.endswith("lora_b") for value in values)


@pytest.mark.parametrize("polls", [1, 3])
def test_nano_that_was_stopped_anywhere_ends_with_the_weights_of_one_that_was_not(tmp_path: Path, polls: int) -> None:
    data = write_phrasings(tmp_path / "data")
    phrasings, validation = load_phrasings(data), load_phrasings(data, validation=True)
    recipe = replace(SMALL, piece_dropout=0.0, dropout=0.3)
    told: dict[str, list[Progress]] = {"whole": [], "stopped": []}

    def run(name: str, is_stopped: IsStopped) -> None:
        train(recipe, phrasings, validation, tmp_path / name, told[name].append, checks=2, is_stopped=is_stopped)

    run("whole", never_stopped)
    stops = stops_of(lambda is_stopped: run("stopped", is_stopped), polls)
    assert stops == sorted(stops)
    assert stops
    checks = [[(one.step, one.tokens, one.validation) for one in told[name] if one.validation] for name in told]
    assert checks[0] == checks[1]
    expected = weights_in(tmp_path / "whole" / "best", "model.safetensors")
    assert weights_in(tmp_path / "stopped" / "best", "model.safetensors") == expected


LORA = ["--iterations=250", "--checks=2", "--batch=2", "--layers=1", "--rank=2"]
NANO = ["--tokens=45000", "--checks=2", "--vocabulary=500", "--hidden=32", "--layers=1", "--heads=1"]
NANO += ["--key-value-heads=1", "--feed-forward=32", "--batch-tokens=200"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["lora", "scratch"])
def test_a_signal_stops_training_between_two_steps_and_the_same_command_goes_on(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, number: signal.Signals
) -> None:
    run, write = tmp_path / "run", write_chats if kind == "lora" else write_phrasings
    options = ["--base", str(tiny_directory("qwen3")), *LORA] if kind == "lora" else NANO
    command = ["train", str(run), "--data", str(write(tmp_path / "data")), *options]
    trained = subprocess.Popen(
        [sys.executable, "-P", "-m", "punie_tui", "lab", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert trained.stdout is not None
    first = trained.stdout.readline()
    trained.send_signal(number)
    _, told = trained.communicate(timeout=120)
    assert trained.returncode == 130
    said = re.fullmatch(r"punie: Stopped at step (\d+); the same command goes on from there\.\n", told)
    assert said, told
    step = int(said[1])
    assert step >= int(first.split()[1])
    assert kept_step(run) == step
    assert lab.run(command) == 0
    steps = [int(line.split()[1]) for line in capsys.readouterr().out.splitlines() if line[:4] in ("iter", "step")]
    assert step < steps[0] <= step + 50
    assert steps == sorted(steps)


def test_a_signal_before_the_first_step_and_a_second_one_stop_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def loading(is_stopped: IsStopped) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("went on")

    def in_a_long_step(is_stopped: IsStopped) -> None:
        assert not is_stopped()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_stopped()
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("went on")

    before = signal.getsignal(signal.SIGTERM)
    assert train_until_stopped(tmp_path, loading) == 130
    assert capsys.readouterr().err == "punie: Stopped with no step kept; the same command begins anew.\n"
    metadata = place_as_metadata({"step": 24})
    mx.save_safetensors(str(tmp_path / "state.safetensors"), {"weight": mx.zeros(1)}, metadata=metadata)
    assert train_until_stopped(tmp_path, in_a_long_step) == 130
    assert capsys.readouterr().err == (
        "punie: Stopped at once; the same command goes on from step 24, the last one kept.\n"
    )
    assert signal.getsignal(signal.SIGTERM) is before
