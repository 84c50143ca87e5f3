"""A result as text: what a row holds several of is a list for a person, not a value of Python."""

from __future__ import annotations

from punie_tools.lsp.call_hierarchy import TOOL, Call, CallHierarchyResult
from punie_tools.result_text import result_as_text

CALLS = {"once": (15,), "twice": (15, 20), "never": ()}


def test_the_lines_of_a_row_are_listed() -> None:
    place = {"kind": "function", "file": "a.py", "line": 3, "column": 5, "calls_in": "a.py", "target": "total"}
    calls = [Call.model_validate({"name": name, "call_lines": lines, **place}) for name, lines in CALLS.items()]
    result = CallHierarchyResult(
        symbol="total", direction="incoming", call_count=len(calls), file_count=1, calls=tuple(calls)
    )
    assert result_as_text(TOOL, result).splitlines()[3:] == [
        "  a.py:3:5  once  function  a.py  15  total",
        "  a.py:3:5  twice  function  a.py  15, 20  total",
        "  a.py:3:5  never  function  a.py  total",
    ]
