"""The files that changed while the tests are watched, until a run takes them up."""

from __future__ import annotations

from collections.abc import Iterable, Set
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from punie_tui.app.widgets.tests.running_tests import TestRun

# Of one and the same Python file that changes while its tests run; more are made by no person.
_MOST_RUNS_IN_A_ROW = 2


class ChangedFiles:
    """By their paths in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: set[str] = set()
        self._runs_in_a_row: dict[str, int] = {}

    def in_folder(self, paths: Iterable[str]) -> set[str]:
        """Those of the absolute paths that are in the folder and not hidden, from there."""
        inside = {path.removeprefix(f"{self._folder}/") for path in paths if path.startswith(f"{self._folder}/")}
        return {path for path in inside if not path.startswith(".") and "/." not in path}

    def add(self, files: Set[str]) -> None:
        self._changed |= files

    def forget(self) -> None:
        """What changed until now shall start no run."""
        self._changed.clear()

    def take(self, last_run: TestRun | None) -> list[str]:
        """What changed since the last time and asks for a run, in order."""
        changed, self._changed = sorted(self._changed), set()
        return [file for file in changed if self._asks_for_run(file, last_run)]

    def _asks_for_run(self, file: str, last_run: TestRun | None) -> bool:
        """What tests write themselves would have them run for ever; but people save files while tests run."""
        is_python = file.endswith(".py")
        if not is_python and not (self._folder / file).is_file():
            return False
        if last_run is None or not last_run.saw_change(self._folder / file):
            self._runs_in_a_row.pop(file, None)
            return True
        self._runs_in_a_row[file] = self._runs_in_a_row.get(file, 0) + 1
        is_stopped = last_run.cancelled.is_set()
        return is_python and not is_stopped and self._runs_in_a_row[file] <= _MOST_RUNS_IN_A_ROW
