"""What a watched run tells of each test as it goes: that it began, how it ended, what it compared, its local values."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from punie_tools.quality.pytest_run import DetailedOutcome, TestBegun, pytest_run
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

FAILING = """
class Odd:
    def __repr__(self):
        raise ValueError("no")


def test_lists():
    rows = list(range(30))
    odd = Odd()
    assert rows == [*range(29), 99]


def test_text():
    assert "one\\ntwo\\nthree" == "one\\n2\\nthree"


def test_plain():
    assert 1 == 2


def test_no_comparison():
    try:
        assert [1] * 40 == [2] * 40
    except AssertionError:
        pass
    raise KeyError("gone")


def test_good():
    pass
"""


@pytest.fixture
def parts(tmp_path: Path) -> list[BaseModel]:
    (tmp_path / "test_it.py").write_text(FAILING)
    told: list[BaseModel] = []
    pytest_run(ToolContext(Workspace.at(tmp_path, is_trusted=True), on_part=told.append))
    return told


def ended(parts: list[BaseModel], name: str) -> DetailedOutcome:
    (found,) = (part for part in parts if isinstance(part, DetailedOutcome) and part.name == f"test_it.py::{name}")
    return found


def test_each_test_is_told_as_it_begins_and_as_it_ends(parts: list[BaseModel]) -> None:
    told = [(type(part).__name__, part.name) for part in parts if isinstance(part, TestBegun | DetailedOutcome)]
    assert told[:2] == [("TestBegun", "test_it.py::test_lists"), ("DetailedOutcome", "test_it.py::test_lists")]
    assert len(told) == 10
    assert ended(parts, "test_good").outcome == "passed"
    assert ended(parts, "test_good").locals == ()


def test_a_failure_tells_what_differs_and_the_local_values(parts: list[BaseModel]) -> None:
    lists = ended(parts, "test_lists")
    assert [line for line in lists.diff.splitlines() if line[0] in "+-"] == ["- 99]", "+ 29]"]
    values = dict(lists.locals)
    assert values["rows"].startswith("[0, 1, 2")
    assert values["odd"] == "<its repr raises ValueError>" or "Odd" in values["odd"]
    assert lists.message.startswith("assert [0, 1, 2")
    assert ended(parts, "test_text").diff == " one\n-2\n+two\n three"


def test_what_needs_no_difference_has_none(parts: list[BaseModel]) -> None:
    assert ended(parts, "test_plain").diff == ""
    assert ended(parts, "test_no_comparison").diff == ""


def test_the_result_itself_stays_as_short_as_ever(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING)
    context = ToolContext(Workspace.at(tmp_path, is_trusted=True), on_part=lambda part: None)
    tests = pytest_run(context).model_dump()["tests"]
    assert "locals" not in tests[0]
    assert "diff" not in tests[0]
