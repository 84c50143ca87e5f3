"""The trained network: what its loss is made of, and a state that is read back goes on as if nothing had happened."""

from __future__ import annotations

import math
from pathlib import Path

import mlx.core as mx
import pytest

from punie_tui.lab.network import Row, Trainee
from punie_tui.lab.train import Recipe

BATCH: list[Row] = [([5, 6, 7, 8], [0.0, 1.0, 1.0, 1.0]), ([9, 8, 7, 6], [0.0, 0.0, 1.0, 1.0])]


def new_trainee(seed: int, layers: int = 1, feed_forward: int = 16, tokens: int = 32) -> Trainee:
    recipe = Recipe(hidden=16, layers=layers, heads=1, key_value_heads=1, feed_forward=feed_forward)
    config = recipe.network(tokens, 0)
    return Trainee(config, seed=seed, steps=10, peak=0.01, dropout=0.0, decay=0.1, average=0.9)


def test_training_from_a_state_gives_the_losses_of_a_run_that_was_not_stopped(tmp_path: Path) -> None:
    whole = new_trainee(seed=1)
    for _ in range(3):
        whole.train(BATCH, 6)
    whole.save_state(tmp_path / "state.safetensors", {})
    resumed = new_trainee(seed=2)
    resumed.load_state(tmp_path / "state.safetensors")
    expected = [whole.train(BATCH, 6) for _ in range(3)]
    assert [resumed.train(BATCH, 6) for _ in range(3)] == expected
    whole.save_weights(tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    resumed.save_weights(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == weights


def test_the_loss_is_the_mean_over_the_tokens_that_count() -> None:
    trainee = new_trainee(seed=1)
    model = trainee.averaged_model()
    expected: list[float] = []
    for tokens, weights in BATCH:
        cache = model.new_cache()
        for token, following, weight in zip(tokens, tokens[1:], weights[1:], strict=False):
            logits = mx.array(model.feed([token], cache)).squeeze().tolist()
            if weight:
                expected.append(smoothed_cross_entropy(logits, following, smoothing=0.02))
    assert trainee.train(BATCH, 6) == pytest.approx(sum(expected) / len(expected), rel=1e-4)


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_a_network_grows_and_computes_what_it_did_until_it_learns_more(layers: int, tmp_path: Path) -> None:
    small = new_trainee(seed=1, layers=2)
    for _ in range(3):
        small.train(BATCH, 6)
    small.save_weights(tmp_path)
    grown = new_trainee(seed=2, layers=layers, feed_forward=24, tokens=40)
    grown.load_weights(tmp_path)
    tokens = BATCH[0][0]
    before, after = (trainee.averaged_model() for trainee in (small, grown))
    expected = mx.array(before.feed(tokens, before.new_cache())).squeeze()
    found = mx.array(after.feed(tokens, after.new_cache())).squeeze()[:32]
    assert found.tolist() == pytest.approx(expected.tolist(), abs=2e-2)
    losses = [grown.train(BATCH, 6) for _ in range(6)]
    assert losses[-1] < losses[0]
    with pytest.raises(ValueError, match="another shape"):
        new_trainee(seed=2, layers=1).load_weights(tmp_path)


def smoothed_cross_entropy(logits: list[float], expected: int, smoothing: float) -> float:
    whole = math.log(sum(math.exp(value) for value in logits))
    mean = sum(logits) / len(logits)
    return whole - (1 - smoothing) * logits[expected] - smoothing * mean
