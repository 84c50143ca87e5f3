"""The embedded model is as good as its history says, and no worse than those before it."""

from __future__ import annotations

import pytest

from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.lab.history import SUITES, name_weights, read_history, score_suite

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


@pytest.mark.parametrize("suite", sorted(path.name for path in SUITES.glob("*.jsonl")))
def test_the_shipped_weights_score_what_is_noted(suite: str) -> None:
    assert score_suite(MODEL_DIRECTORY, SUITES / suite) > read_history()[-1].shares[suite] - _OTHER_ARITHMETIC
