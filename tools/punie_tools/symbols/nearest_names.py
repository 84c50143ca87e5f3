"""What to say about a symbol that is not there: the names in the tree that are most like it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.sentences import shortened
from punie_tools.spelling import spelled
from punie_tools.symbols.symbol_search import SymbolSearch

_MOST_NAMES = 3
_MOST_LIKE = 6
_LEAST_RATIO = 0.6
_SAME_LETTERS = 0.95
_LONGEST_NAME = 100
_SECONDS = 1.0


def unknown_symbol(root: Path, parts: tuple[str, ...], path: Path | None, everywhere: SymbolSearch) -> ToolError:
    """The error to raise: a class's own members come before like names elsewhere."""
    where = "" if path is None or path == root else f" in {_shown(root, path)}"
    nearest = [
        f"{name} ({file})"
        for name, file in _nearest_members(root, parts, everywhere) or _nearest_anywhere(parts[-1], everywhere)
        if path is not None or (name,) != parts
    ]
    told = f"; nearest: {', '.join(nearest)}." if nearest else "."
    return ToolError(f"There is no symbol {shortened('.'.join(parts), 80)!r}{where}{told}")


def _nearest_members(root: Path, parts: tuple[str, ...], everywhere: SymbolSearch) -> list[tuple[str, str]]:
    members = {hit.candidate.name: hit.candidate for hit in reversed(everywhere.members_of(parts[:-1]))}
    found = (members[name] for name in _nearest(parts[-1], members)[:_MOST_NAMES])
    return [(member.qualified_name, _shown(root, member.file)) for member in found]


def _nearest_anywhere(name: str, everywhere: SymbolSearch) -> list[tuple[str, str]]:
    if len(name) > _LONGEST_NAME:
        return []
    found = (everywhere.definer(other) for other in _nearest(name, sorted(everywhere.names_like(name))))
    return list(islice(((each[0], spelled(each[1])) for each in found if each), _MOST_NAMES))


def _nearest(name: str, others: Iterable[str]) -> list[str]:
    """The few most like it, the best first; in a very large tree as far as the time for it goes."""
    deadline = time.monotonic() + _SECONDS
    matcher = SequenceMatcher(a="", b=_folded(name), autojunk=False)
    found: list[tuple[float, str]] = []
    for other in others:
        matcher.set_seq1(_folded(other))
        if min(matcher.real_quick_ratio(), at_most := matcher.quick_ratio()) >= _LEAST_RATIO:
            likeness = _SAME_LETTERS if at_most == 1.0 else matcher.ratio()
            found.append((-likeness - 0.01 * (other[:1] == name[:1]), other))
        if time.monotonic() > deadline:
            break
    return [other for ratio, other in sorted(found)[:_MOST_LIKE] if -ratio >= _LEAST_RATIO]


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _shown(root: Path, file: Path) -> str:
    return spelled(file.relative_to(root).as_posix())
