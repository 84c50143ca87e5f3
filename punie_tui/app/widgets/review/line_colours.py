"""The colours of a line of code that changes: those of its language, and what of it changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.syntax import Syntax

_LONGEST_COLOURED = 1000
_LONGEST_COMPARED = 400
_ALIKE_ENOUGH = 0.4
_WORDS = re.compile(r"\w+|\s+|\W")


def highlighted(path: str, text: str, *, is_dark: bool) -> Text:
    """A line of the file at `path` in its language's colours; one that is very long has none."""
    if len(text) > _LONGEST_COLOURED:
        return Text(text)
    coloured = _syntax(path, is_dark).highlight(text)
    coloured.rstrip()
    # The highlighter leaves blanks at the end out, and what it was given must be what is shown.
    if len(coloured) < len(text):
        coloured.append(text[len(coloured) :])
    return coloured


@lru_cache(maxsize=32)
def _syntax(path: str, is_dark: bool) -> Syntax:
    from rich.syntax import Syntax as RichSyntax

    lexer = RichSyntax.guess_lexer(path)
    return RichSyntax("", lexer, theme="ansi_dark" if is_dark else "ansi_light")


@lru_cache(maxsize=4096)
def changed_parts(text: str, partner: str) -> Sequence[tuple[int, int]]:
    """From and to of what is in `text` and not in its partner; nothing where they have little in common."""
    if max(len(text), len(partner)) > _LONGEST_COMPARED:
        return ()
    words, others = _WORDS.findall(text), _WORDS.findall(partner)
    matcher = SequenceMatcher(None, others, words, autojunk=False)
    if matcher.ratio() < _ALIKE_ENOUGH:
        return ()
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple(
        (starts[first], starts[last])
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in ("replace", "insert")
    )
