"""LoRA on any model that mlx_lm runs: mlx_lm's own trainer, in stretches between which the adapter is evaluated.

Under `mlx.launch` every process trains on its share of each batch, and the first one reports and writes.
"""

# mlx has stubs that leave much partially unknown, and mlx_lm is not typed at all.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.optimizers as optimizers
import numpy as np
from mlx.utils import tree_flatten, tree_map, tree_map_with_path

from punie_tools.files.atomic import replace_file
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.protocol import EngineError
from punie_tui.engine.tokenizer_adapter import quieten_transformers
from punie_tui.lab.bases import check_base, identify, read_adapter_settings
from punie_tui.lab.chat_data import ChatExample
from punie_tui.lab.limits import COUNT, EITHER, LAYERS, NOT_NEGATIVE, PART, POSITIVE, SEED, Limits
from punie_tui.lab.network import save_arrays
from punie_tui.lab.tokenized import ExampleTokenizer, TokenizedExample
from punie_tui.lab.train import TrainingError

_STEPS_OF_A_REPORT = 10
_METADATA = {"format": "mlx"}


@dataclass(frozen=True)
class AdapterRecipe:
    """All that decides a run beside base and data; kept with its checkpoints."""

    iterations: int = 600
    batch: int = 4
    layers: int = -1
    rank: int = 8
    scale: float = 20.0
    dropout: float = 0.0
    peak: float = 1e-4
    warmup: int = 20
    longest: int = 2048
    prompt_weight: float = 0.0
    seed: int = 1


LIMITS: Mapping[str, Limits] = {
    "iterations": COUNT,
    "batch": COUNT,
    "layers": LAYERS,
    "rank": COUNT,
    "scale": POSITIVE,
    "dropout": PART,
    "peak": POSITIVE,
    "warmup": NOT_NEGATIVE,
    "longest": COUNT,
    "prompt_weight": EITHER,
    "seed": SEED,
}
"""What each setting of a recipe may be."""


@dataclass(frozen=True)
class AdapterProgress:
    """`exact` is the share of validation replies that greedy decoding writes to the letter, where that was measured."""

    iteration: int
    loss: float
    tokens_per_second: float
    seconds_left: float
    exact: float | None = None
    is_best: bool = False


Report = Callable[[AdapterProgress], None]


