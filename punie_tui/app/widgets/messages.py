"""Messages that any pane may post and the screen answers."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class WorkspaceChanged(Message):
    """Files of the workspace changed, by their absolute paths; none where only polling tells that some may have."""

    paths: frozenset[str]


@dataclass
class OpenFile(Message):
    """Show a file of the workspace; `path` is relative to it, `line` counts from 1."""

    path: str
    line: int | None = None


@dataclass
class OpenHistory(Message):
    """Show which commits made a file of the workspace: line by line (`is_blame`), or one below the other."""

    path: str
    is_blame: bool


@dataclass
class ShowRevision(Message):
    """Show what a commit changed, from the file at `path` on where it is given."""

    revision: str
    path: str = ""
