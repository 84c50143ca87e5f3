"""One look at a tree, or at a part of it, for a dotted name: its definitions, or its uses."""

from __future__ import annotations

import heapq
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from punie_tools.errors import ToolCancelledError
from punie_tools.symbols.candidates import Candidate, Fit, Hit, candidate_of, file_rank, fit_of
from punie_tools.symbols.definitions import definitions
from punie_tools.symbols.naming import Name
from punie_tools.symbols.python_files import ModuleNames, PythonFiles
from punie_tools.symbols.python_source import PythonSource, read_source
from punie_tools.symbols.uses import Use, uses

MOST_USES = 5

_MOST_FILES = 400
_MOST_FILES_FOR_USES = 100
_MOST_CHARACTERS = 10_000_000
_MOST_CLASSES = 20
_SUBSCRIPT = re.compile(r"\[.*", re.DOTALL)


class SymbolSearch:
    """Looks below `path`, or in it if it is a file; with `only_ignored` at what ignore files name."""

    def __init__(
        self,
        root: Path,
        path: Path | None,
        line: int | None,
        cancelled: threading.Event,
        *,
        only_ignored: bool = False,
    ) -> None:
        self._root = root
        self._path = path
        self._line = line
        self._cancelled = cancelled
        self._files = PythonFiles(root, path or root, cancelled, only_ignored=only_ignored)
        self._modules = ModuleNames(root)
        self._only_file = path if path and path.is_file() else None

    def defined(self, parts: tuple[str, ...]) -> list[Hit]:
        """Definitions, with the name's uses on the line and what others outside of the tree define under it."""
        hits = self._hits(parts)
        fitting = [hit for hit in hits if hit.is_fitting]
        chosen = [hit for hit in fitting if not hit.is_local or self._is_asked_for(hit.candidate)]
        chosen += self._module_hits(parts)
        best = min((hit.fit for hit in chosen), default=Fit.BY_SPELLING)
        if best <= Fit.WITHIN_PACKAGE:
            chosen = [hit for hit in chosen if hit.fit == best]
        is_named_whole = len(parts) > 1 and any(hit.candidate.line == self._line for hit in chosen)
        chosen += [] if is_named_whole else self._uses_on_line(parts)
        chosen = chosen or [hit for hit in fitting if hit.fit == Fit.EXACT] or self._inherited(parts) or fitting
        chosen = chosen or [hit for hit in hits if hit.candidate.is_definition]
        return [*chosen, *self._foreign_imports(hits)] if chosen else []

    def used(self, parts: tuple[str, ...]) -> list[Hit]:
        """Uses of the name; also as an attribute of anything, where its owner may come from outside of the tree."""
        exact: list[Hit] = []
        attributes: list[Hit] = []
        for file, source in self._sources(parts[-1], self._likeliest(parts, _MOST_FILES_FOR_USES)):
            for use in uses(source, parts[-1]):
                if (fit := fit_of(use.chain, parts)) is not None:
                    exact.append(Hit(self._use(file, source, use), fit))
                elif len(use.chain) > 1:
                    attributes.append(Hit(self._use(file, source, use), Fit.BY_SPELLING))
            if sum(hit.candidate.kind == "import" for hit in exact) >= MOST_USES:
                break
        return exact or (attributes if self._may_be_foreign(parts[:-1]) else [])

    def members_of(self, owner: tuple[str, ...]) -> list[Hit]:
        """What a class or a module defines itself, in the order of its file."""
        owners = [*self.classes(owner), *self._module_hits(owner)] if owner else list[Hit]()
        files = {hit.candidate.file.relative_to(self._root).as_posix() for hit in owners}
        found: list[Hit] = []
        for file, source in self._sources("", sorted(files, key=file_rank)):
            path_parts = self._modules.path_parts(file)
            for name in definitions(source, with_expressions=False):
                around = (*path_parts, *name.qualified_name.split("."))[:-1]
                fit = fit_of(around, owner) if around else None
                if fit is not None and fit <= Fit.WITH_GAPS and not name.is_local:
                    found.append(self._hit(file, source, name, fit))
        return found

    def names_like(self, name: str) -> set[str]:
        """Other names that the tree seems to define."""
        return self._files.names_like(name)

    def definer(self, name: str) -> tuple[str, str] | None:
        """A name with the classes around it, and the likeliest of the files that seem to define it or are it."""
        file = min(self._files.with_definition(name) | self._files.named(name), key=file_rank, default="")
        found = (hit for hit in self._hits_in([file] if file else [], (name,)) if hit.is_fitting)
        best = min(found, key=lambda hit: (hit.is_local, hit.candidate.line), default=None)
        return (best.candidate.qualified_name if best else name, file) if file else None

    def classes(self, parts: tuple[str, ...]) -> list[Hit]:
        """The classes of that name."""
        files = sorted(self._files.with_class(parts[-1]), key=file_rank)[:_MOST_FILES]
        return [hit for hit in self._hits_in(files, parts) if hit.is_fitting and hit.candidate.kind == "class"]

    def _hits(self, parts: tuple[str, ...]) -> list[Hit]:
        return self._hits_in(self._likeliest(parts, _MOST_FILES), parts)

    def _hits_in(self, files: Sequence[str], parts: tuple[str, ...]) -> list[Hit]:
        """What files define or import under the last of the parts, as far as the others fit."""
        found: list[Hit] = []
        for file, source in self._sources(parts[-1], files):
            path_parts = self._modules.path_parts(file)
            for name in definitions(source, with_expressions=self._path is not None):
                if name.name == parts[-1]:
                    inside = name.qualified_name.split(".")
                    fit = fit_of((*path_parts, *inside), parts, inside=len(inside))
                    found += [] if fit is None else [self._hit(file, source, name, fit)]
        return found

    def _sources(self, word: str, files: Sequence[str]) -> Iterator[tuple[Path, PythonSource]]:
        """The text of the files that hold the name, as many as a budget allows."""
        characters = 0
        for file in (self._root / name for name in files):
            if self._cancelled.is_set():
                raise ToolCancelledError("Stopped.")
            source = read_source(file)
            if source is not None and _holds_word(source.text, word):
                characters += len(source.text)
                yield file, source
            if characters > _MOST_CHARACTERS:
                return

    def _likeliest(self, parts: tuple[str, ...], most: int) -> Sequence[str]:
        """The files with the name; of too many the likely ones."""
        if self._only_file:
            return [self._only_file.relative_to(self._root).as_posix()]
        files = self._files.with_word(parts[-1])
        if len(files) <= most:
            return sorted(files, key=file_rank)
        definers = self._files.with_definition(parts[-1])
        owner = parts[-2] if len(parts) > 1 else ""
        with_owner = self._files.with_word(owner) if owner else files

        def rank(file: str) -> tuple[object, ...]:
            has_owner = file in with_owner or f"/{owner}/" in f"/{file}" or f"/{owner}.py" in f"/{file}"
            return (not has_owner, file not in definers, *file_rank(file))

        return heapq.nsmallest(most, files, key=rank)

    def _module_hits(self, parts: tuple[str, ...]) -> list[Hit]:
        found: list[Hit] = []
        for file in (self._root / name for name in self._files.named(parts[-1])):
            fit = fit_of(self._modules.path_parts(file), parts)
            if fit is not None and fit <= Fit.WITH_GAPS:
                module = self._modules.module(file)
                found.append(
                    Hit(Candidate(parts[-1], parts[-1], module, "module", file, 1, 1, is_definition=True), fit)
                )
        return found

    def _inherited(self, parts: tuple[str, ...]) -> list[Hit]:
        """A member that a class has from one of its bases."""
        for base in self._bases_of(parts[:-1]):
            found = [hit for hit in self._everywhere()._hits((*base, parts[-1])) if hit.is_fitting]
            if found:
                return [replace(hit, fit=Fit.INHERITED) for hit in found]
        return []

    def _bases_of(self, owner: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The names of all classes above a class, the nearest first."""
        pending, seen = [owner] if owner else [], {owner}
        while pending and len(seen) < _MOST_CLASSES:
            for hit in self._everywhere().classes(pending.pop(0)):
                named = (tuple(_SUBSCRIPT.sub("", base).split(".")[-2:]) for base in hit.bases)
                bases = [base for base in named if base not in seen]
                seen.update(bases)
                pending += bases
                yield from bases

    def _may_be_foreign(self, owner: tuple[str, ...]) -> bool:
        """Whether what owns a member comes from outside of the tree, or has a base that does."""
        if not owner:
            return False
        everywhere = self._everywhere()
        if not everywhere.classes(owner):
            return bool(everywhere._files.with_word(owner[-1]))
        return not all(everywhere.classes(base) for base in self._bases_of(owner))

    def _everywhere(self) -> SymbolSearch:
        """The same look at the whole tree."""
        if self._path is None:
            return self
        return SymbolSearch(self._root, None, None, self._cancelled)

    def _is_asked_for(self, local: Candidate) -> bool:
        """Whether a local name counts: in a part of the tree, or on the line that was named."""
        return self._path is not None or local.line == self._line

    def _uses_on_line(self, parts: tuple[str, ...]) -> list[Hit]:
        if self._only_file is None or self._line is None or (source := read_source(self._only_file)) is None:
            return []
        found = (self._use(self._only_file, source, use) for use in uses(source, parts[-1]))
        return [Hit(use, Fit.EXACT) for use in found if use.line == self._line]

    def _foreign_imports(self, hits: list[Hit]) -> list[Hit]:
        """One import of each thing of that name that comes from outside of the tree."""
        by_origin: dict[str, Hit] = {}
        for hit in hits:
            top = hit.imported_from.split(".")[0]
            is_own = not top or any((folder / top).exists() for folder in (self._root, self._root / "src"))
            if hit.fit == Fit.EXACT and not is_own and not (self._root / f"{top}.py").exists():
                by_origin.setdefault(hit.imported_from, hit)
        return list(by_origin.values())[:MOST_USES]

    def _hit(self, file: Path, source: PythonSource, name: Name, fit: Fit) -> Hit:
        candidate = candidate_of(name, source, file, self._modules.module(file))
        return Hit(candidate, fit, name.is_local, name.is_secondary, name.imported_from, name.bases)

    def _use(self, file: Path, source: PythonSource, use: Use) -> Candidate:
        line, column = source.place(use.offset)
        kind = "import" if use.is_imported else "variable"
        if use.is_called:
            kind = "method" if len(use.chain) > 1 else "function"
        written = use.name if use.is_imported else ".".join(use.chain)
        module = self._modules.module(file)
        return Candidate(use.name, written, module, kind, file, line, column, is_definition=False)


def _holds_word(text: str, name: str) -> bool:
    return name in text or (not text.isascii() and name in unicodedata.normalize("NFKC", text))
