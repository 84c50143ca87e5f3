"""The embedded model is as good as its history says, and no worse than those before it."""

from __future__ import annotations

import pytest

from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.lab.history import ALL, SUITES, name_weights, read_history, score_suite
from punie_tui.lab.suite import load_suite

_TOLERATED_LOSS = 0.01
_OTHER_ARITHMETIC = 0.015
"""Another processor adds in another order, which may turn a case or two."""


def test_what_is_shipped_was_scored() -> None:
    assert read_history()[-1].model == name_weights(MODEL_DIRECTORY), "run `punie lab record`"


def test_no_figure_fell_since_an_earlier_one() -> None:
    *earlier, shipped = read_history()
    for scores in earlier:
        for measured, share in scores.shares.items():
            assert shipped.shares[measured] > share - _TOLERATED_LOSS, measured


def test_the_goals_are_met() -> None:
    """On `natural` 90% of all and 80% of each category, on the forty more than 33; at the goals' temperature."""
    drawn = read_history()[-1].drawn
    assert drawn, "run `punie lab record`"
    natural = drawn["natural.jsonl"]
    assert set(natural) == {ALL, *(case.category for case in load_suite(SUITES / "natural.jsonl"))}
    assert natural[ALL] >= 0.9
    assert [name for name, share in natural.items() if share < 0.8] == []
    forty = load_suite(SUITES / "seed40.jsonl")
    assert len(forty) == 40
    assert drawn["seed40.jsonl"][ALL] * len(forty) > 33


@pytest.mark.parametrize("suite", sorted(path.name for path in SUITES.glob("*.jsonl")))
def test_the_shipped_weights_score_what_is_noted(suite: str) -> None:
    assert score_suite(MODEL_DIRECTORY, SUITES / suite)[ALL] > read_history()[-1].shares[suite] - _OTHER_ARITHMETIC
