"""All definitions of a tree by their lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from punie_tools.files.every_file import every_file
from punie_tools.files.ripgrep import PYTHON_SEARCH
from punie_tools.symbols.definition_lines import definition_lines
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

LEDGER = '''\
class Ledger:
    """Keeps class accounts."""

    class Entry:
        async def  settle(self):
            def local(): ...
            class Local:
                def hidden(self): ...

    @property
    def total(self): ...


if True:
    def über(): ...

def last(): ...
'''
FILES = {
    "src/ledger.py": LEDGER,
    "empty.py": "x = 1\n",
    "no python.txt": "def nothing(): ...\n",
    "build/made.py": "def made(): ...\n",
    ".gitignore": "build/\n",
}


@pytest.fixture
def context(make_repository: Callable[..., Path]) -> ToolContext:
    return ToolContext(Workspace.at(make_repository(FILES)))


@pytest.mark.parametrize("command", [pytest.param((), id="rg"), pytest.param(PYTHON_SEARCH, id="python")])
def test_names_are_qualified_by_what_they_stand_in(context: ToolContext, command: Sequence[str]) -> None:
    assert [(each.qualified_name, each.kind, each.line) for each in definition_lines(context, command)] == [
        ("Ledger", "class", 1),
        ("Ledger.Entry", "class", 4),
        ("Ledger.Entry.settle", "method", 5),
        ("Ledger.total", "method", 11),
        ("über", "function", 15),
        ("last", "function", 17),
    ]
    assert {each.file for each in definition_lines(context, command)} == {"src/ledger.py"}


def test_each_file_begins_anew(make_repository: Callable[..., Path]) -> None:
    root = make_repository({f"m{number}.py": "class A:\n    def b(self): ...\n" for number in range(3)})
    found = definition_lines(ToolContext(Workspace.at(root)))
    assert sorted((each.qualified_name, each.file) for each in found) == sorted(
        (name, f"m{number}.py") for number in range(3) for name in ("A", "A.b")
    )


QUOTED = (
    '''\
"""Measures.

class Ruler of a docstring
    def hidden(self): ...
'''
    + "'''"
    + ''' and
def shown(): in it, \\"""
if that is said
"""
import re  # """ of a comment
QUOTES = ["\\"", '"""', "#"]


class Ruler:
    r"""One line \\\\"""
    def length(self): """And
    def one(): ...
        """

    def width(self, unit='''
    + "'''"
    + """
class Unit:
"""
    + "'''"
    + """): ...
"""
)


@pytest.mark.parametrize("command", [pytest.param((), id="rg"), pytest.param(PYTHON_SEARCH, id="python")])
def test_what_stands_in_a_string_of_several_lines_is_no_definition(
    make_repository: Callable[..., Path], command: Sequence[str]
) -> None:
    compile(QUOTED, "ruler.py", "exec")
    being_written = 'class A:\n    """What\n\n    def b(self): ...\n'
    root = make_repository({"ruler.py": QUOTED, "written.py": being_written, "z.py": "class Z: ...\n"})
    found = definition_lines(ToolContext(Workspace.at(root)), command)
    assert sorted((each.file, each.line, each.qualified_name) for each in found) == [
        ("ruler.py", 13, "Ruler"),
        ("ruler.py", 15, "Ruler.length"),
        ("ruler.py", 19, "Ruler.width"),
        ("written.py", 1, "A"),
        ("written.py", 4, "A.b"),
        ("z.py", 1, "Z"),
    ]


def test_every_file_but_ignored_ones_is_named(context: ToolContext) -> None:
    assert sorted(every_file(context)) == [".gitignore", "empty.py", "no python.txt", "src/ledger.py"]
