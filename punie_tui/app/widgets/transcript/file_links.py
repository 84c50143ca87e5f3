"""Places in files that a text names: `src/app.py:12`, `src/app.py#L12`, `File "src/app.py", line 12`.

A name is a link where the file is in the tree; to find that out takes the disk, so it is asked for elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_NAMED = re.compile(
    r"(?<![\w/@:.-])(?P<path>/?(?:[\w.+~-]+/)*[\w.+-]*\w\.[A-Za-z]\w{0,9})"
    r"(?:(?::|#L|\", line )(?P<line>\d{1,7}))?(?![\w/])"
)
_LONGEST_TEXT = 20_000


class FileLink(NamedTuple):
    """Where in a text which place is named; `path` is relative to the root."""

    start: int
    end: int
    path: str
    line: int | None


def first_place_in(text: str) -> tuple[str, int | None]:
    """The first file with a line that a text names, whether it is there or not; an empty path where it names none."""
    for found in _NAMED.finditer(text[:_LONGEST_TEXT]):
        if found["line"]:
            return found["path"], int(found["line"])
    return "", None


class FileLinks:
    """Knows which names are files; `unknown` are those that `look_up` was not asked about yet."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, bool] = {}
        self.unknown: set[str] = set()

    def links_in(self, text: str) -> Iterator[FileLink]:
        """The links of a text that are known."""
        if len(text) > _LONGEST_TEXT:
            return
        for found in _NAMED.finditer(text):
            path = found["path"].removeprefix(f"{self._root}/")
            is_file = self._files.get(path)
            if is_file is None:
                self.unknown.add(path)
            elif is_file:
                yield FileLink(found.start(), found.end(), path, int(found["line"]) if found["line"] else None)

    def look_up(self, paths: Iterable[str]) -> dict[str, bool]:
        """Which of them are files of the tree. Reads the disk: not for the UI thread."""
        return {path: self._is_file(path) for path in paths}

    def learn(self, files: dict[str, bool]) -> bool:
        """Keep what was looked up; whether there are new links."""
        self._files |= files
        return any(files.values())

    def forget_missing(self) -> None:
        """What was no file may be one now."""
        self._files = {path: True for path, is_file in self._files.items() if is_file}

    def _is_file(self, path: str) -> bool:
        try:
            file = (self._root / path).resolve()
            return file.is_relative_to(self._root) and file.is_file()
        except (OSError, ValueError):
            return False
