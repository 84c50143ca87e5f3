"""What the model is asked for a failing test, with what a debugger saw told once."""

from __future__ import annotations

import pytest

from punie_tools.debug.debug_test import DebugTestResult
from punie_tools.quality.pytest_run import DetailedOutcome
from punie_tools.sentences import single_line
from punie_tui.app.widgets.tests.known_tests import KnownTest, KnownTests
from punie_tui.app.widgets.tests.report import fix_request


def failed(values: tuple[tuple[str, str], ...], message: str = "assert 1 == 2") -> KnownTest:
    tests = KnownTests()
    tests.take(
        DetailedOutcome(
            name="test_a.py::test_it",
            outcome="failed",
            duration=0.1,
            file="test_a.py",
            line=4,
            message=message,
            locals=values,
        )
    )
    found = tests.find("test_a.py::test_it")
    assert found
    return found


def test_an_assertion_that_names_an_object_is_told_once_after_debugging() -> None:
    told = "assert 1 == 2\n +  where 1 = <function total at {}>()"
    test = failed((), told.format("0x7faad56f4b80"))
    test.debugged = DebugTestResult(
        stopped="exception",
        reason=single_line(f"AssertionError: {told.format('0x7fe5d5ac8540')}"),
        exception_type="AssertionError",
        file="test_a.py",
        line=4,
        function="test_it",
        frames=(),
        locals=(),
        expressions=(),
        breakpoints=(),
        output="",
        changed_files=(),
        target="test_a.py::test_it",
        test="test_a.py::test_it",
        outcome="failed",
    )
    assert fix_request(test).count("assert 1 == 2") == 1


@pytest.mark.parametrize(("values", "told"), [((), False), ((("count", "1"),), True)])
def test_local_values_are_told_where_there_are_any(values: tuple[tuple[str, str], ...], told: bool) -> None:
    request = fix_request(failed(values))
    assert request.startswith("Fix the failing test test_a.py::test_it (test_a.py:4).")
    assert ("Local values:\ncount = 1" in request) is told
    assert ("Local values" in request) is told
