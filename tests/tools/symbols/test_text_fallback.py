"""What the files' text tells while there is no language server."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.symbols.symbol_finder import find_symbol
from punie_tools.symbols.text_fallback import definitions_like, describe, outline, text_references
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files

LEDGER = '''"""A ledger."""
from pathlib import Path

LIMIT: int = 10
"""Most of it."""


class Ledger(
    dict[str, int],  # a comment
):
    """What was posted."""

    def post(self, amount: int,
             note: str = ":") -> int:
        """Add an amount.

        It counts: "post".
        """
        local = f"{self.post!r:>{amount}} post"  # post
        return local

    @property
    def size(self): return 1
    @size.setter
    def size(self, value): self.held = value


def bare(): "One line."
'''


@pytest.fixture
def context(root: Path) -> ToolContext:
    write_files(root, {"shop/ledger.py": LEDGER, "shop/use.py": "import shop\n\nx = shop.post(post=1)\n'post'\n"})
    return ToolContext(Workspace.at(root))


def described(context: ToolContext, symbol: str) -> str:
    return describe(find_symbol(context.workspace.root, symbol, cancelled=context.cancelled)[0])


def test_references_are_the_names_in_code(context: ToolContext) -> None:
    root = context.workspace.root
    found = text_references(context, find_symbol(root, "Ledger.post", cancelled=context.cancelled))
    places = [(each.file.relative_to(root).as_posix(), each.line, each.column, found[each]) for each in sorted(found)]
    assert places == [
        ("shop/ledger.py", 13, 9, True),
        ("shop/ledger.py", 19, 25, False),
        ("shop/use.py", 3, 10, False),
        ("shop/use.py", 3, 15, False),
    ]


def test_an_outline_is_flat_and_names_containers(context: ToolContext) -> None:
    assert outline(context.workspace.root / "shop/ledger.py") == [
        ("LIMIT", "constant", 4, 4, ""),
        ("Ledger", "class", 8, 25, ""),
        ("post", "method", 13, 20, "Ledger"),
        ("amount", "variable", 13, 13, "post"),
        ("note", "variable", 14, 14, "post"),
        ("local", "variable", 19, 19, "post"),
        ("size", "method", 23, 23, "Ledger"),
        ("size", "method", 25, 25, "Ledger"),
        ("value", "variable", 25, 25, "size"),
        ("held", "variable", 25, 25, "Ledger"),
        ("bare", "function", 28, 28, ""),
    ]


def test_a_description_has_signature_and_documentation(context: ToolContext) -> None:
    assert described(context, "Ledger.post") == (
        '```python\n(method) def post(self, amount: int,\n             note: str = ":") -> int\n```'
        '\n---\nAdd an amount.\n\nIt counts: "post".'
    )
    assert described(context, "Ledger").endswith("\n---\nWhat was posted.")
    assert described(context, "LIMIT") == "```python\n(constant) LIMIT: int = 10\n```\n---\nMost of it."
    assert described(context, "bare") == "```python\n(function) def bare()\n```\n---\nOne line."
    assert described(context, "shop.ledger") == "```python\n(module) shop.ledger\n```\n---\nA ledger."
    assert described(context, "Path") == "```python\n(use) from pathlib import Path\n```"


def test_definitions_hold_the_letters_in_order(context: ToolContext) -> None:
    assert [each.qualified_name for each in definitions_like(context, "LDG")] == ["Ledger"]
    assert [each.qualified_name for each in definitions_like(context, "siz")] == ["Ledger.size", "Ledger.size"]
    assert definitions_like(context, "a.*") == []
