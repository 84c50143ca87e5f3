"""The control: an n-gram classifier on the same phrasings, seen through the same view. Nano has to beat it."""

# scikit-learn has no type information.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingTypeStubs=false

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from punie_tui.engine.nano.request_view import RequestView
from punie_tui.lab.examples import Example, UnsayableError, make_example
from punie_tui.lab.phrasings import Phrasing
from punie_tui.lab.suite import Case

_LEAST_OF_A_ROUTE = 25
_LEAST_OF_A_PIECE = 2
_LEAST_EPOCHS = 8
_LEAST_STEPS = 400_000
_NO_EARLY_END = cast("Any", None)  # the type that scikit-learn infers for it is too narrow


class ControlError(Exception):
    """scikit-learn is not installed, or there is too little to learn from."""


@dataclass(frozen=True)
class ControlScore:
    """How many requests it routed rightly: all of them, and those that want one tool or an answer."""

    total: int
    routed: int
    single_total: int
    single_routed: int


def train_control(phrasings: Sequence[Phrasing], seed: int = 1) -> Any:
    """Logistic regression over words, runs of words and pieces of words, by stochastic gradient descent.

    All phrasings that ship fit into 1 GB so, in a few minutes. Left out are routes of several tools with fewer than 25
    examples, of which there are over a thousand, and words that only one example has. Raises ControlError.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import SGDClassifier
        from sklearn.pipeline import make_pipeline, make_union
    except ImportError:
        raise ControlError("The control needs scikit-learn: install punie with its `lab` extra.") from None
    examples = fill_each(phrasings, seed, 1)
    counts = Counter(example.route for example in examples)
    kept = [each for each in examples if "+" not in each.route or counts[each.route] >= _LEAST_OF_A_ROUTE]
    options: dict[str, Any] = {"sublinear_tf": True, "min_df": _LEAST_OF_A_PIECE, "dtype": np.float32}
    words = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"<\|\w+\|>|[^\s<]+", **options)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **options)
    epochs = max(_LEAST_EPOCHS, _LEAST_STEPS // max(1, len(kept)))
    regression = SGDClassifier(
        loss="log_loss", alpha=1e-6, max_iter=epochs, tol=_NO_EARLY_END, average=True, random_state=seed
    )
    model = make_pipeline(make_union(words, pieces), regression)
    try:
        return model.fit([example.shown for example in kept], [example.route for example in kept])
    except ValueError as error:
        raise ControlError(f"The control cannot learn from these {len(phrasings)} phrasings: {error}") from None


def score_control(model: Any, examples: Sequence[Example]) -> ControlScore:
    """Its routes on the same examples that nano is validated on."""
    guesses = model.predict([example.shown for example in examples])
    rights = [bool(guess == example.route) for guess, example in zip(guesses, examples, strict=True)]
    singles = [right for right, example in zip(rights, examples, strict=True) if "+" not in example.route]
    return ControlScore(len(rights), sum(rights), len(singles), sum(singles))


def score_control_on_suite(model: Any, cases: Sequence[Case]) -> tuple[int, int]:
    """How many it routes rightly of the cases that want one tool or an answer and stand alone; and their number."""
    single = [case for case in cases if not case.history and _route(case)]
    if not single:
        return 0, 0
    guesses = model.predict([RequestView(case.prompt, [], lambda _path: False).shown for case in single])
    return sum(guess == _route(case) for guess, case in zip(guesses, single, strict=True)), len(single)


def _route(case: Case) -> str:
    """The one route that a case wants; empty where it wants several. A program is one route, whatever it calls."""
    if case.expect.kind == "answer":
        return "answer"
    if "execute_code" in case.expect.all:
        return "execute_code"
    return case.expect.all[0] if len(case.expect.all) == 1 else ""


def fill_each(phrasings: Sequence[Phrasing], seed: int, fills: int) -> list[Example]:
    """Every phrasing so many times, with other values in its slots each time."""
    rng = random.Random(seed)
    found: list[Example] = []
    for phrasing in phrasings:
        for _ in range(fills):
            try:
                found.append(make_example(phrasing, rng))
            except UnsayableError:
                continue
    return found
