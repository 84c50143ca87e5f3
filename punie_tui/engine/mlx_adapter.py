"""The one typed adapter over `mlx` and `mlx_lm`.

Everything here belongs on the model thread: MLX streams and lazy arrays belong to the thread that made them. Arrays
leave this file as opaque `Array` handles; what leaves the thread are Python numbers.
"""

# mlx has stubs that leave much partially unknown, and mlx_lm is not typed at all.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib.util
import resource
import sys
import threading
import types
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NewType, cast

import mlx.core as mx

from punie_tui.engine.protocol import Sampling
from punie_tui.engine.tokenizer_adapter import quieten_transformers

# Two model threads may load at once, and one of them hides the package for a moment.
_IMPORTING = threading.Lock()

Array = NewType("Array", object)
"""A lazy array; evaluated by `start_computing` and `token_value` only."""


class KeyValueLayers:
    """The key-value cache of every layer of one model, as long as the tokens it was fed."""

    def __init__(self, layers: list[Any]) -> None:
        self.raw = layers

    @property
    def length(self) -> int | None:
        """How many tokens the cache holds; None for kinds that do not count (recurrent state)."""
        offsets = [layer.offset for layer in self.raw if isinstance(getattr(layer, "offset", None), int)]
        return max(offsets) if offsets else None

    def trim(self, count: int) -> bool:
        """Forget the last `count` tokens; False, and nothing changed, where the kind of cache cannot."""
        from mlx_lm.models import cache

        if not cache.can_trim_prompt_cache(self.raw):
            return False
        return cast("int", cache.trim_prompt_cache(self.raw, count)) == count

    def evaluate(self) -> None:
        """Compute what was fed so far and free the memory that computing took."""
        mx.eval([layer.state for layer in self.raw])
        mx.clear_cache()


class MlxModel:
    """A model in memory."""

    def __init__(self, network: Any, config: Mapping[str, Any]) -> None:
        self.network = network
        self.config = config
        self.vocabulary_size = self._logit_count()

    def new_cache(self) -> KeyValueLayers:
        """An empty cache of the kinds this architecture needs."""
        from mlx_lm.models import cache

        return KeyValueLayers(cache.make_prompt_cache(self.network))

    def feed(self, tokens: Sequence[int], cache: KeyValueLayers) -> Array:
        """Append tokens to the cache; returns the logits after the last of them, not yet computed."""
        return self._forward(mx.array([list(tokens)]), cache)

    def feed_drawn(self, token: Array, cache: KeyValueLayers) -> Array:
        """The same for a drawn token whose value nobody has waited for yet."""
        return self._forward(cast("mx.array", token)[None], cache)

    def _forward(self, tokens: mx.array, cache: KeyValueLayers) -> Array:
        return cast("Array", self.network(tokens, cache=cache.raw)[:, -1, :])

    def _logit_count(self) -> int:
        """The width of the logits, which models pad beyond the tokenizer's vocabulary."""
        return cast("int", self.network(mx.array([[0]])).shape[-1])


class Sampler:
    """Draws tokens. Each place of a reply has its own random key, so a draw never depends on how often others drew."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling

    def draw(self, logits: Array, place: int) -> Array:
        """One token for the reply's `place`, not yet computed."""
        values = cast("mx.array", logits).astype(mx.float32)
        if self._sampling.temperature <= 0:
            return cast("Array", mx.argmax(values, axis=-1))
        values = values / self._sampling.temperature
        if self._sampling.top_p < 1:
            values = _keep_nucleus(values, self._sampling.top_p)
        key = mx.random.key((self._sampling.seed * 1_000_003 + place) % 2**64)
        return cast("Array", mx.random.categorical(values, key=key))


def _keep_nucleus(logits: mx.array, top_p: float) -> mx.array:
    """Rule out all but the likeliest tokens that together reach `top_p`."""
    order = mx.argsort(-logits, axis=-1)
    sorted_probabilities = mx.take_along_axis(mx.softmax(logits, axis=-1), order, axis=-1)
    before = mx.cumsum(sorted_probabilities, axis=-1) - sorted_probabilities
    # The likeliest token stays even with top_p 0.
    is_kept = before < max(top_p, 1e-9)
    kept = mx.put_along_axis(mx.zeros(logits.shape, dtype=mx.bool_), order, is_kept, axis=-1)
    return mx.where(kept, logits, -mx.inf)


def add_bias(logits: Array, bias: Mapping[int, float]) -> Array:
    """Add to the logits of single tokens."""
    if not bias:
        return logits
    values = cast("mx.array", logits).astype(mx.float32)
    return cast("Array", values.at[..., mx.array(list(bias))].add(mx.array(list(bias.values()))))


def keep_allowed(logits: Array, allowed: bytes) -> Array:
    """Rule out every token whose byte in `allowed` is zero."""
    values = cast("mx.array", logits)
    mask = mx.array(cast("Any", memoryview(allowed)))[: values.shape[-1]] > 0
    return cast("Array", mx.where(mask, values, -mx.inf))


