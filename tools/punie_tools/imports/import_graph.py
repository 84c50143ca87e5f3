"""Which files of a tree a file needs to run: an over-estimate, so that nothing that matters is missed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from punie_tools.imports.source_imports import SourceImports, imports_of, module_named_by

_PACKAGE = "__init__.py"
_CONFTEST = "conftest.py"

ReadSource = Callable[[str], bytes]


@dataclass(frozen=True)
class ImportGraph:
    """`imports` names for each file those that it imports itself; all are paths from the root, with `/`."""

    imports: Mapping[str, frozenset[str]]

    @classmethod
    def of(
        cls, files: Collection[str], gone: Collection[str], others: Collection[str], read: ReadSource
    ) -> ImportGraph:
        """The graph of a tree's Python files. `gone` are files that were there, `others` files that code may name."""
        modules = Modules([*files, *gone])
        by_name = {PurePosixPath(other).name: other for other in others}
        return cls({file: frozenset(_needed(file, imports_of(read(file)), modules, by_name)) for file in files})

    def chains_to(self, changed: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each file that can reach a changed one the shortest chain of imports from it to there."""
        chains: dict[str, tuple[str, ...]] = {file: (file,) for file in sorted(changed)}
        pending = deque(chains)
        while pending:
            imported = pending.popleft()
            for importer in self._importers.get(imported, ()):
                if importer not in chains:
                    chains[importer] = (importer, *chains[imported])
                    pending.append(importer)
        return chains

    @cached_property
    def _importers(self) -> dict[str, list[str]]:
        importers: dict[str, list[str]] = {}
        for file in sorted(self.imports):
            for imported in self.imports[file]:
                importers.setdefault(imported, []).append(file)
        return importers


class Modules:
    """Finds the files that a module's name may mean.

    A name may begin below any folder that is no package: pytest, `src` layouts and path settings put many on the path.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._files = set(files)
        self._by_name: dict[str, list[str]] = {}
        for file in self._files:
            for name in self._names(file):
                self._by_name.setdefault(name, []).append(file)

    def named(self, name: str) -> Iterator[str]:
        """The module's files, and the packages that are imported on the way to it."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            yield from self._by_name.get(".".join(parts[:end]), ())

    def exactly(self, name: str) -> Sequence[str]:
        """The module's files alone."""
        return self._by_name.get(name, ())

    def relative(self, file: str, level: int, name: str) -> Iterator[str]:
        """What `from ..name import x` means in a file."""
        parts = name.split(".") if name else []
        for end in range(len(parts) + 1):
            yield from self.exactly_relative(file, level, ".".join(parts[:end]))

    def exactly_relative(self, file: str, level: int, name: str) -> Iterator[str]:
        """The files of `..name` in a file, and not those of the packages on the way."""
        folders = PurePosixPath(file).parent.parts
        path = "/".join((*folders[: len(folders) - level + 1], *(name.split(".") if name else ())))
        yield from (each for each in (f"{path}.py", f"{path}/{_PACKAGE}".lstrip("/")) if each in self._files)

    def implied(self, file: str) -> Iterator[str]:
        """The packages that a file lies in, which are imported before it, and the conftest files above a test."""
        for folder in PurePosixPath(file).parents:
            for name in (_PACKAGE, _CONFTEST):
                if (path := (folder / name).as_posix()) in self._files and path != file:
                    yield path

    def _names(self, file: str) -> Iterator[str]:
        path = PurePosixPath(file)
        parts = path.parent.parts if path.name == _PACKAGE else path.with_suffix("").parts
        for start in range(len(parts)):
            above = "/".join(parts[:start])
            if start == 0 or f"{above}/{_PACKAGE}" not in self._files:
                yield ".".join(parts[start:])


def _needed(file: str, imports: SourceImports | None, modules: Modules, others: Mapping[str, str]) -> Iterator[str]:
    yield from modules.implied(file)
    if imports is None:
        return
    for name in imports.absolute:
        yield from modules.named(name)
    for level, name in imports.relative:
        yield from modules.relative(file, level, name)
    for text in imports.mentions:
        if name := module_named_by(text):
            yield from modules.named(name)
        if other := others.get(os.path.basename(text)):  # noqa: PTH119 - any text, not only paths
            yield other
