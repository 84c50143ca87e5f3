"""Labels that may be wrong: training twice, on halves that do not see each other, and reading where each disagrees."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from punie_tui.lab.classifiers import first_action, fit_classifier, likelihoods
from punie_tui.lab.control import ControlError
from punie_tui.lab.examples import Example, UnsayableError, make_example
from punie_tui.lab.phrasings import Phrasing

_BUCKETS = 2**16


@dataclass(frozen=True)
class Doubt:
    """A phrasing whose label a classifier that never saw it finds unlikely.

    `read_as` is the first tool, or the answer, that it takes the request for; `label_likelihood` and `likelihood` say
    how likely the label's and that one are to it, from 0 to 1.
    """

    phrasing: Phrasing
    read_as: str
    likelihood: float
    label_likelihood: float


def find_doubts(phrasings: Sequence[Phrasing], seed: int = 1) -> list[Doubt]:
    """The least believed labels first. Raises ControlError where there is too little to learn from."""
    rng = random.Random(seed)
    halves: tuple[list[tuple[Phrasing, Example]], ...] = ([], [])
    for phrasing in phrasings:
        try:
            halves[rng.randrange(2)].append((phrasing, make_example(phrasing, rng)))
        except UnsayableError:
            continue
    doubts = [
        doubt
        for asked, learned in (halves, halves[::-1])
        for doubt in _disagreements(asked, [example for _, example in learned])
    ]
    return sorted(doubts, key=lambda doubt: (doubt.label_likelihood, -doubt.likelihood))


def _disagreements(asked: Sequence[tuple[Phrasing, Example]], learned: Sequence[Example]) -> list[Doubt]:
    actions = [first_action(example.route) for example in learned]
    if len(set(actions)) < 2:
        raise ControlError(
            f"Labels are compared on two tools or more; half of these phrasings have {len(set(actions))}."
        )
    fitted = fit_classifier(learned, actions, _BUCKETS)
    columns = {choice: column for column, choice in enumerate(fitted.choices)}
    found = likelihoods(fitted, [example for _, example in asked])
    doubts: list[Doubt] = []
    for (phrasing, example), shares in zip(asked, found, strict=True):
        likeliest = int(shares.argmax())
        label = columns.get(first_action(example.route))
        # Of a tool that the other half does not have, it can say nothing.
        if label is not None and label != likeliest:
            doubts.append(Doubt(phrasing, fitted.choices[likeliest], float(shares[likeliest]), float(shares[label])))
    return doubts
