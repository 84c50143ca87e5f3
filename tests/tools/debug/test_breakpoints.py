"""Breakpoints: `file:line` or a function's name, put on lines that hold code; wrong ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.debug.breakpoints import resolved_breakpoints
from punie_tools.errors import ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files

LEDGER = '''"""A ledger."""
import os


class Ledger:
    unit = 1

    @property
    def total(self):
        """The sum."""

        # of all
        amounts = [
            amount for amount in (1, 2)
        ]
        return sum(amounts)

    def __init__(self):
        self.amounts = []

    def post(self, amount): self.amounts.append(amount)


async def later(key=lambda: 3):
    def inner():
        pass

    await key()

# the end
'''


@pytest.fixture
def context(root: Path) -> ToolContext:
    write_files(
        root,
        {
            "ledger.py": LEDGER,
            "other.py": "class Book:\n    def post(self):\n        pass\n",
            "broken.py": "def f(:\n    x\n",
            "notes.txt": "a (text\n",
            "empty.py": "",
            "comment.py": "# nothing\n",
        },
    )
    return ToolContext(Workspace.at(root))


@pytest.mark.parametrize(
    ("line", "put"),
    [
        (2, 2),
        (3, 5),
        (8, 13),  # the decorator, the head and the docstring of a function are its first line of code
        (9, 13),
        (10, 13),
        (12, 13),
        (14, 14),
        (15, 16),
        (21, 21),
        (24, 25),
        (25, 26),
        (27, 28),
        (30, 24),  # nothing comes after it
    ],
)
def test_a_line_without_code_moves_to_one_that_has_some(context: ToolContext, line: int, put: int) -> None:
    (point,) = resolved_breakpoints(context, [f"ledger.py:{line}"])
    assert (point.file, point.line, point.condition) == (context.workspace.root / "ledger.py", put, "")
    assert point.note == ("" if line == put else f"moved from line {line}, which holds no code")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Ledger.post", [("ledger.py", 21)]),
        ("post", [("ledger.py", 21), ("other.py", 3)]),
        ("Ledger.total", [("ledger.py", 13)]),
        ("Ledger", [("ledger.py", 19)]),
        ("later", [("ledger.py", 25)]),
    ],
)
def test_a_function_s_name_means_its_first_line_of_code(
    context: ToolContext, name: str, lines: list[tuple[str, int]]
) -> None:
    points = resolved_breakpoints(context, [f"{name} if amount > 3"])
    assert sorted((point.file.name, point.line) for point in points) == lines
    assert {point.condition for point in points} == {"amount > 3"}


def test_a_file_that_is_newer_than_our_python_is_taken_as_it_is(context: ToolContext) -> None:
    assert resolved_breakpoints(context, ["broken.py:2"])[0].line == 2


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("ledger.py:99", "it has 30 lines"),
        ("ledger.py:0", "is on no line of the file"),
        ("ledgr.py:3", "did you mean 'ledger.py'?"),
        (".:3", "needs a file"),
        ("notes.txt:1", "which is no Python"),
        ("comment.py:1", "there is no code that runs"),
        ("empty.py:1", "it has 0 lines"),
        ("../x.py:1", "leads outside the workspace"),
        ("ledger.py:13 if amount >", "is no expression"),
        ("Ledger.unit", "is no function of the project; write file:line."),
        ("Ledger.psot", "There is no symbol 'Ledger.psot'"),
        ("", "is no symbol's name"),
    ],
)
def test_a_breakpoint_that_means_nothing_is_told(context: ToolContext, asked: str, message: str) -> None:
    with pytest.raises(ToolError) as caught:
        resolved_breakpoints(context, [asked])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
