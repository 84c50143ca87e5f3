"""Where a name stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A file and, from 1, a line and a column in characters."""

    file: Path
    line: int
    column: int
