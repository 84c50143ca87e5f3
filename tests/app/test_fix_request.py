"""What the model is asked for a failing test."""

from __future__ import annotations

import pytest

from punie_tools.quality.pytest_run import DetailedOutcome
from punie_tui.app.widgets.tests.known_tests import KnownTest, KnownTests
from punie_tui.app.widgets.tests.report import fix_request


def failed(values: tuple[tuple[str, str], ...]) -> KnownTest:
    tests = KnownTests()
    tests.take(
        DetailedOutcome(
            name="test_a.py::test_it",
            outcome="failed",
            duration=0.1,
            file="test_a.py",
            line=4,
            message="assert 1 == 2",
            locals=values,
        )
    )
    found = tests.find("test_a.py::test_it")
    assert found
    return found


@pytest.mark.parametrize(("values", "told"), [((), False), ((("count", "1"),), True)])
def test_local_values_are_told_where_there_are_any(values: tuple[tuple[str, str], ...], told: bool) -> None:
    request = fix_request(failed(values))
    assert request.startswith("Fix the failing test test_a.py::test_it (test_a.py:4).")
    assert ("Local values:\ncount = 1" in request) is told
    assert ("Local values" in request) is told
