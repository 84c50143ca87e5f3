"""git_unstage: take changes out of the next commit; the files stay as they are."""

from __future__ import annotations

import shlex

from punie_tools.errors import ToolError
from punie_tools.git.changed_hunks import told_hunks
from punie_tools.git.git_stage import Patch, Paths, as_bytes
from punie_tools.git.repository import Repository
from punie_tools.git.staged_files import StagedResult, staged_files
from punie_tools.tool import Risk, Tool, ToolContext


def git_unstage(context: ToolContext, paths: Paths = None, patch: Patch = "") -> StagedResult:
    """Unstage files, or only the hunks of a patch; without either all. The files themselves stay as they are."""
    if paths and patch:
        raise ToolError("Give paths or a patch, not both.")
    repository = Repository.of(context)
    if patch:
        repository.change("apply", "--cached", "--reverse", "--whitespace=nowarn", "-", stdin=as_bytes(patch))
        return staged_files(repository)
    specs = [repository.pathspec(path) for path in paths or ["."]]
    if repository.has_commits:
        repository.change("restore", "--staged", "--", *specs)
    else:
        repository.change("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", *specs)
    return staged_files(repository)


def _preview(context: ToolContext, paths: list[str] | None = None, patch: str = "") -> str:
    """The command with what it would unstage, or the hunks."""
    if patch:
        return patch
    repository = Repository.of(context)
    told = told_hunks(repository, [repository.pathspec(path) for path in paths or ["."]], is_staged=True)
    return f"{shlex.join(['git', 'restore', '--staged', '--', *(paths or ['.'])])}\n\n{told}"


TOOL = Tool(git_unstage, risk=Risk.EDITS, preview=_preview)
