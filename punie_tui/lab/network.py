"""The one typed adapter of the lab over mlx: nano's network in training, its optimiser and its files."""

# mlx has stubs that leave much partially unknown, and mlx_lm is not typed at all.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optimizers
from mlx.utils import tree_flatten, tree_map, tree_map_with_path, tree_unflatten

from punie_tools.files.atomic import replace_file
from punie_tui.engine.mlx_adapter import MlxModel, quieten_transformers

Row = tuple[Sequence[int], Sequence[float]]
"""Tokens of one example, and for each how much its prediction counts."""
EMBEDDING = "model.embed_tokens.weight"
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)")
_INTO_THE_STREAM = ("o_proj.weight", "down_proj.weight")


class Trainee:
    """A Qwen3 network with its optimiser. The weights that are kept are a running average of the trained ones."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        seed: int,
        steps: int,
        peak: float,
        dropout: float,
        decay: float,
        average: float,
    ) -> None:
        quieten_transformers()
        from mlx_lm.models import qwen3

        mx.random.seed(seed)
        self.config = config
        self._seed, self._average = seed, average
        self._network: Any = qwen3.Model(qwen3.ModelArgs.from_dict(dict(config)))
        self._initialise()
        warmup = max(1, min(steps // 20, 300))
        schedule = optimizers.join_schedules(
            [
                optimizers.linear_schedule(0.0, peak, warmup),
                optimizers.cosine_decay(peak, max(1, steps - warmup), peak * 0.02),
            ],
            [warmup],
        )
        self._optimizer = optimizers.AdamW(learning_rate=schedule, weight_decay=decay, betas=[0.9, 0.98])
        self._optimizer.init(self._network.trainable_parameters())
        self._averaged: Any = _copy(self._network.parameters())
        self._steps = 0
        mx.eval(self._network.parameters(), self._optimizer.state, self._averaged)
        state = [self._network.state, self._optimizer.state, mx.random.state]
        self._step = mx.compile(
            partial(_train_step, self._network, self._optimizer, dropout), inputs=state, outputs=state
        )
        self._state = state

    def train(self, rows: Sequence[Row], width: int) -> float:
        """One step on a batch padded to `width`; the loss."""
        tokens = mx.array([[*row, *[0] * (width - len(row))] for row, _ in rows])
        # What dropout draws is the step's own, whatever was drawn before and wherever the run was stopped.
        mx.random.seed(self._seed * 1_000_003 + self._steps)
        loss = self._step(tokens, *_targets(rows, width))
        # Early on the average must not be held back by the random start.
        kept = min(self._average, (self._steps + 1) / (self._steps + 10))
        self._averaged = _blend(self._averaged, self._network.parameters(), kept)
        mx.eval(self._state, self._averaged, loss)
        self._steps += 1
        return float(cast("float", loss.item()))

    def averaged_model(self) -> MlxModel:
        """The network with the averaged weights, to be evaluated; training goes on undisturbed."""
        from mlx_lm.models import qwen3

        copy: Any = qwen3.Model(qwen3.ModelArgs.from_dict(dict(self.config)))
        copy.update(self._averaged)
        copy.eval()
        return MlxModel(copy, self.config)

    def save_weights(self, directory: Path) -> None:
        """Write the averaged weights as a model directory: 16-bit safetensors and the configuration."""
        arrays = {name: array.astype(mx.float16) for name, array in _flat(self._averaged)}
        save_arrays(directory / "model.safetensors", arrays, {"format": "mlx"})
        replace_file(directory / "config.json", f"{json.dumps(dict(self.config), indent=2)}\n".encode())

    def save_state(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write all that going on needs, and what the run itself wants to know; replaces an older state in one move."""
        arrays = {
            **{f"network.{name}": array for name, array in _flat(self._network.parameters())},
            **{f"average.{name}": array for name, array in _flat(self._averaged)},
            **{f"optimizer.{name}": array for name, array in _flat(self._optimizer.state)},
        }
        save_arrays(path, arrays, {**metadata, "steps": str(self._steps)})

    def load_weights(self, directory: Path) -> None:
        """Begin with a model directory's weights instead of random ones. Raises ValueError if it is another network.

        A smaller one grows: with more layers or a wider feed-forward it computes at first what it did before. Tokens
        that it has not yet begin as the mean of those that it has.
        """
        arrays = cast("dict[str, mx.array]", mx.load(str(directory / "model.safetensors")))
        fresh = dict(_flat(self._network.parameters()))
        arrays = _with_layers(arrays, self.config["num_hidden_layers"])
        arrays = {
            name: _widened(name, array, fresh[name]) if name in fresh else array for name, array in arrays.items()
        }
        if {name: array.shape for name, array in fresh.items()} != {
            name: array.shape for name, array in arrays.items()
        }:
            raise ValueError(f"{directory} holds a network of another shape than the recipe's.")
        self._network.update(tree_unflatten([(name, array.astype(mx.float32)) for name, array in arrays.items()]))
        self._averaged = _copy(self._network.parameters())
        mx.eval(self._network.parameters(), self._averaged)

    def load_state(self, path: Path) -> None:
        """Go on where `save_state` left off; the compiled step reads the same objects, so they are filled in place."""
        arrays, metadata = cast("tuple[dict[str, mx.array], dict[str, str]]", mx.load(str(path), return_metadata=True))
        self._network.update(_filled(self._network.parameters(), arrays, "network."))
        self._averaged = _filled(self._averaged, arrays, "average.")
        for name, value in _filled(self._optimizer.state, arrays, "optimizer.").items():
            self._optimizer.state[name] = value
        self._steps = int(metadata["steps"])
        mx.eval(self._network.parameters(), self._averaged, self._optimizer.state)

    def _initialise(self) -> None:
        """Small normal weights; what writes into the residual stream starts smaller in deeper networks."""
        depth = math.sqrt(2 * self.config["num_hidden_layers"])
        fresh: list[tuple[str, mx.array]] = []
        for name, array in _flat(self._network.parameters()):
            if array.ndim == 2:
                scale = 0.02 if "embed" in name else 1 / math.sqrt(array.shape[1])
                scale = scale / depth if name.endswith(_INTO_THE_STREAM) else scale
                fresh.append((name, mx.random.normal(array.shape) * scale))
        self._network.update(tree_unflatten(fresh))


