"""Markdown within a line: the words that are shown, and which of them are strong, code or a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Emphasis = Literal["strong", "emphasis", "struck", "code", "link"]

_OPENED: dict[str, Emphasis] = {"strong_open": "strong", "em_open": "emphasis", "s_open": "struck", "link_open": "link"}
_CLOSED = {"strong_close", "em_close", "s_close", "link_close"}
# Text without these has no markup, and need not be parsed.
_MARKUP = frozenset("*_`[]<>&\\~!")


@dataclass(frozen=True, slots=True)
class InlineText:
    """`spans` may lie within each other."""

    shown: str
    spans: tuple[tuple[int, int, Emphasis], ...] = ()


def inline_text(markdown: str) -> InlineText:
    """Read inline Markdown. A line break is a space, as in a paragraph, and a link's address stands behind its text."""
    if _MARKUP.isdisjoint(markdown):
        return InlineText(markdown.replace("\n", " "))
    children = _parser().parseInline(markdown)[0].children or []
    writer = _Writer()
    for token in children:
        writer.write(token)
    return InlineText("".join(writer.parts), tuple(writer.spans))


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spans: list[tuple[int, int, Emphasis]] = []
        self._length = 0
        self._begun: list[tuple[int, Emphasis, str]] = []

    def write(self, token: Token) -> None:
        if token.type in _OPENED:
            self._begun.append((self._length, _OPENED[token.type], str(token.attrGet("href") or "")))
        elif token.type in _CLOSED:
            self._end()
        elif token.type == "code_inline":
            self._add(token.content, "code")
        elif token.type == "image":
            self._add(_alternative(token.children or ()) or "image")
        elif token.type in ("softbreak", "hardbreak"):
            self._add(" " if token.type == "softbreak" else "\n")
        else:
            self._add(token.content)

    def _end(self) -> None:
        start, emphasis, address = self._begun.pop()
        self.spans.append((start, self._length, emphasis))
        if address and address != "".join(self.parts)[start : self._length]:
            self._add(f" ({address})")

    def _add(self, text: str, emphasis: Emphasis | None = None) -> None:
        # Entities become characters here, also such that no terminal should get.
        text = safe_text(text)
        if emphasis:
            self.spans.append((self._length, self._length + len(text), emphasis))
        self.parts.append(text)
        self._length += len(text)


def _alternative(children: Sequence[Token]) -> str:
    return "".join(child.content for child in children)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt as Parser

    return Parser("commonmark").enable("strikethrough")
