"""Workspace: the working tree that tools work on, and the only way from a path in a request to a path on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """A directory tree, resolved once. `is_trusted` tells whether code of the repository may be started here."""

    root: Path
    is_trusted: bool = False

    @classmethod
    def at(cls, directory: Path, *, is_trusted: bool = False) -> Workspace:
        """The workspace at an existing directory; links in the root itself are resolved."""
        return cls(root=directory.resolve(strict=True), is_trusted=is_trusted)