def place_among_processes() -> tuple[int, int]:
    """Which of how many processes this is: the first of one, unless a launcher such as `mlx.launch` started several."""
    world = mx.distributed.init()
    return world.rank(), world.size()


def _with_layers(arrays: Mapping[str, mx.array], wanted: int) -> dict[str, mx.array]:
    """A network's arrays with more layers, copies of those before them that add nothing to the stream yet."""
    found = {int(match[1]) for name in arrays if (match := _LAYER.match(name))}
    if not found or found != set(range(len(found))) or wanted <= len(found):
        return dict(arrays)
    # The first and the last stay where they are; the rest are spread evenly.
    places = {round(each * (wanted - 1) / max(1, len(found) - 1)): each for each in sorted(found)}
    grown = {name: array for name, array in arrays.items() if not _LAYER.match(name)}
    for layer in range(wanted):
        source = places[max(place for place in places if place <= layer)]
        for name, array in arrays.items():
            if (match := _LAYER.match(name)) and int(match[1]) == source:
                is_silent = layer not in places and name.endswith(_INTO_THE_STREAM)
                grown[f"model.layers.{layer}.{match[2]}"] = mx.zeros_like(array) if is_silent else array
    return grown


def _widened(name: str, array: mx.array, fresh: mx.array) -> mx.array:
    """More tokens begin as the mean of those there are; more units of a feed-forward read, and write nothing yet."""
    if array.ndim != 2 or array.shape == fresh.shape:
        return array
    rows, columns = array.shape
    if name == EMBEDDING and rows < fresh.shape[0] and columns == fresh.shape[1]:
        more = mx.broadcast_to(array.mean(axis=0, keepdims=True), (fresh.shape[0] - rows, columns))
        return mx.concatenate([array, more])
    if name.endswith(("gate_proj.weight", "up_proj.weight")) and rows < fresh.shape[0] and columns == fresh.shape[1]:
        return mx.concatenate([array, fresh[rows:].astype(array.dtype)])
    if name.endswith("down_proj.weight") and columns < fresh.shape[1] and rows == fresh.shape[0]:
        return mx.concatenate([array, mx.zeros((rows, fresh.shape[1] - columns), dtype=array.dtype)], axis=1)
    return array


