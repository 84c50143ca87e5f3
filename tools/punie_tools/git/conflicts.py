"""Files that a merge left in conflict."""

from __future__ import annotations

from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository
from punie_tools.spelling import spelled


def conflicted_files(repository: Repository) -> tuple[str, ...]:
    """The files with conflict marks, or deleted on one side, below the workspace."""
    listed = repository.read("diff", "--name-only", "--diff-filter=U", "--relative", "--no-ext-diff", "-z").stdout
    return tuple(sorted({spelled(name) for name in listed.split(b"\0") if name}))


def change_or_conflicts(repository: Repository, *arguments: str) -> tuple[str, ...]:
    """Run a command that merges; the files in conflict if there are any. Raises ToolError if it failed otherwise."""
    if conflicts := conflicted_files(repository):
        raise ToolError(f"{conflicts[0]} is in conflict already; solve that first, and stage it.")
    try:
        repository.change(*arguments)
    except ToolError:
        if conflicts := conflicted_files(repository):
            return conflicts
        raise
    return ()


def require_trust(repository: Repository, what: str) -> None:
    """Raise ToolError in an untrusted folder: the repository may name programs that merge or filter its files."""
    if not repository.context.workspace.is_trusted:
        raise ToolError(f"{what} can start programs that the repository names, and this folder is not trusted.")
