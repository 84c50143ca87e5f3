"""Colours for one line of code, which is read alone: what an earlier line began is put before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pygments.lexer import Lexer

Colour = Literal["keyword", "name", "string", "number", "comment"]

_LONGEST_LINE = 2000
_ENDS = {'"""': '"""', "'''": "'''", "/*": "*/", "<!--": "-->"}
_OPENING = re.compile("|".join(re.escape(opening) for opening in _ENDS))


def opening_after(line: str, opening: str) -> str:
    """With what a text or comment of several lines was begun that goes on after this line; empty if none does."""
    place = 0
    while True:
        if opening:
            end = line.find(_ENDS[opening], place)
            if end < 0:
                return opening
            place = end + len(_ENDS[opening])
            opening = ""
        found = _OPENING.search(line, place)
        if found is None:
            return ""
        opening, place = found.group(), found.end()


def colours_of(line: str, language: str, opening: str = "") -> Iterator[tuple[int, int, Colour]]:
    """Where which colour stands, from left to right."""
    lexer = _lexer(language) if len(line) <= _LONGEST_LINE else None
    if lexer is None:
        return
    before = f"{opening}\n" if opening else ""
    for start, token, text in lexer.get_tokens_unprocessed(before + line):
        begin, end = max(start - len(before), 0), start - len(before) + len(text)
        if end > begin and (colour := _colour(str(token))):
            yield begin, end, colour


def _colour(token: str) -> Colour | None:
    # Pygments names its tokens from the general to the special: Token.Literal.String.Doc.
    for name, colour in _COLOURS:
        if name in token:
            return colour
    return None


_COLOURS: tuple[tuple[str, Colour], ...] = (
    ("Comment", "comment"),
    ("String", "string"),
    ("Number", "number"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Function", "name"),
    ("Name.Class", "name"),
    ("Name.Decorator", "name"),
    ("Generic.Inserted", "string"),
    ("Generic.Deleted", "number"),
    ("Generic.Subheading", "comment"),
)


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer | None:
    # Imported with the first code that is shown: the first frame does not pay for it.
    from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]
    from pygments.util import ClassNotFound

    if not language:
        return None
    try:
        return get_lexer_by_name(language.lower())
    except ClassNotFound:
        return None
