"""Train a nano model, from scratch or from an earlier one; a stopped run goes on where it was."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from tokenizers import Tokenizer

from punie_tools.files.atomic import replace_file
from punie_tui.engine.nano.classifiers import FILE_NAME, Classifiers, load_classifiers
from punie_tui.engine.tokenizer_adapter import ModelTokenizer, load_lean_tokenizer
from punie_tui.lab.classifiers import first_action, save_classifiers, train_classifiers
from punie_tui.lab.examples import Example, ExampleStream, UnsayableError, make_example
from punie_tui.lab.limits import COUNT, NOT_NEGATIVE, PART, POSITIVE, SEED, SHARE, Limits
from punie_tui.lab.network import Row, Trainee
from punie_tui.lab.phrasings import Phrasing
from punie_tui.lab.routing import Score, score
from punie_tui.lab.stopping import STATE, IsStopped, StoppedError, never_stopped, place_as_metadata, read_place
from punie_tui.lab.vocabulary import END, Encoder, save_tokenizer, special_tokens, train_tokenizer, with_marks_of_today

_WIDTHS = (24, 32, 40, 48, 56, 64, 80, 96, 128, 192)
_LONGEST = _WIDTHS[-1]
_STEPS_OF_A_REPORT = 50


class TrainingError(Exception):
    """A run cannot start or go on; the text says why."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a run; kept beside its checkpoints, so that a resumed run is the same run."""

    tokens: int = 6_500_000
    seed: int = 1
    vocabulary: int = 2048
    hidden: int = 256
    layers: int = 3
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 512
    batch_tokens: int = 1024
    peak: float = 1.5e-3
    dropout: float = 0.1
    decay: float = 0.1
    average: float = 0.998
    prompt_weight: float = 0.0
    piece_dropout: float = 0.05
    evenness: float = 0.1
    start: str = ""
    """Folder of a nano model whose tokenizer and weights the run begins with; none: from scratch."""

    def network(self, vocabulary_size: int, end_token: int) -> dict[str, Any]:
        """The configuration as mlx_lm reads it."""
        return {
            "model_type": "qwen3",
            "punie_format": "nano",
            "architectures": ["Qwen3ForCausalLM"],
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "intermediate_size": self.feed_forward,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": 64,
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "max_position_embeddings": 1024,
            "vocab_size": vocabulary_size,
            "tie_word_embeddings": True,
            "eos_token_id": end_token,
            "torch_dtype": "float16",
        }


LIMITS: Mapping[str, Limits] = {
    "tokens": COUNT,
    "seed": SEED,
    "vocabulary": COUNT,
    "hidden": COUNT,
    "layers": COUNT,
    "heads": COUNT,
    "key_value_heads": COUNT,
    "feed_forward": COUNT,
    "batch_tokens": COUNT,
    "peak": POSITIVE,
    "dropout": PART,
    "decay": NOT_NEGATIVE,
    "average": PART,
    "prompt_weight": NOT_NEGATIVE,
    "piece_dropout": SHARE,
    "evenness": SHARE,
}
"""What each number in a recipe may be."""

SIZES: Mapping[str, str] = {
    "hidden": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "key_value_heads": "num_key_value_heads",
    "feed_forward": "intermediate_size",
}
"""The sizes of a network in a recipe, and what mlx_lm calls them."""


def sizes_of(model: Path) -> dict[str, int]:
    """Those of a nano model, as a recipe names them. Raises TrainingError."""
    try:
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        found = {name: int(config[known]) for name, known in SIZES.items()}
    except (OSError, ValueError, KeyError, TypeError):
        raise TrainingError(f"{model} is no folder of a model to start with.") from None
    if config.get("punie_format") != "nano":
        raise TrainingError(f"The model in {model} is no nano, so it has not its marks; train an adapter with --base.")
    return found


@dataclass(frozen=True)
class Progress:
    """One line of a run's report; `validation` is set where the model was evaluated."""

    step: int
    tokens: int
    loss: float
    tokens_per_second: float
    seconds_left: float
    validation: Score | None = None
    is_best: bool = False


