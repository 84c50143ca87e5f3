"""Where the old text is found: exactly, or with a small difference where one place is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.changes.replacements import find_replacements, replaced
from punie_tools.errors import ToolError

CODE = """\
class Ledger:
    def post(self, amount):
        if amount:
            self.total += amount
        return "done"

    def undo(self):
        return 'nothing'
"""


def edit(text: str, old: str, new: str) -> tuple[str, str]:
    found = find_replacements(text, old, new, replace_all=False, shown_as="a.py")
    return replaced(text, found, "a.py"), found[0].difference


@pytest.mark.parametrize(
    ("old", "new", "expected", "difference"),
    [
        ("self.total += amount  ", "self.total -= amount", "            self.total -= amount\n", "indentation"),
        (
            "            self.total += amount   \n",
            "            x = 1\n",
            "            x = 1\n",
            "white space at the ends of lines",
        ),
        (
            "if amount:\n    self.total += amount",
            "if not amount:\n    pass",
            "        if not amount:\n            pass\n",
            "indentation",
        ),
        ("        return 'done'", "        return 'ok'", "        return 'ok'\n", "quotes"),
        ("        return “done”", "        return 1", "        return 1\n", "quotes"),
        ("    def undo( self ):", "    def redo(self):", None, ""),
        ("def  post(self,  amount):", "def pay(self, amount):", "    def pay(self, amount):\n", "white space"),
    ],
)
def test_a_difference_is_overlooked_where_one_place_is_meant(
    old: str, new: str, expected: str | None, difference: str
) -> None:
    if expected is None:
        with pytest.raises(ToolError, match=r"not in a\.py; the nearest place is line 7: '    def undo\(self\):'"):
            edit(CODE, old, new)
        return
    text, overlooked = edit(CODE, old, new)
    assert expected in text
    assert overlooked == difference
    assert len(text.splitlines()) == len(CODE.splitlines())


def test_lines_that_are_indented_otherwise_among_themselves_are_not_guessed() -> None:
    with pytest.raises(ToolError, match="at line 3, but its lines are indented otherwise among themselves"):
        edit(CODE, "if amount:\n  self.total += amount", "pass")


def test_several_places_that_are_alike_are_named() -> None:
    text = "if a:\n    go()\nif b:\n        go()\n"
    with pytest.raises(ToolError, match=r"2 times, in lines 2, 4; .* It differs there in indentation"):
        edit(text, "go()  ", "stop()")


def test_places_that_overlap_are_several() -> None:
    with pytest.raises(ToolError, match="2 times, in lines 1, 3"):
        edit("x\ny\nx\ny\nx\n", "x\ny\nx", "z")
    found = find_replacements("aaa", "aa", "b", replace_all=True, shown_as="a.py")
    assert replaced("aaa", found, "a.py") == "ba"


def test_one_line_end_is_not_two() -> None:
    with pytest.raises(ToolError, match="not in"):
        edit("x\r\ny", "x\n\ny", "z")
    assert edit("x\r\ny\n", "x\n", "")[0] == "y\n"


def test_removed_lines_leave_no_empty_one() -> None:
    assert edit("a\n    b\nc\n", "    b\n", "")[0] == "a\nc\n"
    assert edit("a\n    b  \nc\n", "\tb", "")[0] == "a\nc\n"


def test_line_ends_stay_those_of_the_place() -> None:
    assert edit("a\r\n  b\r\nc\r\n", "a\n  b ", "x\n  y")[0] == "x\r\n  y\r\nc\r\n"


def test_overlapping_edits_are_refused() -> None:
    first = find_replacements("abcdef", "bcd", "x", replace_all=False, shown_as="a.py")
    second = find_replacements("abcdef", "def", "y", replace_all=False, shown_as="a.py")
    with pytest.raises(ToolError, match=r"change the same place in a\.py, line 1"):
        replaced("abcdef", first + second, "a.py")
    assert (
        replaced("abcdef", [*second, *find_replacements("abcdef", "a", "z", replace_all=False, shown_as="")], "")
        == "zbcy"
    )


@given(st.text(max_size=60), st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_everything_outside_an_exact_edit_stays(around: str, old: str, new: str) -> None:
    text = f"{around}{old}{around}"
    if text.count(old) != 1 or old == new or "\r" in text or "\r" in new:
        return
    after, difference = edit(text, old, new)
    assert (after, difference) == (f"{around}{new}{around}", "")
