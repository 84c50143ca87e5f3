"""hover: a symbol's signature, type and documentation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import computed_field

from punie_tools.errors import ToolError
from punie_tools.lsp.symbol_question import (
    Line,
    Symbol,
    Within,
    ask_server,
    candidates_for,
    file_name,
    place_of,
)
from punie_tools.sentences import counted, first_of, shortened
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.text_fallback import describe
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.lsp.queries import Queries

_RULE = "\n---\n"
_LONGEST_SIGNATURE = 1_000
"""What is longer has many overloads, or is a type spelled out; a signature is of use only as a whole."""


class HoverResult(ToolResult):
    """What an editor shows for the symbol. `file` and `line` say where its name was looked at."""

    symbol: str
    content: str
    """The whole text, as Markdown."""
    type_info: str
    """Its first part: the signature or the type."""
    docstring: str
    file: str
    line: int
    others: tuple[str, ...] = ()
    """Other symbols of that name, as `file:line name`."""
    note: str = ""

    @computed_field
    @property
    def summary(self) -> str:
        documented = f": {shortened(self.docstring.partition(chr(10) * 2)[0], 120)}" if self.docstring else ""
        others = f" ({counted(len(self.others), 'other')} of that name: {first_of(self.others)})" if self.others else ""
        return f"{_on_one_line(self.type_info)} at {self.file}:{self.line}{documented}{others}."


def hover(context: ToolContext, symbol: Symbol, path: Within = None, line: Line = None) -> HoverResult:
    """Show the signature, the type and the documentation of a symbol, by its name.

    If the name means several symbols, the best one is shown and the others are named.
    """
    candidates = candidates_for(context, symbol, path, line)

    def ask(queries: Queries) -> tuple[Candidate, str] | None:
        shown = ((candidate, queries.hover(place_of(candidate))) for candidate in candidates)
        return next(((candidate, content) for candidate, content in shown if content), None)

    def read() -> tuple[Candidate, str]:
        return candidates[0], describe(candidates[0])

    found, note = ask_server(context, ask, read)
    if found is None:
        raise ToolError(f"Nothing is known about {symbol!r}: it stands in no code that can be understood.")
    chosen, content = found
    type_info, _, docstring = content.partition(_RULE)
    others = [each for each in candidates if each is not chosen and each.is_definition]
    return HoverResult(
        symbol=symbol,
        content=content,
        type_info=_without_fence(type_info),
        docstring=docstring.strip(),
        file=file_name(context.workspace, chosen.file),
        line=chosen.line,
        others=tuple(f"{file_name(context.workspace, each.file)}:{each.line} {each.qualified_name}" for each in others),
        note=note,
    )


TOOL = Tool(hover, risk=Risk.READS, wants_language_server=True)


def _on_one_line(type_info: str) -> str:
    """The server breaks the lines of a long signature behind its brackets."""
    return shortened(re.sub(r"(?<=[(\[])\n\s*|\n\s*(?=[)\]])", "", type_info), _LONGEST_SIGNATURE)


def _without_fence(markdown: str) -> str:
    lines = markdown.strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("```"))
