"""ripgrep's regular expressions for Python's `regex`: the same language, or one clear sentence."""

from __future__ import annotations

import re
from typing import NoReturn

_TOKEN = re.compile(
    r"\\b\{(?:start|end)(?:-half)?\}|\\[pP]\{[^}]*\}|\\[xuU]\{[0-9a-fA-F]+\}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\U[0-9a-fA-F]{8}|\\[pP].|\\.|\(\?P?<[A-Za-z_][\w.\[\]]*>|\(\?[a-zA-Z]*(?:-[a-zA-Z]+)?[:)]|\(\?.{0,2}"
    r"|\[:\^?\w+:\]|.",
    re.DOTALL,
)
_REPEAT = re.compile(r"\{ *(\d*) *(?:(,) *(\d*) *)?\}")
_NO_TEXT = "(?![\udc80-\udcff])"
_ESCAPED_LETTERS = frozenset("dDsSwWbBAzaftnrvpPxuU<>")
_FLAGS = frozenset("imsx-u")
_WORD_EDGES = {
    r"\<": r"\b(?=\w)",
    r"\b{start}": r"\b(?=\w)",
    r"\>": r"\b(?<=\w)",
    r"\b{end}": r"\b(?<=\w)",
    r"\b{start-half}": r"(?<!\w)",
    r"\b{end-half}": r"(?!\w)",
}


class PatternError(ValueError):
    """The pattern is none of ripgrep's, or one that only ripgrep itself can search for."""


def translated(pattern: str) -> str:
    """The pattern for `regex` (VERSION1). Bytes that are no text, as surrogates, match nothing. Raises PatternError."""
    return _Translator(pattern).translated()


def literal(text: str) -> str:
    """A pattern for the text itself."""
    return re.escape(text)


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._was_repeated = False
        self._can_repeat = False

    def translated(self) -> str:
        pieces: list[str] = []
        while self._at < len(self._pattern):
            pieces.append(self._piece())
        return "".join(pieces)

    def _next(self) -> str:
        found = _TOKEN.match(self._pattern, self._at)
        assert found  # the last choice takes anything
        self._at = found.end()
        return found.group()

    def _piece(self) -> str:
        if self._pattern[self._at] in "*+?{":
            return self._repetition()
        token = self._next()
        self._was_repeated = False
        self._can_repeat = token not in ("(", "|") and not token.startswith("(?")
        if token == "[" or token.startswith("[:"):
            self._at -= len(token) - 1
            return f"(?:{_NO_TEXT}{self._class()})"
        if token.startswith("\\"):
            return self._escape(token)
        if token.startswith("(?"):
            return self._group(token)
        return f"(?:{_NO_TEXT}.)" if token == "." else token

    def _repetition(self) -> str:
        if not self._can_repeat:
            _refuse("repetition operator missing expression")
        if self._was_repeated:
            _refuse("a repetition of a repetition needs ripgrep itself")
        self._was_repeated = True
        found = _REPEAT.match(self._pattern, self._at)
        if found is None and self._pattern[self._at] == "{":
            _refuse("repetition quantifier expects a valid decimal")
        text = found.group().replace(" ", "") if found else self._pattern[self._at]
        self._at += len(found.group()) if found else 1
        if self._pattern[self._at : self._at + 1] == "?":
            self._at += 1
            text += "?"
        return text.replace("{,", "{0,")

    def _group(self, token: str) -> str:
        if token.startswith(("(?=", "(?!", "(?<=", "(?<!")):
            _refuse("look-around, including look-ahead and look-behind, is not supported")
        if token.endswith(">"):
            return "("
        if not token.endswith((":", ")")) or not set(token[2:-1]) <= _FLAGS:
            _refuse("unrecognized flag")
        if "u" in token or "x" in token:
            _refuse("the flags u and x need ripgrep itself")
        return token

    def _escape(self, token: str) -> str:
        letter = token[1:2]
        if letter.isdigit():
            _refuse("backreferences are not supported")
        if token in _WORD_EDGES:
            return _WORD_EDGES[token]
        if token == r"\n":
            _refuse(r'the literal "\n" is not allowed in a regex')
        if not letter or (letter.isalnum() and letter not in _ESCAPED_LETTERS):
            _refuse("unrecognized escape sequence" if letter else "incomplete escape sequence")
        return f"(?:{_NO_TEXT}{_character(token)})" if letter in "DSWPp" else _character(token)

    def _class(self) -> str:
        """A class from behind its bracket to its end, classes in it included."""
        negation = "^" if self._pattern.startswith("^", self._at) else ""
        self._at += len(negation)
        pieces = [f"[{negation}"]
        while len(pieces) < 2 and self._pattern[self._at : self._at + 1] in ("]", "-"):
            pieces.append("\\" + self._next())
        while self._at < len(self._pattern):
            token = self._next()
            match token:
                case "]":
                    return "".join([*pieces, "]"])
                case "[":
                    pieces.append(self._class())
                case "|" | "(" | ")":
                    pieces.append("\\" + token)
                case _ if token.startswith("(?"):
                    self._at -= len(token) - 1
                    pieces.append("\\(")
                case _:
                    pieces.append(_character(token))
        raise PatternError("unclosed character class")


def _character(token: str) -> str:
    if token[:2] in (r"\x", r"\u", r"\U"):
        return re.escape(chr(int(token[2:].strip("{}"), 16)))
    return token


def _refuse(reason: str) -> NoReturn:
    raise PatternError(reason)
