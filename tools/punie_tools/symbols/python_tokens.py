"""The tokens of any Python text: of one with errors in it, or in a newer syntax than this interpreter's own.

The standard tokenizer gives up at the first error, and before Python 3.12 it knows no names within f-strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<gap>[ \t\f]+|\\\n|\#[^\n]*)
    |(?P<string>(?P<prefix>[rbuftRBUFT]{0,2})(?P<quote>'''|\"\"\"|'|"))
    |(?P<name>[^\W\d]\w*)
    |(?P<number>\d\w*(?:\.\d\w*)?)
    |(?P<newline>\n)
    |(?P<operator>:=|->|[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING_REST = {
    "'": re.compile(r"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?", re.DOTALL),
    '"': re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?', re.DOTALL),
    "'''": re.compile(r"[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:''')?", re.DOTALL),
    '"""': re.compile(r'[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:""")?', re.DOTALL),
}
_LITERAL_TEXT = re.compile(r"[^{}\\\n'\"]*+")
_NAMED_CHARACTER = re.compile(r"\\N\{[^{}\n]*\}")
_DEFINITION_LINE = re.compile(r"[ \t\f]*(?:@|(?:async[ \t]+)?def[ \t]|class[ \t])")


class TokenKind(Enum):
    """`NEWLINE` ends a statement; a line break within brackets is no token."""

    NAME = auto()
    OPERATOR = auto()
    STRING = auto()
    NUMBER = auto()
    NEWLINE = auto()


class Token(NamedTuple):
    """`text[start:end]`."""

    kind: TokenKind
    start: int
    end: int


@dataclass
class _Literal:
    """An f-string around the position. `depths` has the open brackets of each field that is open in another."""

    quote: str
    is_raw: bool
    is_in_text: bool = True
    depths: list[int] = field(default_factory=list[int])


def python_tokens(text: str) -> Iterator[Token]:
    """Comments are left out, strings are one token each, and of an f-string only what stands in its fields."""
    return _Scanner(text).tokens()


def statements(text: str) -> Iterator[list[Token]]:
    """The tokens statement by statement, without the newlines; what semicolons part counts as one."""
    statement: list[Token] = []
    for token in python_tokens(text):
        if token.kind is not TokenKind.NEWLINE:
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position: int = 0
        self._depth = 0
        self._literals: list[_Literal] = []

    def tokens(self) -> Iterator[Token]:
        while self._position < len(self._text):
            if self._literals and self._literals[-1].is_in_text:
                self._skip_text(self._literals[-1])
            elif token := self._next():
                yield token

    def _next(self) -> Token | None:
        match = _TOKEN.match(self._text, self._position)
        assert match  # its last alternative takes any character
        start, self._position = match.span()
        match match.lastgroup:
            case "name":
                return Token(TokenKind.NAME, start, self._position)
            case "operator":
                self._count_brackets(match[0])
                return Token(TokenKind.OPERATOR, start, self._position)
            case "number":
                return Token(TokenKind.NUMBER, start, self._position)
            case "string":
                return self._string(match, start)
            case "newline":
                return self._newline(start)
            case _:
                return None

    def _string(self, match: re.Match[str], start: int) -> Token | None:
        prefix = match["prefix"].lower()
        if "f" in prefix or "t" in prefix:
            self._literals.append(_Literal(match["quote"], is_raw="r" in prefix))
            return None
        rest = _STRING_REST[match["quote"]].match(self._text, self._position)
        assert rest  # it may be empty
        self._position = rest.end()
        return Token(TokenKind.STRING, start, self._position)

    def _newline(self, start: int) -> Token | None:
        """A line that begins a definition begins a statement, whatever was left open before."""
        if _DEFINITION_LINE.match(self._text, self._position) and not self._is_operand():
            self._depth = 0
            self._literals.clear()
        if self._depth or self._literals:
            return None
        return Token(TokenKind.NEWLINE, start, start + 1)

    def _is_operand(self) -> bool:
        """Whether the coming line is a matrix product's second operand, not a decorator."""
        return self._depth > 0 and self._text[self._position :].lstrip(" \t\f")[:1] == "@"

    def _count_brackets(self, operator: str) -> None:
        literal = self._literals[-1] if self._literals else None
        if literal and literal.depths[-1] == 0 and operator in ("}", ":"):
            literal.is_in_text = True
            if operator == "}":
                literal.depths.pop()
            return
        step = 1 if operator in "([{" else -1 if operator in ")]}" else 0
        if literal:
            literal.depths[-1] = max(0, literal.depths[-1] + step)
        else:
            self._depth = max(0, self._depth + step)

    def _skip_text(self, literal: _Literal) -> None:
        """Go on to the next field of an f-string, or to its end."""
        text = self._text
        skipped = _LITERAL_TEXT.match(text, self._position)
        assert skipped  # it may be empty
        at = self._position = skipped.end()
        if text.startswith(literal.quote, at) or (text[at : at + 1] == "\n" and len(literal.quote) == 1):
            self._literals.pop()
            self._position += len(literal.quote) if text[at] != "\n" else 0
        elif text[at : at + 1] == "\\":
            named = None if literal.is_raw else _NAMED_CHARACTER.match(text, at)
            self._position = named.end() if named else at + (1 if text[at + 1 : at + 2] in ("{", "}") else 2)
        elif text[at : at + 2] in ("{{", "}}") and not literal.depths:
            self._position += 2
        elif text[at : at + 1] == "{":
            literal.depths.append(0)
            literal.is_in_text = False
            self._position += 1
        else:
            self._close_field(literal, text[at : at + 1])

    def _close_field(self, literal: _Literal, character: str) -> None:
        """A closing brace after a format ends the field around it, which stands in text or in another format."""
        self._position += 1
        if character == "}" and literal.depths:
            literal.depths.pop()
