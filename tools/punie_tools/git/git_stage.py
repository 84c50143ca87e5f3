"""git_stage: put changes into the next commit, by file or by hunk."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import Field

from punie_tools.errors import ToolError
from punie_tools.git.changed_hunks import told_hunks
from punie_tools.git.repository import Repository
from punie_tools.git.staged_files import StagedResult, staged_files
from punie_tools.tool import Risk, Tool, ToolContext

Paths = Annotated[list[str] | None, Field(description="Files or folders, also deleted ones.")]
Patch = Annotated[str, Field(description="Hunks of git_diff, as a patch; instead of paths.")]


def git_stage(context: ToolContext, paths: Paths = None, patch: Patch = "") -> StagedResult:
    """Stage files, or only the hunks of a patch, for the next commit. The files themselves stay as they are."""
    repository = Repository.of(context)
    if patch:
        _refuse_both(paths)
        repository.change("apply", "--cached", "--whitespace=nowarn", "-", stdin=as_bytes(patch))
    else:
        pathspecs = [repository.pathspec(path) for path in _given(paths)]
        repository.stage(pathspecs)
    return staged_files(repository)


def _preview(context: ToolContext, paths: list[str] | None = None, patch: str = "") -> str:
    """The command with what it would stage, or the hunks. Raises ToolError where there is neither."""
    if patch:
        return patch
    repository = Repository.of(context)
    pathspecs = [repository.pathspec(path) for path in _given(paths)]
    return f"{shlex.join(['git', 'add', '--all', '--', *_given(paths)])}\n\n{told_hunks(repository, pathspecs)}"


TOOL = Tool(git_stage, risk=Risk.EDITS, preview=_preview)


def as_bytes(patch: str) -> bytes:
    """A patch as git reads it: it must end with a line end."""
    return (patch if patch.endswith("\n") else f"{patch}\n").encode("utf-8", "surrogateescape")


def _given(paths: list[str] | None) -> list[str]:
    if not paths:
        raise ToolError("There is nothing to stage: give paths, '.' for all, or a patch.")
    return paths


def _refuse_both(paths: list[str] | None) -> None:
    if paths:
        raise ToolError("Give paths or a patch, not both.")