def train_adapter(
    recipe: AdapterRecipe,
    base: Path,
    training: Sequence[ChatExample],
    validation: Sequence[ChatExample],
    directory: Path,
    report: Report,
    *,
    checks: int = 5,
    earlier: Path | None = None,
) -> None:
    """Train in `directory`: `best/` holds the adapter that writes most validation replies, `last/` the newest.

    A stopped run goes on from its last check. `earlier` is an adapter to start from. Raises TrainingError.
    """
    processes = mx.distributed.init().size()
    if recipe.batch > len(training):
        raise TrainingError(f"A batch takes {recipe.batch} examples and there are {len(training)}; add data.")
    if recipe.batch % processes:
        raise TrainingError(f"A batch of {recipe.batch} cannot be shared by {processes} processes; change --batch.")
    try:
        run = _AdapterRun(recipe, base, training, validation, directory, earlier)
        while run.iteration < recipe.iterations:
            run.advance(max(1, -(-recipe.iterations // checks)), report)
    except EngineError as error:
        raise TrainingError(str(error)) from None
    except RuntimeError as error:
        # mlx tells a full disk, and memory that ran out, so.
        raise TrainingError(f"The training stopped: {str(error).splitlines()[0]}") from None


class _AdapterRun:
    def __init__(
        self,
        recipe: AdapterRecipe,
        base: Path,
        training: Sequence[ChatExample],
        validation: Sequence[ChatExample],
        directory: Path,
        earlier: Path | None,
    ) -> None:
        self._recipe, self._directory = recipe, directory
        model_directory = inspect_directory(base)
        self._base = identify(base)
        self._world = mx.distributed.init()
        self._check_recipe(base)
        earlier_settings = self._checked_settings(earlier) if earlier else None
        tokenizer = ExampleTokenizer(model_directory, recipe.longest)
        self._training = tokenizer.tokenize(training, learns_prompt=recipe.prompt_weight > 0)
        self._validation = tokenizer.tokenize(validation)
        # Last, since it takes the longest.
        self._network: Any = _loaded(base, model_directory.architecture)
        self._add_layers(earlier, earlier_settings)
        self._optimizer = optimizers.AdamW(learning_rate=self._schedule(), weight_decay=0.0)
        self._optimizer.init(self._network.trainable_parameters())
        self.iteration, self._best = 0, -1.0
        self._resume()
        if self._is_first:
            # Not before all else is well: what was never begun can begin anew with another recipe.
            settings = {**self._base.as_settings, **asdict(recipe)}
            _write(directory / "recipe.json", json.dumps(settings, indent=2))

    @property
    def _is_first(self) -> bool:
        return self._world.rank() == 0

    def advance(self, iterations: int, report: Report) -> None:
        """Train so many iterations, or what is left; then evaluate and keep."""
        from mlx_lm.tuner.callbacks import TrainingCallback
        from mlx_lm.tuner.datasets import CacheDataset
        from mlx_lm.tuner.trainer import TrainingArgs, train

        planned = min(iterations, self._recipe.iterations - self.iteration)
        begun, started = self.iteration, time.monotonic()
        latest: dict[str, float] = {}
        shown = sys.stdout

        def tell(found: Mapping[str, float]) -> None:
            done = int(found["iteration"])
            left = (time.monotonic() - started) / done * (self._recipe.iterations - begun - done)
            latest.update(loss=found["train_loss"], speed=found["tokens_per_second"], left=left)
            if self._is_first and done < planned:
                with redirect_stdout(shown):
                    report(AdapterProgress(begun + done, found["train_loss"], found["tokens_per_second"], left))

        class Callback(TrainingCallback):
            def on_train_loss_report(self, train_info: dict[str, Any]) -> None:
                tell(cast("Mapping[str, float]", train_info))

        (self._directory / "last").mkdir(exist_ok=True)
        # mlx_lm draws the order of the batches from numpy's own generator.
        np.random.seed(self._recipe.seed * 1_000_003 + begun)
        mx.random.seed(self._recipe.seed * 1_000_003 + begun)
        arguments = TrainingArgs(
            batch_size=self._recipe.batch,
            iters=planned,
            steps_per_report=min(_STEPS_OF_A_REPORT, planned),
            steps_per_save=planned + 1,
            max_seq_length=self._recipe.longest + 1,
            adapter_file=str(self._directory / "last" / "adapters.safetensors"),
        )
        with redirect_stdout(io.StringIO()):
            train(
                self._network,
                self._optimizer,
                CacheDataset(_Examples(self._training)),
                None,
                arguments,
                training_callback=Callback(),
            )
        self.iteration += planned
        if self._is_first:
            exact = self._exact_share()
            is_best = exact >= self._best
            self._keep(exact, is_best=is_best)
            report(
                AdapterProgress(self.iteration, latest["loss"], latest["speed"], latest["left"], exact, is_best=is_best)
            )

    def _exact_share(self) -> float:
        """Each reply's tokens are the likeliest after the ones before them: what greedy decoding would write."""
        self._network.eval()
        hits = 0
        for tokens, start in self._validation:
            logits = self._network(mx.array([tokens[:-1]]))
            hits += bool(mx.all(mx.argmax(logits[0, start - 1 :], axis=-1) == mx.array(tokens[start:])).item())
        return hits / max(1, len(self._validation))

    def _add_layers(self, earlier: Path | None, earlier_settings: Mapping[str, Any] | None) -> None:
        from mlx_lm.tuner.utils import linear_to_lora_layers, load_adapters

        mx.random.seed(self._recipe.seed)
        self._network.freeze()
        depth = len(self._network.layers)
        count = depth if self._recipe.layers < 0 else self._recipe.layers
        if count > depth:
            raise TrainingError(f"The base has {depth} layers; {count} were asked for.")
        lora = {key: getattr(self._recipe, key) for key in ("rank", "scale", "dropout")}
        self._settings: dict[str, Any] = {
            "fine_tune_type": "lora",
            "num_layers": count,
            "lora_parameters": lora,
        }
        if earlier is None or earlier_settings is None:
            linear_to_lora_layers(self._network, count, lora)
        else:
            try:
                load_adapters(self._network, str(earlier))
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise TrainingError(_why_no_adapter(earlier, error)) from None
            self._settings = {key: earlier_settings.get(key, value) for key, value in self._settings.items()}
        self._settings |= self._base.as_settings

    def _schedule(self) -> Any:
        recipe = self._recipe
        warmup = max(1, min(recipe.warmup, recipe.iterations // 2))
        rise = optimizers.linear_schedule(0.0, recipe.peak, warmup)
        fall = optimizers.cosine_decay(recipe.peak, max(1, recipe.iterations - warmup), recipe.peak * 0.05)
        return optimizers.join_schedules([rise, fall], [warmup])

    def _check_recipe(self, base: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / "recipe.json"
        wanted = asdict(self._recipe)
        if path.is_file():
            kept = _read_object(path)
            check_base(f"The run in {self._directory}", kept, self._base)
            # A fingerprint tells a base that was moved; an older run knows its name alone.
            is_named = "base_fingerprint" in kept or kept.get("base") == base.name
            if not is_named or {key: kept.get(key) for key in wanted} != wanted:
                raise TrainingError(f"{self._directory} holds a run with another recipe; choose another folder.")

    def _checked_settings(self, earlier: Path) -> Mapping[str, Any]:
        settings = read_adapter_settings(earlier)
        check_base(f"The adapter in {earlier}", settings, self._base)
        return settings

    def _keep(self, exact: float, *, is_best: bool) -> None:
        weights = cast("dict[str, mx.array]", dict(tree_flatten(self._network.trainable_parameters())))
        self._write_adapter("last", weights)
        if is_best:
            self._best = exact
            self._write_adapter("best", weights)
        kept = cast("list[tuple[str, mx.array]]", tree_flatten(self._optimizer.state))
        state = {f"optimizer.{name}": array for name, array in kept}
        state |= {f"adapter.{name}": array for name, array in weights.items()}
        save_arrays(self._directory / "state.safetensors", state, _METADATA)
        place = {"iteration": self.iteration, "best": self._best}
        _write(self._directory / "place.json", json.dumps(place))

    def _write_adapter(self, name: str, weights: Mapping[str, mx.array]) -> None:
        folder = self._directory / name
        folder.mkdir(exist_ok=True)
        save_arrays(folder / "adapters.safetensors", weights, _METADATA)
        _write(folder / "adapter_config.json", json.dumps(self._settings, indent=2))

    def _resume(self) -> None:
        place = self._directory / "place.json"
        if self._is_first and place.is_file():
            kept = json.loads(place.read_text(encoding="utf-8"))
            self.iteration, self._best = kept["iteration"], kept["best"]
            arrays = cast("dict[str, mx.array]", mx.load(str(self._directory / "state.safetensors")))
            self._network.load_weights(
                [(k[8:], v) for k, v in arrays.items() if k.startswith("adapter.")], strict=False
            )

            # What has no adapter has an empty place in the state, which a file of arrays does not keep.
            def kept_of(name: str, now: object) -> object:
                return arrays.get(f"optimizer.{name}", now)

            self._optimizer.state = cast("dict[str, Any]", tree_map_with_path(kept_of, self._optimizer.state))
        if self._world.size() > 1:
            self._start_as_the_first()
        mx.eval(self._network.parameters(), self._optimizer.state)

    def _start_as_the_first(self) -> None:
        """The run's folder may lie on the first machine only, and gradients are shared but weights are not."""

        def of_the_first(value: Any) -> Any:
            if not isinstance(value, mx.array):
                return value
            return mx.distributed.all_sum(value if self._is_first else mx.zeros_like(value), group=self._world)

        self.iteration = int(of_the_first(mx.array(self.iteration)).item())
        self._network.update(tree_map(of_the_first, self._network.trainable_parameters()))
        self._optimizer.state = tree_map(of_the_first, self._optimizer.state)


class _Examples:
    """What mlx_lm's trainer takes for a dataset: already tokens."""

    def __init__(self, examples: Sequence[TokenizedExample]) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, place: int) -> TokenizedExample:
        return self._examples[place]

    def process(self, example: TokenizedExample) -> TokenizedExample:
        return example


def _loaded(base: Path, architecture: str) -> Any:
    quieten_transformers()
    from mlx_lm.utils import load_model

    try:
        network, _ = cast("tuple[Any, Any]", load_model(base))
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).splitlines()[0]
        if "not supported" in reason:
            raise TrainingError(f"mlx-lm does not know the architecture '{architecture}' of {base.name}.") from None
        raise TrainingError(f"The model in {base} cannot be loaded: {reason}") from None
    return network


def _why_no_adapter(path: Path, error: Exception) -> str:
    if "incompatible" in str(error):
        return f"The adapter in {path} was made for another base."
    return f"The adapter in {path} is broken: {str(error).splitlines()[0]}"


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TrainingError(f"The run in {path.parent} cannot go on from what it kept; begin another.")
    return cast("dict[str, Any]", found)


def _write(path: Path, text: str) -> None:
    replace_file(path, f"{text}\n".encode())
