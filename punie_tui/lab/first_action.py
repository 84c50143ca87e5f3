"""Fit the classifier of first actions that nano asks beside its transformer."""

# scikit-learn and scipy have no type information.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingTypeStubs=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from punie_tui.engine.nano.first_action import FirstAction, count_features, weigh
from punie_tui.lab.control import ControlError, fill_each
from punie_tui.lab.examples import Example, ExampleStream
from punie_tui.lab.phrasings import Phrasing

_BUCKETS = 2**16
_INVERSE_PENALTY = 60
"""Chosen on validation: 20 and 200 route half a point fewer."""
_FILLS = 2
_VARIED_A_PHRASING = 4
_EVENNESS = 0.1


def train_first_action(phrasings: Sequence[Phrasing], seed: int = 1, buckets: int = _BUCKETS) -> FirstAction:
    """Multinomial logistic regression over hashed features. Raises ControlError without scikit-learn."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ControlError("Training needs scikit-learn: install punie with its `lab` extra.") from None
    # Each phrasing as it stands, and then with the typing errors, joined wishes and unrelated turns before it
    # that training the transformer draws: without these an earlier turn would always mean a follow-up.
    varied = islice(iter(ExampleStream(phrasings, seed, evenness=_EVENNESS)), _VARIED_A_PHRASING * len(phrasings))
    examples = [*fill_each(phrasings, seed, _FILLS), *varied]
    counted = [_count(example, buckets) for example in examples]
    occurrences = np.zeros(buckets, dtype=np.float32)
    for counts in counted:
        occurrences[list(counts)] += 1
    idf = (np.log((1 + len(counted)) / (1 + occurrences)) + 1).astype(np.float32)
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=300)
    model.fit(_matrix(counted, idf), [first_action(example.route) for example in examples])
    weights, offset = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(weights) == 1:
        # Of two actions there is only how much likelier the second is.
        weights, offset = (np.concatenate([-each / 2, each / 2]) for each in (weights, offset))
    return FirstAction(
        actions=[str(action) for action in model.classes_],
        weights=weights.astype(np.float16).T,
        offset=offset.astype(np.float32),
        idf=idf,
    )


def first_action(route: str) -> str:
    """The tool that a route begins with, or the answer."""
    return route.split("+")[0]


def _count(example: Example, buckets: int) -> Mapping[int, int]:
    return count_features(example.shown, example.tools_before, buckets)


def _matrix(counted: Sequence[Mapping[int, int]], idf: npt.NDArray[np.float32]) -> Any:
    from scipy.sparse import csr_matrix

    weighed = [weigh(counts, idf) for counts in counted]
    ends = np.cumsum([0, *(len(places) for places, _ in weighed)])
    places = np.concatenate([places for places, _ in weighed])
    values = np.concatenate([values for _, values in weighed]).astype(np.float64)
    return csr_matrix((values, places, ends), shape=(len(counted), len(idf)))
