"""What a person or a model means by a symbol's name: its dotted parts, without what is written around them."""

from __future__ import annotations

import re
import unicodedata
from keyword import iskeyword

from punie_tools.errors import ToolError
from punie_tools.sentences import shortened

_LONGEST = 1000
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_LEADING_WORDS = re.compile(
    r"(?:(?:the|async|def|class|function|method|property|attribute|module|variable|import|from|type)\s+)+(?=\w)"
)
_ARROW = re.compile(r"(?<=\w)->(?=\w)")
_IMPORT = re.compile(r"^from\s+([\w.]+)\s+import\s+(?=\w)")
_FILE = re.compile(r"^(.*?)\.pyi?(?=$|[:\s.#])[:.#]*")
_RECEIVERS = frozenset({"self", "cls", "super"})


def symbol_parts(symbol: str) -> tuple[str, ...]:
    """`("Ledger", "post")` for `Ledger.post()`; a path such as `shop/ledger.py::Ledger` counts as a module's name.

    Raises ToolError where there is no name.
    """
    text = symbol[:_LONGEST].strip().strip("`'\"@ ").split("\n", 1)[0]
    modules, text = _module_path(text)
    text = _without_parentheses(_IMPORT.sub(r"\1.", _ARROW.sub(".", text.replace("<locals>.", ""))))
    text = _LEADING_WORDS.sub("", text, count=1).replace("::", ".").replace("#", ".")
    words = re.split(r"->|[=(\[]|:(?!\w)|\s", re.sub(r"\s*\.\s*", ".", text.strip("`'\" ")), maxsplit=1)[0]
    names = [part for part in re.split(r"[.:]", words) if part and not part.isdigit()]
    parts = tuple(unicodedata.normalize("NFKC", part) for part in (*modules, *names))
    while len(parts) > 1 and parts[0] in _RECEIVERS:
        parts = parts[1:]
    named = parts[len(modules) :]
    if not parts or not all(part.isidentifier() for part in named or parts) or any(map(iskeyword, named)):
        raise ToolError(
            f"{shortened(symbol, 80)!r} is no symbol's name; give one such as 'total', 'Ledger.post' or 'shop.ledger'."
        )
    return parts


def _module_path(text: str) -> tuple[list[str], str]:
    """The parts of a file's path at the beginning of the text, and the text after it."""
    found = _FILE.match(text)
    if found is None and "/" in text:
        found = re.match(r"^([^:\s]*)[:\s]*", text)
    if found is None or not found[1]:
        return [], text
    parts = [part for part in re.split(r"[/\\.]", found[1]) if part]
    return parts[:-1] if parts[-1:] == ["__init__"] else parts, text[found.end() :]


def _without_parentheses(text: str) -> str:
    while (shorter := _PARENTHESES.sub("", text)) != text:
        text = shorter
    return text
