"""What a Python file can import, read from its text; the file is not run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_MODULE_NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?::[\w.]+)?")
_LONGEST_NAME = 200


@dataclass(frozen=True)
class SourceImports:
    """Names as they are written. A relative import is `(level, name)`; `mentions` are texts that may be names."""

    absolute: frozenset[str]
    relative: frozenset[tuple[int, str]]
    mentions: frozenset[str]


def imports_of(source: bytes) -> SourceImports | None:
    """Every import of a file, wherever it stands, and every text in it; None if it is no Python."""
    tree = parse_python(source)
    if tree is None:
        return None
    absolute: set[str] = set()
    relative: set[tuple[int, str]] = set()
    mentions: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                absolute.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                names = set(_imported_from(node))
                if node.level:
                    relative.update((node.level, name) for name in names)
                else:
                    absolute |= names
            case ast.Constant(value=str(text)) if len(text) <= _LONGEST_NAME and "\n" not in text:
                mentions.add(text)
            case _:
                """Nothing else imports."""
    return SourceImports(frozenset(absolute), frozenset(relative), frozenset(mentions))


def parse_python(source: bytes) -> ast.Module | None:
    """None for what is no Python that this interpreter can read."""
    try:
        with warnings.catch_warnings():
            # Old code has escapes that Python warns about; that is not what we were asked.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def module_named_by(text: str) -> str:
    """The dotted name that a text is, as `import_module`, `patch` or a framework's settings take it; else empty."""
    match = _MODULE_NAME.fullmatch(text)
    return match[1] if match else ""


def _imported_from(node: ast.ImportFrom) -> Iterator[str]:
    """The module, and each name in it that may be a module itself."""
    module = node.module or ""
    yield module
    yield from (f"{module}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")
