"""Where a name stands in a Python file's code, defined or used, and what it is written after: `path` in `path.name`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from punie_tools.symbols.python_source import PythonSource, same_name
from punie_tools.symbols.python_tokens import Token, TokenKind, statements


@dataclass(frozen=True)
class Use:
    """`chain` has the names before it that dots join, and the name; `(…)` and `[…]` between them are left out.

    What stands behind `from` is before each name that is imported.
    """

    name: str
    offset: int
    chain: tuple[str, ...]
    is_called: bool
    is_imported: bool


def uses(source: PythonSource, name: str) -> Iterator[Use]:
    """Every one in the order of the file; names in strings and comments are none, those in f-strings' fields are."""
    for statement in statements(source.text):
        if any(same_name(source.text[token.start : token.end], name) for token in statement):
            yield from _uses_in(source, name, statement)


def _uses_in(source: PythonSource, name: str, statement: list[Token]) -> Iterator[Use]:
    words = [source.text[token.start : token.end] for token in statement]
    imported_from = _imported_from(words)
    for index, (word, token) in enumerate(zip(words, statement, strict=True)):
        if token.kind is TokenKind.NAME and same_name(word, name):
            yield Use(
                name=name,
                offset=token.start,
                chain=(*(_before(words, index) or imported_from), name),
                is_called=words[index + 1 : index + 2] == ["("],
                is_imported=words[0] in ("import", "from"),
            )


def _imported_from(words: list[str]) -> tuple[str, ...]:
    """`("shop", "ledger")` in `from shop.ledger import Ledger`."""
    if words[:1] != ["from"] or "import" not in words:
        return ()
    return tuple(word for word in words[1 : words.index("import")] if word.isidentifier())


def _before(words: list[str], index: int) -> tuple[str, ...]:
    """The names in front of a dot, such as `path` and `parent` in `path.parent.name`."""
    chain: list[str] = []
    while index >= 2 and words[index - 1] == ".":
        index = _skip_brackets(words, index - 2)
        if index < 0 or not words[index].isidentifier():
            break
        chain.insert(0, words[index])
    return tuple(chain)


def _skip_brackets(words: list[str], index: int) -> int:
    """From a closing bracket to what is called or indexed there."""
    while index >= 0 and words[index] in ")]":
        depth = 0
        while index >= 0:
            depth += (words[index] in ")]}") - (words[index] in "([{")
            index -= 1
            if depth == 0:
                break
    return index
