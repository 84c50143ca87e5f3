"""The files that changed while the tests are watched, until a run takes them up."""

from __future__ import annotations

from collections.abc import Iterable, Set
from pathlib import Path


class ChangedFiles:
    """By their paths in the folder. What tests write themselves would have them run for ever, so it counts no more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: set[str] = set()
        self._written_by_tests: set[str] = set()

    def in_folder(self, paths: Iterable[str]) -> set[str]:
        """Those of the absolute paths that are in the folder and not hidden, from there."""
        inside = {path.removeprefix(f"{self._folder}/") for path in paths if path.startswith(f"{self._folder}/")}
        return {path for path in inside if not path.startswith(".") and "/." not in path}

    def add(self, files: Set[str]) -> None:
        self._changed |= files

    def add_written_by_tests(self, files: Iterable[str]) -> None:
        self._written_by_tests.update(files)

    def forget(self) -> None:
        """What changed until now shall start no run."""
        self._changed.clear()

    def take(self) -> list[str]:
        """What changed since the last time and can make tests run, in order."""
        changed = sorted(self._changed - self._written_by_tests)
        self._changed.clear()
        return [file for file in changed if file.endswith(".py") or (self._folder / file).is_file()]
