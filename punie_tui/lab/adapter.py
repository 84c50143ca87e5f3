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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

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
from punie_tui.lab.stopping import STATE, IsStopped, StoppedError, never_stopped, place_as_metadata, read_place
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
    is_stopped: IsStopped = never_stopped,
) -> None:
    """Train in `directory`: `best/` holds the adapter that writes most validation replies, `last/` the newest.

    A run that was stopped goes on from the step after which it was, and ends with the very weights of one that was
    not. `earlier` is an adapter to start from. Raises TrainingError, and StoppedError once `is_stopped` says so.
    """
    processes = mx.distributed.init().size()
    if recipe.batch > len(training):
        raise TrainingError(f"A batch takes {recipe.batch} examples and there are {len(training)}; add data.")
    if recipe.batch % processes:
        raise TrainingError(f"A batch of {recipe.batch} cannot be shared by {processes} processes; change --batch.")
    try:
        run = _AdapterRun(recipe, base, training, validation, directory, earlier, is_stopped)
        between_checks = -(-recipe.iterations // checks)
        while run.checked < recipe.iterations:
            run.train_to(min(recipe.iterations, (run.checked // between_checks + 1) * between_checks), report)
            run.check(report)
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
        is_stopped: IsStopped,
    ) -> None:
        self._recipe, self._directory, self._is_stopped = recipe, directory, is_stopped
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
        self._step, self.checked, self._best = 0, 0, -1.0
        self._latest = {"loss": 0.0, "speed": 0.0, "left": 0.0}
        self._batches: Iterator[Any] | None = None
        self._resume()
        if self._is_first:
            # Not before all else is well: what was never begun can begin anew with another recipe.
            settings = {**self._base.as_settings, **asdict(recipe)}
            _write(directory / "recipe.json", json.dumps(settings, indent=2))

    @property
    def _is_first(self) -> bool:
        return self._world.rank() == 0

    def train_to(self, step: int, report: Report) -> None:
        """Train up to that step; nothing where the run was stopped as it was about to be evaluated."""
        from mlx_lm.tuner.callbacks import TrainingCallback
        from mlx_lm.tuner.datasets import CacheDataset
        from mlx_lm.tuner.trainer import TrainingArgs, train

        if (planned := step - self._step) == 0:
            return
        begun, started = self._step, time.monotonic()
        shown = sys.stdout

        def tell(found: Mapping[str, float]) -> None:
            done = int(found["iteration"])
            left = (time.monotonic() - started) / done * (self._recipe.iterations - begun - done)
            self._latest = {"loss": found["train_loss"], "speed": found["tokens_per_second"], "left": left}
            if self._is_first and done < planned:
                with redirect_stdout(shown):
                    report(AdapterProgress(begun + done, found["train_loss"], found["tokens_per_second"], left))

        class Callback(TrainingCallback):
            def on_train_loss_report(self, train_info: dict[str, Any]) -> None:
                tell(cast("Mapping[str, float]", train_info))

        (self._directory / "last").mkdir(exist_ok=True)
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
                iterate_batches=self._batches_until_stopped,
                training_callback=Callback(),
            )
        if self._step < step:
            self._stop()

    def check(self, report: Report) -> None:
        """Evaluate, and keep where the run stands."""
        if self._is_first:
            exact = self._exact_share()
            is_best = exact >= self._best
            self._best = max(exact, self._best)
            self.checked = self._step
            self._keep(is_best=is_best)
            loss, speed, left = (self._latest[name] for name in ("loss", "speed", "left"))
            report(AdapterProgress(self._step, loss, speed, left, exact, is_best=is_best))
        self.checked = self._step

    def _batches_until_stopped(self, **wanted: Any) -> Iterator[Any]:
        """mlx_lm's batches, which end where the run is stopped; step n is the same, whether or not the run was."""
        from mlx_lm.tuner.trainer import iterate_batches

        if self._batches is None:
            # mlx_lm draws their order from numpy's own generator, which nothing else here uses.
            np.random.seed(self._recipe.seed)
            self._batches = cast("Iterator[Any]", iterate_batches(**wanted))
            for _ in range(self._step):
                next(self._batches)
        while not self._is_stopped_anywhere():
            # What dropout draws.
            mx.random.seed(self._recipe.seed * 1_000_003 + self._step)
            self._step += 1
            yield next(self._batches)

    def _is_stopped_anywhere(self) -> bool:
        """All processes end at one step: each waits for the others' gradients."""
        is_stopped = self._is_stopped()
        if self._world.size() == 1:
            return is_stopped
        return bool(mx.distributed.all_sum(mx.array(int(is_stopped)), group=self._world, stream=mx.cpu).item())

    def _stop(self) -> NoReturn:
        if self._is_first:
            self._keep(is_best=False)
        if self._world.size() > 1:
            # The launcher ends the others as soon as one has ended; none does before all is kept.
            mx.eval(mx.distributed.all_sum(mx.array(0), group=self._world, stream=mx.cpu))
        raise StoppedError(self._step, is_first=self._is_first)

    def _exact_share(self) -> float:
        """Each reply's tokens are the likeliest after the ones before them: what greedy decoding would write."""
        self._network.eval()
        hits = 0
        for tokens, start in self._validation:
            # Of several processes the others are at the next step already, and can stop there only.
            if self._world.size() == 1 and self._is_stopped():
                self._stop()
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

    def _keep(self, *, is_best: bool) -> None:
        weights = cast("dict[str, mx.array]", dict(tree_flatten(self._network.trainable_parameters())))
        self._write_adapter("last", weights)
        if is_best:
            self._write_adapter("best", weights)
        kept = cast("list[tuple[str, mx.array]]", tree_flatten(self._optimizer.state))
        state = {f"optimizer.{name}": array for name, array in kept}
        state |= {f"adapter.{name}": array for name, array in weights.items()}
        place = {"step": self._step, "checked": self.checked, "best": self._best, "latest": self._latest}
        save_arrays(self._directory / STATE, state, place_as_metadata(place))

    def _write_adapter(self, name: str, weights: Mapping[str, mx.array]) -> None:
        folder = self._directory / name
        folder.mkdir(exist_ok=True)
        save_arrays(folder / "adapters.safetensors", weights, _METADATA)
        _write(folder / "adapter_config.json", json.dumps(self._settings, indent=2))

    def _resume(self) -> None:
        if self._is_first:
            try:
                if (place := read_place(self._directory)) is not None:
                    self._read_state(place)
            except (OSError, ValueError, KeyError, TypeError, RuntimeError):
                raise TrainingError(_why_not_on(self._directory)) from None
        if self._world.size() > 1:
            self._check_bases_of_all()
            self._start_as_the_first()
        mx.eval(self._network.parameters(), self._optimizer.state)

    def _read_state(self, place: Mapping[str, Any]) -> None:
        self._step, self.checked, self._best = int(place["step"]), int(place["checked"]), float(place["best"])
        self._latest = {name: float(place["latest"][name]) for name in self._latest}
        arrays = cast("dict[str, mx.array]", mx.load(str(self._directory / STATE)))
        self._network.load_weights([(k[8:], v) for k, v in arrays.items() if k.startswith("adapter.")], strict=False)

        # What has no adapter has an empty place in the state, which a file of arrays does not keep.
        def kept_of(name: str, now: object) -> object:
            return arrays.get(f"optimizer.{name}", now)

        self._optimizer.state = cast("dict[str, Any]", tree_map_with_path(kept_of, self._optimizer.state))

    def _check_bases_of_all(self) -> None:
        mark = mx.array([int(self._base.fingerprint[:8], 16)], dtype=mx.uint32)
        marks = mx.distributed.all_gather(mark, group=self._world)
        if not mx.all(marks == mark).item():
            raise TrainingError(
                f"The processes have different bases; the one of process {self._world.rank()} is {self._base}."
            )

    def _start_as_the_first(self) -> None:
        """The run's folder may lie on the first machine only, and gradients are shared but weights are not."""

        def of_the_first(value: Any) -> Any:
            if not isinstance(value, mx.array):
                return value
            return mx.distributed.all_sum(value if self._is_first else mx.zeros_like(value), group=self._world)

        self._step = int(of_the_first(mx.array(self._step)).item())
        self.checked = int(of_the_first(mx.array(self.checked)).item())
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
        raise TrainingError(_why_not_on(path.parent))
    return cast("dict[str, Any]", found)


def _why_not_on(directory: Path) -> str:
    return f"The run in {directory} cannot go on from what it kept; begin another."


def _write(path: Path, text: str) -> None:
    replace_file(path, f"{text}\n".encode())
