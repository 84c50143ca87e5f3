"""Files that a merge left in conflict."""

from __future__ import annotations

from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository
from punie_tools.sentences import first_of
from punie_tools.spelling import spelled


def conflicted_files(repository: Repository) -> tuple[str, ...]:
    """The files with conflict marks, or deleted on one side, below the workspace."""
    entries = repository.read("ls-files", "--unmerged", "-z").stdout.split(b"\0")
    return tuple(sorted({spelled(entry.partition(b"\t")[2]) for entry in entries if entry}))


def refuse_conflicts(repository: Repository) -> None:
    """Raise ToolError where files are in conflict already: git would refuse, mostly without naming them."""
    if conflicts := conflicted_files(repository):
        are = "is" if len(conflicts) == 1 else "are"
        raise ToolError(f"{first_of(conflicts)} {are} in conflict already; solve that first, and stage it.")


def change_or_conflicts(repository: Repository, *arguments: str) -> tuple[str, ...]:
    """Run a command that merges; the files in conflict if there are any. Raises ToolError if it failed otherwise."""
    refuse_conflicts(repository)
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