def train(
    recipe: Recipe,
    phrasings: Sequence[Phrasing],
    validation: Sequence[Phrasing],
    directory: Path,
    report: Callable[[Progress], None],
    *,
    checks: int = 10,
    is_stopped: IsStopped = never_stopped,
) -> None:
    """Train in `directory`; `best/` holds the checkpoint that does best on validation.

    A run that was stopped goes on from the step after which it was. Without piece dropout, which the tokenizer draws
    from a generator of its own, it ends with the very weights of one that was not. Raises TrainingError, and
    StoppedError once `is_stopped` says so.
    """
    routes = {first_action(phrasing.route) for phrasing in phrasings}
    if len(routes) < 2:
        found = f"all phrasings lead to {routes.pop()}" if routes else "there are no phrasings"
        raise TrainingError(f"Training needs requests for two tools, or for a tool and an answer; {found}.")
    if recipe.heads % recipe.key_value_heads:
        raise TrainingError(
            f"{recipe.heads} heads cannot share {recipe.key_value_heads} key-value heads evenly;"
            " change --heads or --key-value-heads."
        )
    if checks < 1:
        raise TrainingError("A run is validated once at least: --checks 1.")
    examples = validation_examples(validation)
    if not examples:
        raise TrainingError("There is no phrasing to validate with.")
    directory.mkdir(parents=True, exist_ok=True)
    run = _Run(recipe, phrasings, directory, is_stopped)
    for progress, is_check in run.steps(checks):
        if is_check:
            asked = run.until_stopped(examples)
            found = score(run.trainee.averaged_model(), run.model_tokenizer, asked, run.classifiers)
            report(replace(progress, validation=found, is_best=run.keep_if_best(found)))
        else:
            report(progress)


def validation_examples(phrasings: Sequence[Phrasing], seed: int = 7) -> list[Example]:
    """Each phrasing once with fixed values; what no view can say is left out of validation."""
    rng = random.Random(seed)
    examples: list[Example] = []
    for phrasing in phrasings:
        try:
            examples.append(make_example(phrasing, rng))
        except UnsayableError:
            continue
    return examples


