"""One reading of the repository for the panel: branch, changed files with their lines, newest commits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tools.git.git_status import GitStatusResult

_COMMITS = 10
MOST_ENTRIES = 500
_MARKS = {
    "modified": "M",
    "added": "A",
    "deleted": "D",
    "renamed": "R",
    "copied": "C",
    "type_changed": "T",
    "conflicted": "!",
    "untracked": "?",
}


@dataclass(frozen=True)
class ChangedPath:
    """A changed file; `lines` is such as `+3 -1`, empty where git counts none."""

    mark: str
    path: str
    is_staged: bool
    lines: str = ""


@dataclass(frozen=True)
class RecentCommit:
    hash: str
    subject: str


@dataclass
class RepoState:
    """`headline` is safe text: the branch and how far it is, or one line that says why there is none.

    `branch` is safe text as well: its name, or the commit where HEAD is detached; empty without a repository.
    """

    headline: str
    branch: str = ""
    changes: list[ChangedPath] = field(default_factory=list[ChangedPath])
    commits: list[RecentCommit] = field(default_factory=list[RecentCommit])


@dataclass(frozen=True)
class FolderEntry:
    path: str
    is_folder: bool


def read_state(root: Path) -> RepoState:
    """Not for the UI thread: git takes a while in a large tree."""
    from punie_tools.errors import ToolError
    from punie_tools.git.changed_lines import changed_lines
    from punie_tools.git.git_log import git_log
    from punie_tools.git.git_status import git_status
    from punie_tools.git.repository import Repository
    from punie_tools.tool import ToolContext
    from punie_tools.workspace import Workspace

    try:
        context = ToolContext(Workspace.at(root))
        status = git_status(context)
        lines = changed_lines(Repository.of(context)) if status.files else {}
        commits = git_log(context, count=_COMMITS).commits
    except (ToolError, OSError) as error:
        return RepoState(safe_text(str(error), single_line=True))
    changes: list[ChangedPath] = []
    for file in status.files:
        counted = lines.get((file.path, file.staged))
        told = f"+{counted.additions} -{counted.deletions}" if counted and not counted.is_binary else ""
        changes.append(ChangedPath(_MARKS[file.status], file.path, file.staged, told))
    newest = [RecentCommit(commit.hash, commit.message.split("\n", 1)[0]) for commit in commits]
    return RepoState(_headline(status), _branch(status), changes, newest)


def read_folder(root: Path, folder: str) -> tuple[list[FolderEntry], int]:
    """Folders first, then files, by name, and how many there are; what cannot be read is empty."""
    try:
        with os.scandir(root / folder) as found:
            entries = [
                FolderEntry(f"{folder}/{entry.name}" if folder else entry.name, entry.is_dir(follow_symlinks=False))
                for entry in found
                if entry.name != ".git"
            ]
    except OSError:
        return [], 0
    ordered = sorted(entries, key=lambda entry: (not entry.is_folder, entry.path.lower()))
    return ordered[:MOST_ENTRIES], len(ordered)


def _branch(status: GitStatusResult) -> str:
    branch = status.branch if status.branch != "HEAD" else f"detached at {status.commit[:8]}"
    return safe_text(branch, single_line=True)


def _headline(status: GitStatusResult) -> str:
    distance = " ".join([f"↑{status.ahead}"] * bool(status.ahead) + [f"↓{status.behind}"] * bool(status.behind))
    state = "clean" if status.is_clean else f"{len({file.path for file in status.files})} changed"
    return "  ".join(part for part in (_branch(status), distance, state) if part)
