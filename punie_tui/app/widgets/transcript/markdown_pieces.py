"""Streamed Markdown cut into pieces that no later text changes: a paragraph, an item, a row of a table, a line of code.

Nothing is ever cut anew, so a long list, table or fence costs no more a line than a short one. The sources of all
pieces, one a line, are the text again.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from punie_tui.app.widgets.transcript.code_colours import opening_after

Kind = Literal["plain", "paragraph", "heading", "item", "quote", "code", "row", "line", "rule", "hidden"]

_FENCE = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<language>[^\s`]*)[^`]*")
_HEADING = re.compile(r" {0,3}(?P<level>#{1,6})(?:[ \t]+(?P<text>.*?))??[ \t]*#*[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_ITEM = re.compile(r"(?P<indent>\s*)(?P<bullet>[-*+]|\d{1,9}[.)])(?:[ \t]+(?P<text>.*)|$)")
_QUOTE = re.compile(r" {0,3}>[ \t]?(?P<text>.*)")
_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE_INDENT = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """`source` is what was written, `text` what of it is shown, inline Markdown included, after `indent` and `bullet`.

    `joins` says that no blank line stands above it. A line of code may stand in a comment or text that an earlier line
    began with `opening`. `is_first` begins a fence or a table; a table's head has level 1.
    """

    kind: Kind
    source: str
    text: str
    joins: bool = False
    indent: int = 0
    bullet: str = ""
    level: int = 0
    language: str = ""
    opening: str = ""
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class _Fence:
    mark: str
    indent: int
    language: str

    def is_closed_by(self, line: str) -> bool:
        stripped = line.strip()
        return len(stripped) >= len(self.mark) and not stripped.strip(self.mark[0])


@dataclass
class _Open:
    """A piece that the next line may still belong to."""

    kind: Kind
    sources: list[str]
    texts: list[str]
    joins: bool
    indent: int = 0
    bullet: str = ""

    def piece(self, end: str = "") -> Piece:
        return Piece(
            self.kind,
            "\n".join(self.sources) + end,
            "\n".join(self.texts),
            self.joins,
            self.indent,
            self.bullet,
        )


@dataclass
class _Reader:
    """Takes whole lines, one after the other."""

    is_after_blank: bool = True
    is_in_list: bool = False
    begins: bool = False
    opening: str = ""
    columns: int = 0
    fence: _Fence | None = None
    open: _Open | None = None
    done: list[Piece] = field(default_factory=list[Piece])

    def snapshot(self) -> _Reader:
        other = copy.copy(self)
        other.done = []
        if self.open:
            other.open = copy.copy(self.open)
            other.open.sources, other.open.texts = [*self.open.sources], [*self.open.texts]
        return other

    def take_done(self) -> list[Piece]:
        done, self.done = self.done, []
        return done

    def end_open(self, end: str = "") -> None:
        if self.open:
            self.done.append(self.open.piece(end))
            self.open = None

    def read(self, line: str) -> None:
        if self.fence:
            self._read_code(line, self.fence)
        elif not line.strip():
            self._read_blank(line)
        else:
            self._read_line(line)
            # The line that begins a fence is not shown: the blank one stands above its code.
            self.is_after_blank = self.is_after_blank and self.begins

    def _read_blank(self, line: str) -> None:
        self.columns = 0
        if self.open:
            self.end_open(f"\n{line}")
        else:
            self._hide(line)
        self.is_after_blank = True

    def _read_code(self, line: str, fence: _Fence) -> None:
        if fence.is_closed_by(line):
            self.fence = None
            self._hide(line)
            self.is_after_blank = False
            return
        text = line[min(fence.indent, len(line) - len(line.lstrip())) :]
        self._put("code", line, text, fence.indent, language=fence.language, opening=self.opening, is_first=self.begins)
        self.opening = opening_after(text, self.opening)
        self.begins = False
        self.is_after_blank = False

    def _read_line(self, line: str) -> None:
        if self.columns:
            if "|" in line:
                self._put("row", line, line)
                return
            self.columns = 0
        indent = len(line) - len(line.lstrip())
        if indent == 0 and self.is_after_blank and not _ITEM.fullmatch(line):
            self.is_in_list = False
        if found := _FENCE.fullmatch(line):
            self._begin_fence(line, found)
        elif self._ends_table_head(line):
            self._begin_table(line)
        elif self._ends_heading(line):
            self._end_heading(line)
        elif found := _HEADING.fullmatch(line):
            self._put("heading", line, found["text"] or "", level=len(found["level"]))
        elif _RULE.fullmatch(line):
            self._put("rule", line, "")
        elif (found := _ITEM.fullmatch(line)) and self._may_begin_item(found, indent):
            self._begin("item", line, found["text"] or "", indent=indent, bullet=found["bullet"])
            self.is_in_list = True
        elif found := _QUOTE.fullmatch(line):
            self._read_quote(line, found["text"])
        elif self.open and self.open.kind in ("paragraph", "item", "quote"):
            self.open.sources.append(line)
            self.open.texts.append(line.strip())
        elif indent >= _CODE_INDENT and not self.is_in_list:
            self._put("code", line, line[_CODE_INDENT:], is_first=self.is_after_blank)
        else:
            self._begin("paragraph", line, line.strip(), indent=indent if self.is_in_list else 0)

    def _begin_fence(self, line: str, found: re.Match[str]) -> None:
        self.end_open()
        self.fence = _Fence(found["fence"], len(found["indent"]), found["language"])
        self._hide(line)
        self.begins, self.opening = True, ""

    def _ends_table_head(self, line: str) -> bool:
        head = self.open.sources[-1] if self.open and self.open.kind == "paragraph" else ""
        return bool("|" in line and "|" in head and _DELIMITER.fullmatch(line)) and (
            len(cells_of(head)) == len(cells_of(line))
        )

    def _begin_table(self, line: str) -> None:
        assert self.open
        head, joins = self.open.sources.pop(), self.open.joins
        self.open.texts.pop()
        if self.open.sources:
            self.end_open()
            joins = True
        self.open = None
        self.columns = len(cells_of(line))
        self.done.append(Piece("row", head, head, joins, level=1, is_first=True))
        self.done.append(Piece("line", line, "", joins=True))

    def _ends_heading(self, line: str) -> bool:
        return bool(self.open and self.open.kind == "paragraph" and _UNDERLINE.fullmatch(line))

    def _end_heading(self, line: str) -> None:
        assert self.open
        open_piece, self.open = self.open, None
        self.done.append(
            Piece(
                "heading",
                "\n".join([*open_piece.sources, line]),
                " ".join(open_piece.texts),
                open_piece.joins,
                level=1 if "=" in line else 2,
            )
        )

    def _may_begin_item(self, found: re.Match[str], indent: int) -> bool:
        if indent >= _CODE_INDENT and not self.is_in_list:
            return False
        is_in_paragraph = self.open is not None and self.open.kind == "paragraph" and not self.is_in_list
        return not is_in_paragraph or found["bullet"] in ("-", "*", "+", "1.", "1)")

    def _read_quote(self, line: str, text: str) -> None:
        if self.open and self.open.kind == "quote" and text.strip() and not _ITEM.fullmatch(text):
            self.open.sources.append(line)
            self.open.texts.append(text.strip())
        else:
            self._begin("quote", line, text.strip())

    def _begin(self, kind: Kind, line: str, text: str, *, indent: int = 0, bullet: str = "") -> None:
        joins = not self.is_after_blank
        self.end_open()
        self.open = _Open(kind, [line], [text], joins, indent, bullet)

    def _put(
        self,
        kind: Kind,
        source: str,
        text: str,
        indent: int = 0,
        *,
        level: int = 0,
        language: str = "",
        opening: str = "",
        is_first: bool = False,
    ) -> None:
        """A piece that is whole with its line."""
        self.end_open()
        # One text where both are equal: code is most of a long session.
        text = source if text == source else text
        joins = not self.is_after_blank
        self.done.append(Piece(kind, source, text, joins, indent, "", level, language, opening, is_first))

    def _hide(self, line: str) -> None:
        self.end_open()
        self.done.append(Piece("hidden", line, "", joins=True))


class MarkdownStream:
    """Cuts text as it comes."""

    def __init__(self) -> None:
        self._reader = _Reader()
        self._line = ""

    def feed(self, text: str) -> tuple[list[Piece], list[Piece]]:
        """The pieces that are whole since the last call, and those that stand now for what is not whole yet."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._reader.read(line)
        return self._reader.take_done(), self._unfinished()

    def _unfinished(self) -> list[Piece]:
        rest = self._reader.snapshot()
        if self._line:
            rest.read(self._line)
        rest.end_open()
        return rest.take_done()


def pieces_of(text: str) -> list[Piece]:
    """A whole text in pieces."""
    finished, rest = MarkdownStream().feed(text)
    return [*finished, *rest]


def source_of(pieces: Iterable[Piece]) -> str:
    """What was written, without blank lines around it."""
    return "\n".join(piece.source for piece in pieces).strip("\n")


def cells_of(line: str) -> list[str]:
    """The cells of a table's row, as Markdown."""
    inner = line.strip()
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(inner)]
