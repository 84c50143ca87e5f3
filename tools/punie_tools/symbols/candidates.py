"""Candidates for a symbol's name, and which of them is the likeliest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from punie_tools.symbols.naming import Name
from punie_tools.symbols.python_source import PythonSource

_KINDS = ("class", "function", "method", "module", "constant", "variable", "import", "parameter")
_TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?|conftest)\.pyi?$")
_ASIDE = re.compile(r"(?:^|/)(?:_?vendor(?:ed)?|third_party|examples?|docs?|build|dist|benchmarks?|\.[^/]*)/")


@dataclass(frozen=True)
class Candidate:
    """A place of a name. `column` counts characters; `is_definition` is false for a use or an import of the name.

    `module` is how the file is imported, `qualified_name` the name inside it; of a use it is what the source says.
    """

    name: str
    qualified_name: str
    module: str
    kind: str
    file: Path
    line: int
    column: int
    is_definition: bool


class Fit(IntEnum):
    """How well a name answers to the dotted name that was asked for; less is better."""

    EXACT = 0
    WITHIN_PACKAGE = 1
    """Only modules are left out, as where a package offers what one of its modules defines."""
    WITH_GAPS = 2
    INHERITED = 3
    BY_SPELLING = 4


@dataclass(frozen=True)
class Hit:
    """A candidate with what tells its rank, and of an import or a class where it comes from."""

    candidate: Candidate
    fit: Fit
    is_local: bool = False
    is_secondary: bool = False
    imported_from: str = ""
    bases: tuple[str, ...] = ()

    @property
    def is_fitting(self) -> bool:
        """Whether it is a definition of just what was asked for."""
        return self.fit <= Fit.WITH_GAPS and self.candidate.is_definition


def candidate_of(name: Name, source: PythonSource, file: Path, module: str) -> Candidate:
    """The candidate for a name that a file gives."""
    line, column = source.place(name.offset)
    is_definition = name.kind != "import"
    return Candidate(name.name, name.qualified_name, module, name.kind, file, line, column, is_definition)


def fit_of(full: Sequence[str], parts: Sequence[str], *, inside: int = 0) -> Fit | None:
    """How `("shop", "ledger", "Ledger", "post")` answers to `("Ledger", "post")`; None if it does not.

    `inside` is how many of the last names are given in the module, and not those of folders and the module itself.
    """
    if list(full[-len(parts) :]) == list(parts):
        return Fit.EXACT
    if list(full[-1:]) != list(parts[-1:]):
        return None
    if _holds(full, parts):
        return Fit.WITHIN_PACKAGE if inside and list(full[-inside:]) == list(parts[-inside:]) else Fit.WITH_GAPS
    return Fit.BY_SPELLING if _holds(map(_folded, full), map(_folded, parts)) else None


def file_rank(path: str) -> tuple[object, ...]:
    """The order of files by their path from the root: the project's own sources, what lies beside them, tests."""
    group = 2 if _TESTS.search(path) else 1 if _ASIDE.search(path) else 0
    return (group, path.endswith(".pyi"), path.count("/"), len(path), path)


def ranked(hits: list[Hit], root: Path, line: int | None, *, is_one_file: bool) -> list[Candidate]:
    """Each place once, best first, in an order that nothing but the hits decides."""

    def rank(hit: Hit) -> tuple[object, ...]:
        found = hit.candidate
        distance = abs(found.line - line) if line else 0
        return (
            distance > 0,
            hit.fit,
            0 if found.is_definition else 1 if found.kind == "import" else 2,
            hit.is_local,
            hit.is_secondary,
            distance if is_one_file else 0,
            *file_rank(found.file.relative_to(root).as_posix())[:2],
            found.qualified_name.count("."),
            _KINDS.index(found.kind),
            *file_rank(found.file.relative_to(root).as_posix()),
            found.line,
            found.column,
        )

    places: dict[tuple[Path, int, int], Candidate] = {}
    for hit in sorted(hits, key=rank):
        places.setdefault((hit.candidate.file, hit.candidate.line, hit.candidate.column), hit.candidate)
    return list(places.values())


def _holds(full: Iterator[str] | Sequence[str], parts: Iterator[str] | Sequence[str]) -> bool:
    """Whether all parts come in the full name in their order."""
    rest = iter(full)
    return all(part in rest for part in parts)


def _folded(part: str) -> str:
    return part.replace("_", "").lower()