def likelihoods(logits: Array, drawn: int, others: int) -> tuple[float, list[tuple[int, float]]]:
    """How likely the drawn token was, and the likeliest `others` with theirs, likeliest first."""
    shares = mx.softmax(cast("mx.array", logits).astype(mx.float32).reshape(-1))
    order = cast("list[int]", mx.argsort(-shares)[: others + 1].tolist())
    found = cast("list[float]", shares[mx.array([drawn, *order])].tolist())
    ranked = [(token, share) for token, share in zip(order, found[1:], strict=True) if token != drawn and share > 0]
    return found[0], ranked[:others]


def weighted_sums(weights: Sequence[float], rows: memoryview, width: int) -> list[float]:
    """Of each column of rows that lie one after the other, of signed bytes; waits until it is computed."""
    items = mx.array(cast("Any", rows)).reshape(len(weights), width).astype(mx.float32)
    return cast("list[float]", (mx.array(list(weights)) @ items).tolist())


def start_computing(*arrays: Array) -> None:
    """Let the device begin; does not wait."""
    mx.async_eval(*cast("tuple[mx.array, ...]", arrays))


def token_value(drawn: Array) -> int:
    """The drawn token; waits until it is computed."""
    return cast("int", cast("mx.array", drawn).item())


def load_network(directory: Path, config: Mapping[str, Any]) -> MlxModel:
    """Load any directory that mlx_lm can; raises whatever mlx_lm raises on broken files."""
    quieten_transformers()
    with _IMPORTING, _open_file_limit_kept():
        from mlx_lm.utils import load_model

    network, full_config = cast("tuple[Any, dict[str, Any]]", load_model(directory))
    _use_device_memory()
    return MlxModel(network, {**config, **full_config})


def load_lean_network(directory: Path, config: Mapping[str, Any]) -> MlxModel:
    """Load a `qwen3` directory without mlx_lm's package code, which takes seconds to import transformers."""
    import mlx.nn as nn

    with _IMPORTING, _mlx_lm_without_its_init():
        # The cache is imported here as well, so that later imports of it find it without the package's code.
        from mlx_lm.models import cache, qwen3  # noqa: F401 # pyright: ignore[reportUnusedImport]
    network = qwen3.Model(qwen3.ModelArgs.from_dict(dict(config)))
    weights: dict[str, mx.array] = {}
    for path in sorted(directory.glob("model*.safetensors")):
        weights.update(cast("dict[str, mx.array]", mx.load(str(path))))
    if quantization := cast("dict[str, Any] | None", config.get("quantization")):
        if mx.default_device() == mx.Device(mx.cpu):
            # On a CPU a product of a prompt with quantised weights takes over a hundred times as long.
            weights = _dequantised(weights, quantization["group_size"])
        else:
            nn.quantize(
                network,
                group_size=quantization["group_size"],
                bits=quantization["bits"],
                class_predicate=lambda path, _: f"{path}.scales" in weights and quantization.get(path, True),
            )
    network.eval()
    network.load_weights(list(network.sanitize(weights).items()))
    mx.eval(network.parameters())
    _use_device_memory()
    return MlxModel(network, config)


def _dequantised(weights: Mapping[str, mx.array], group_size: int) -> dict[str, mx.array]:
    """The same weights at 16 bits; each array tells itself how many bits it has."""
    found: dict[str, mx.array] = {}
    for name, array in weights.items():
        path, _, kind = name.rpartition(".")
        scales = weights.get(f"{path}.scales")
        if scales is None:
            found[name] = array
        elif kind == "weight":
            bits = array.shape[-1] * 32 // (scales.shape[-1] * group_size)
            found[name] = mx.dequantize(array, scales, weights[f"{path}.biases"], group_size, bits)
    return found


def _leave_limit(resource: int, limits: tuple[int, int], /) -> None:
    """Stands in for `setrlimit` while mlx_lm is imported."""


@contextmanager
def _open_file_limit_kept() -> Generator[None]:
    """Importing mlx_lm lowers the limit of open files for good, and the project's own commands would inherit that."""
    original = resource.setrlimit
    resource.setrlimit = _leave_limit
    try:
        yield
    finally:
        resource.setrlimit = original


@contextmanager
def _mlx_lm_without_its_init() -> Generator[None]:
    """Import submodules of mlx_lm without running its `__init__`, and leave a later full import possible."""
    if "mlx_lm" in sys.modules:
        yield
        return
    specification = importlib.util.find_spec("mlx_lm")
    assert specification is not None
    package = types.ModuleType("mlx_lm")
    package.__path__ = list(specification.submodule_search_locations or [])
    sys.modules["mlx_lm"] = package
    try:
        yield
    finally:
        del sys.modules["mlx_lm"]


def free_memory() -> None:
    """Give memory that no array holds any more back to the system."""
    mx.clear_cache()


def leave_device() -> None:
    """Finish what is under way and let the threads of the device go; without it they abort the exiting process."""
    mx.synchronize()
    mx.clear_streams()


def device_memory_limit() -> int | None:
    """Bytes a model may take on the GPU as Metal recommends; None where there is no such GPU."""
    limit = mx.device_info().get("max_recommended_working_set_size") if mx.metal.is_available() else None
    return int(limit) if limit else None


def _use_device_memory() -> None:
    """Keep the weights resident on Apple GPUs; without it large models are paged in and out."""
    if (limit := device_memory_limit()) is not None:
        mx.set_wired_limit(limit)