def _copy(tree: Any) -> Any:
    def copied(array: mx.array) -> mx.array:
        return array + 0

    return tree_map(copied, tree)


def _blend(average: Any, new: Any, kept: float) -> Any:
    def blended(old: mx.array, fresh: mx.array) -> mx.array:
        return kept * old + (1 - kept) * fresh

    return tree_map(blended, average, new)


def save_arrays(path: Path, arrays: Mapping[str, mx.array], metadata: Mapping[str, str]) -> None:
    """Replaces an older file in one move. Raises OSError where it cannot be written, and leaves the older one."""
    unfinished = path.with_name(f"partial-{path.name}")
    try:
        mx.save_safetensors(str(unfinished), dict(arrays), metadata=dict(metadata))
    except RuntimeError:
        # mlx says neither which file it is nor why.
        unfinished.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written; is the disk full?") from None
    unfinished.replace(path)


def _flat(tree: Any) -> list[tuple[str, mx.array]]:
    return cast("list[tuple[str, mx.array]]", tree_flatten(tree))


def _filled(tree: Any, arrays: Mapping[str, mx.array], prefix: str) -> Any:
    """`tree` with the arrays of a file; its parts without arrays, which no file holds, stay."""

    def read(name: str, _: mx.array) -> mx.array:
        return arrays[prefix + name]

    return tree_map_with_path(read, tree)


def _targets(rows: Sequence[Row], width: int) -> tuple[mx.array, mx.array, mx.array]:
    """Which places of a padded batch predict what, and how much each counts.

    Two thirds of the tokens are prompts, whose predictions count nothing: without their logits a step takes three
    quarters of the time. The places are filled up to a multiple of 64, since each number of them is compiled once.
    """
    found = [
        (start + place, token, weight)
        for start, (tokens, weights) in zip(range(0, len(rows) * width, width), rows, strict=True)
        for place, (token, weight) in enumerate(zip(tokens[1:], weights[1:], strict=True))
        if weight
    ]
    found += [(0, 0, 0.0)] * (-len(found) % 64)
    places, expected, weights = zip(*found, strict=True)
    return mx.array(places), mx.array(expected), mx.array(weights)


def _train_step(
    network: Any,
    optimizer: Any,
    dropout: float,
    tokens: mx.array,
    places: mx.array,
    expected: mx.array,
    weights: mx.array,
) -> mx.array:
    def loss_of(model: Any) -> mx.array:
        losses = nn.losses.cross_entropy(_forward(model, tokens, places, dropout), expected, label_smoothing=0.02)
        return (losses * weights).sum() / weights.sum()

    loss, gradients = nn.value_and_grad(network, loss_of)(network)
    gradients, _ = optimizers.clip_grad_norm(gradients, 1.0)
    optimizer.update(network, gradients)
    return loss


def _forward(model: Any, tokens: mx.array, places: mx.array, dropout: float) -> mx.array:
    """Logits of some places, by the network's own layers with dropout between them, which mlx_lm's code has none of."""
    drop = nn.Dropout(dropout)
    hidden = drop(model.model.embed_tokens(tokens))
    for layer in model.model.layers:
        hidden = hidden + drop(layer.self_attn(layer.input_layernorm(hidden), "causal", None))
        hidden = hidden + drop(layer.mlp(layer.post_attention_layernorm(hidden)))
    hidden = hidden.reshape(-1, hidden.shape[-1])[places]
    return model.model.embed_tokens.as_linear(model.model.norm(hidden))
