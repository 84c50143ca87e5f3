"""Programs observed on stand-ins: what they read counts, also when they fail later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from punie_tools.code.monty_adapter import run_code
from punie_tools.code.sandbox import observe_program
from punie_tools.files.grep import GrepMatch, GrepResult
from punie_tools.registry import find_tool

RESULT = GrepResult(
    pattern="x",
    matches=tuple(GrepMatch(file=f"{name}.py", line=1, column=2, text="x") for name in "ab"),
    match_count=2,
    file_count=2,
)


def stand_in(arguments: Mapping[str, Any]) -> GrepResult:
    return RESULT.model_copy(update={"pattern": arguments["pattern"]})


@pytest.mark.parametrize(
    ("code", "fields_read", "error"),
    [
        ("r = grep('x')\nprint(len(r.matches))", {"matches"}, ""),
        ("print([m.file for m in grep(pattern='x').matches if m.line])", {"matches", "file", "line"}, ""),
        ("grep('x').summary", {"summary"}, ""),
        ("grep('x')", set[str](), ""),
        ("r = grep('x')\nr.match_count\nr.nothing\nr.file_count", {"match_count"}, "no attribute 'nothing'"),
        ("getattr(grep('x'), 'file_count')", {"file_count"}, ""),
        ("oops(", set[str](), "SyntaxError"),
    ],
)
def test_what_a_program_reads(code: str, fields_read: set[str], error: str) -> None:
    observed = observe_program(code, {"grep": (find_tool("grep"), stand_in)})
    assert observed.fields_read == fields_read
    assert error in observed.error
    assert bool(error) == bool(observed.error)


def test_a_bug_in_a_function_is_not_the_program_s_to_catch() -> None:
    def broken() -> None:
        raise ZeroDivisionError("our bug")

    with pytest.raises(ZeroDivisionError, match="our bug"):
        run_code("try:\n    broken()\nexcept Exception:\n    pass", {"broken": broken})


def test_plain_values_cross_both_ways() -> None:
    seen: list[object] = []

    def keep(value: object) -> dict[str, object]:
        seen.append(value)
        return {"given": value}

    finished = run_code("keep([1, {'a': (2, None)}])['given'][0]", {"keep": keep})
    assert finished.value == 1
    assert seen == [[1, {"a": (2, None)}]]