class _Run:
    """One run's state: where it is in the data, and its files."""

    def __init__(self, recipe: Recipe, phrasings: Sequence[Phrasing], directory: Path, is_stopped: IsStopped) -> None:
        self._recipe = recipe
        self._directory = directory
        self._is_stopped = is_stopped
        self._best = directory / "best"
        self._best.mkdir(exist_ok=True)
        self._check_recipe()
        tokenizer = self._tokenizer(phrasings)
        self.classifiers = self._classifiers(phrasings)
        self._encoder = Encoder(tokenizer, recipe.piece_dropout)
        end = special_tokens().index(END)
        self.model_tokenizer: ModelTokenizer = load_lean_tokenizer(self._best, [end], tokenizer.get_vocab_size())
        self._batches = _batches(ExampleStream(phrasings, recipe.seed, evenness=recipe.evenness), self._encoder, recipe)
        self.trainee = Trainee(
            recipe.network(tokenizer.get_vocab_size(), end),
            seed=recipe.seed,
            steps=self._planned_steps(),
            peak=recipe.peak,
            dropout=recipe.dropout,
            decay=recipe.decay,
            average=recipe.average,
        )
        self._step, self._tokens, self._best_score = 0, 0, -1.0
        self._checked_tokens, self._loss = 0, 0.0
        if not self._resume() and recipe.start:
            self._begin_with(Path(recipe.start))

    def steps(self, checks: int) -> Iterator[tuple[Progress, bool]]:
        """Train to the end; yields every few steps, and says whether validation is due."""
        started, begun = time.monotonic(), self._tokens
        losses: list[float] = []

        def progress() -> Progress:
            speed = (self._tokens - begun) / (time.monotonic() - started)
            left = max(0.0, (self._recipe.tokens - self._tokens) / speed) if speed else 0.0
            # None where the run was stopped as it was about to be validated.
            if losses:
                self._loss = sum(losses) / len(losses)
                losses.clear()
            return Progress(self._step, self._tokens, self._loss, speed, left)

        while self._checked_tokens < self._recipe.tokens:
            due = self._next_check(checks)
            while self._tokens < due:
                if self._is_stopped():
                    self._stop()
                rows, width = next(self._batches)
                losses.append(self.trainee.train(rows, width))
                self._step += 1
                self._tokens += sum(len(row) for row, _ in rows)
                if self._tokens < due and self._step % _STEPS_OF_A_REPORT == 0:
                    yield progress(), False
            yield progress(), True
            self._checked_tokens = self._tokens
            self._save()

    def until_stopped(self, examples: Iterable[Example]) -> Iterator[Example]:
        """The examples; a stop among them leaves their check to be made when the run goes on."""
        for example in examples:
            if self._is_stopped():
                self._stop()
            yield example

    def keep_if_best(self, found: Score) -> bool:
        """Write the weights to `best/` if no earlier ones did better on routes and arguments together."""
        value = (found.routed + found.right) / max(1, found.total)
        if value < self._best_score:
            return False
        self._best_score = value
        self.trainee.save_weights(self._best)
        return True

    def _check_recipe(self) -> None:
        path = self._directory / "recipe.json"
        wanted = asdict(self._recipe)
        if path.is_file() and {**asdict(Recipe()), **json.loads(path.read_text(encoding="utf-8"))} != wanted:
            raise TrainingError(f"{self._directory} holds a run with another recipe; choose another folder.")
        replace_file(path, f"{json.dumps(wanted, indent=2)}\n".encode())

    def _tokenizer(self, phrasings: Sequence[Phrasing]) -> Tokenizer:
        path = self._best / "tokenizer.json"
        if not path.is_file() and self._recipe.start:
            earlier = Path(self._recipe.start) / "tokenizer.json"
            if not earlier.is_file():
                raise TrainingError(f"{self._recipe.start} is no folder of a model to start with.")
            save_tokenizer(with_marks_of_today(Tokenizer.from_file(str(earlier))), self._best)
        elif not path.is_file():
            stream = iter(ExampleStream(phrasings, self._recipe.seed))
            texts = [next(stream) for _ in range(4 * len(phrasings))]
            save_tokenizer(
                train_tokenizer((text.shown + " " + text.reply for text in texts), self._recipe.vocabulary), self._best
            )
        return Tokenizer.from_file(str(path))

    def _classifiers(self, phrasings: Sequence[Phrasing]) -> Classifiers | None:
        if not (self._best / FILE_NAME).is_file():
            save_classifiers(train_classifiers(phrasings, self._recipe.seed), self._best)
        return load_classifiers(self._best)

    def _planned_steps(self) -> int:
        """How many steps the tokens give; batches are filled to about nine tenths."""
        return max(1, int(self._recipe.tokens / (self._recipe.batch_tokens * 0.93)))

    def _next_check(self, checks: int) -> int:
        """After how many tokens: the next of as many equal parts as there are checks."""
        done = self._checked_tokens * checks // self._recipe.tokens
        return min(self._recipe.tokens, -(-(done + 1) * self._recipe.tokens // checks))

    def _stop(self) -> NoReturn:
        self._save()
        raise StoppedError(self._step)

    def _save(self) -> None:
        place = {
            "step": self._step,
            "tokens": self._tokens,
            "checked_tokens": self._checked_tokens,
            "best": self._best_score,
            "loss": self._loss,
        }
        self.trainee.save_state(self._directory / STATE, place_as_metadata(place))

    def _begin_with(self, model: Path) -> None:
        try:
            self.trainee.load_weights(model)
        except (OSError, RuntimeError, ValueError) as error:
            raise TrainingError(f"Cannot start with the model in {model}: {error}") from None

    def _resume(self) -> bool:
        try:
            if (kept := read_place(self._directory)) is None:
                return False
            self._step, self._tokens, self._best_score = kept["step"], kept["tokens"], kept["best"]
            self._checked_tokens, self._loss = kept["checked_tokens"], kept["loss"]
            self.trainee.load_state(self._directory / STATE)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            raise TrainingError(
                f"The run in {self._directory} cannot go on from what it kept; begin another."
            ) from None
        for _ in range(self._step):
            next(self._batches)
        return True


def _batches(stream: ExampleStream, encoder: Encoder, recipe: Recipe) -> Iterator[tuple[list[Row], int]]:
    """Full batches of examples of about the same length; few shapes, since each is compiled once."""
    waiting: dict[int, list[Row]] = {}
    for example in stream:
        row = _row(example, encoder, recipe)
        width = next(width for width in _WIDTHS if width >= len(row[0]))
        batch = waiting.setdefault(width, [])
        batch.append(row)
        if len(batch) == max(1, recipe.batch_tokens // width):
            yield waiting.pop(width), width


def _row(example: Example, encoder: Encoder, recipe: Recipe) -> Row:
    prompt = encoder.encode(example.prompt, loosely=True)
    reply = encoder.encode(example.reply + END)
    # The end stays: the start of a long prompt says least, and a row without its reply teaches nothing.
    tokens = (prompt + reply)[-_LONGEST:]
    return tokens, ([recipe.prompt_weight] * len(prompt) + [1.0] * len(reply))[-_LONGEST:]
