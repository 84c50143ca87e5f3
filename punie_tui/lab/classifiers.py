"""Fit the classifiers that nano asks beside its transformer."""

# scikit-learn and scipy have no type information.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingTypeStubs=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from punie_tui.engine.nano.classifiers import FILE_NAME, count_features, weigh
from punie_tui.lab.control import ControlError, fill_each
from punie_tui.lab.examples import Example, ExampleStream
from punie_tui.lab.phrasings import Phrasing

_BUCKETS = 2**16
_PROGRAM_BUCKETS = 2**14
_INVERSE_PENALTY = 60
"""Chosen on validation: 20 and 200 route half a point fewer."""
_FILLS = 2
_VARIED_A_PHRASING = 4
_EVENNESS = 0.1
_LARGEST = 127


@dataclass(frozen=True)
class FittedClassifier:
    """What a Classifier reads, in memory; the weights are whole steps of 8 bits."""

    choices: Sequence[str]
    weights: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]
    idf: npt.NDArray[np.float32]


@dataclass(frozen=True)
class FittedClassifiers:
    """See Classifiers."""

    first_action: FittedClassifier
    program: FittedClassifier | None = None


def train_classifiers(phrasings: Sequence[Phrasing], seed: int = 1) -> FittedClassifiers:
    """Both; that of programs only where there are two of them. Raises ControlError without scikit-learn."""
    # Each phrasing as it stands, and then with the typing errors, joined wishes and unrelated turns before it
    # that training the transformer draws: without these an earlier turn would always mean a follow-up.
    varied = islice(iter(ExampleStream(phrasings, seed, evenness=_EVENNESS)), _VARIED_A_PHRASING * len(phrasings))
    examples = [*fill_each(phrasings, seed, _FILLS), *varied]
    actions = [first_action(example.route) for example in examples]
    with_programs = [example for example, action in zip(examples, actions, strict=True) if action == "execute_code"]
    programs = [str(example.calls[0][1]["program"]) for example in with_programs]
    return FittedClassifiers(
        fit_classifier(examples, actions, _BUCKETS),
        fit_classifier(with_programs, programs, _PROGRAM_BUCKETS) if len(set(programs)) > 1 else None,
    )


def with_few_bits(
    choices: Sequence[str],
    weights: npt.NDArray[np.floating],
    offset: npt.NDArray[np.floating],
    idf: npt.NDArray[np.float32],
) -> FittedClassifier:
    """A step's size is chosen for each choice."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _LARGEST
    return FittedClassifier(
        choices,
        np.rint(weights / scale).astype(np.int8),
        scale.astype(np.float32),
        offset.astype(np.float32),
        idf,
    )


def save_classifiers(found: FittedClassifiers, directory: Path) -> None:
    """Replaces older ones in one move."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, classifier in (("first_action", found.first_action), ("program", found.program)):
        if classifier:
            arrays[f"{name}.choices"] = np.array(classifier.choices)
            arrays[f"{name}.weights"] = np.ascontiguousarray(classifier.weights)
            arrays[f"{name}.scale"] = classifier.scale
            arrays[f"{name}.offset"] = classifier.offset
            arrays[f"{name}.idf"] = classifier.idf
    unfinished = directory / f"partial-{FILE_NAME}"
    np.savez(unfinished, allow_pickle=False, **arrays)
    unfinished.replace(directory / FILE_NAME)


def first_action(route: str) -> str:
    """The tool that a route begins with, or the answer."""
    return route.split("+")[0]


def fit_classifier(examples: Sequence[Example], chosen: Sequence[str], buckets: int) -> FittedClassifier:
    """Multinomial logistic regression over hashed features. Raises ControlError without scikit-learn."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ControlError("Training needs scikit-learn: install punie with its `lab` extra.") from None
    counted = [count_features(example.shown, example.called_before, buckets) for example in examples]
    occurrences = np.zeros(buckets, dtype=np.float32)
    for counts in counted:
        occurrences[list(counts)] += 1
    idf = (np.log((1 + len(counted)) / (1 + occurrences)) + 1).astype(np.float32)
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=300)
    model.fit(_matrix(counted, idf), chosen)
    weights, offset = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(weights) == 1:
        # Of two choices there is only how much likelier the second is.
        weights, offset = (np.concatenate([-each / 2, each / 2]) for each in (weights, offset))
    return with_few_bits([str(choice) for choice in model.classes_], weights.T, offset, idf)


def likelihoods(fitted: FittedClassifier, examples: Sequence[Example]) -> npt.NDArray[np.float64]:
    """Of each choice, from 0 to 1: a row for each example and a column for each of `fitted.choices`."""
    counted = [count_features(example.shown, example.called_before, len(fitted.idf)) for example in examples]
    scores = np.asarray(_matrix(counted, fitted.idf) @ (fitted.weights * fitted.scale)) + fitted.offset
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _matrix(counted: Sequence[Mapping[int, int]], idf: npt.NDArray[np.float32]) -> Any:
    from scipy.sparse import csr_matrix

    telling = idf.tolist()
    weighed = [weigh(counts, telling) for counts in counted]
    ends = np.cumsum([0, *(len(places) for places, _ in weighed)])
    places = np.concatenate([places for places, _ in weighed])
    values = np.concatenate([values for _, values in weighed]).astype(np.float64)
    return csr_matrix((values, places, ends), shape=(len(counted), len(idf)))
