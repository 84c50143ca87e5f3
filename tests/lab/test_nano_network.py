"""The trained network: a state that is read back goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

from punie_tui.lab.network import Row, Trainee
from punie_tui.lab.train import Recipe

BATCH: list[Row] = [([5, 6, 7, 8], [0.0, 1.0, 1.0, 1.0]), ([9, 8, 7, 6], [0.0, 0.0, 1.0, 1.0])]


def new_trainee(seed: int) -> Trainee:
    config = Recipe(hidden=16, layers=1, heads=1, key_value_heads=1, feed_forward=16).network(32, 0)
    return Trainee(config, seed=seed, steps=10, peak=0.01, dropout=0.0, decay=0.1, average=0.9)


def test_training_from_a_state_gives_the_losses_of_a_run_that_was_not_stopped(tmp_path: Path) -> None:
    whole = new_trainee(seed=1)
    for _ in range(3):
        whole.train(BATCH, 6)
    whole.save_state(tmp_path / "state.safetensors")
    resumed = new_trainee(seed=2)
    resumed.load_state(tmp_path / "state.safetensors")
    expected = [whole.train(BATCH, 6) for _ in range(3)]
    assert [resumed.train(BATCH, 6) for _ in range(3)] == expected
    whole.save_weights(tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    resumed.save_weights(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == weights
