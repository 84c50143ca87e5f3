"""Where the name of a symbol stands: the places at which the language server can be asked about it."""

from __future__ import annotations

import threading
from pathlib import Path

from punie_tools.symbols.candidates import Candidate, ranked
from punie_tools.symbols.nearest_names import unknown_symbol
from punie_tools.symbols.symbol_query import symbol_parts
from punie_tools.symbols.symbol_search import MOST_USES, SymbolSearch

MOST_CANDIDATES = 50


def find_symbol(
    root: Path,
    symbol: str,
    *,
    path: Path | None = None,
    line: int | None = None,
    cancelled: threading.Event,
) -> list[Candidate]:
    """The places that a name such as `post`, `Ledger.post` or `shop.ledger` may mean, best first; at least one.

    `path` is a file or folder in the root to look in, `line` one that should hold the name. What is not defined there
    is found where it is used, at a few places. Raises ToolError, with the nearest names, if nothing is called so.
    """
    parts = symbol_parts(symbol)
    tracked = SymbolSearch(root, path, line, cancelled)
    ignored = SymbolSearch(root, path, line, cancelled, only_ignored=True)
    is_one_file = path is not None and path.is_file()
    if hits := tracked.defined(parts) or ignored.defined(parts):
        return ranked(hits, root, line, is_one_file=is_one_file)[:MOST_CANDIDATES]
    if hits := tracked.used(parts) or ignored.used(parts):
        return ranked(hits, root, line, is_one_file=is_one_file)[:MOST_USES]
    everywhere = tracked if path is None else SymbolSearch(root, None, None, cancelled)
    raise unknown_symbol(root, parts, path, everywhere)
