"""git_branch: go to another branch, or begin one."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.git_branches import git_branches
from punie_tools.git.repository import Repository
from punie_tools.sentences import shortened
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

Name = Annotated[str, Field(description="The branch's name.")]
Create = Annotated[bool, Field(description="Begin a branch of this name.")]
Start = Annotated[str | None, Field(description="Where a new branch begins; without it at HEAD.")]


class GitBranchResult(ToolResult):
    """The branch that is checked out now, and the one before; empty for a detached HEAD."""

    branch: str
    previous: str
    created: bool
    hash: str

    @computed_field
    @property
    def summary(self) -> str:
        done = "Began" if self.created else "Went to"
        return f"{done} {self.branch} at {self.hash[:10]}{f', from {self.previous}' if self.previous else ''}."


def git_branch(context: ToolContext, name: Name, create: Create = False, start: Start = None) -> GitBranchResult:
    """Switch to a branch, or create one and switch to it. Changes that are not committed come along, or stop it."""
    repository = Repository.of(context)
    previous = _current(repository)
    repository.change(*_command(repository, name, create, start))
    head = repository.output_of("rev-parse", "--verify", "--quiet", "HEAD").decode()
    return GitBranchResult(branch=_current(repository), previous=previous, created=create, hash=head)


def _preview(context: ToolContext, name: str, create: bool = False, start: str | None = None) -> str:
    """The command."""
    return shlex.join(["git", *_command(Repository.of(context), name, create, start)])


TOOL = Tool(git_branch, risk=Risk.EDITS, preview=_preview)


def _command(repository: Repository, name: str, create: bool, start: str | None) -> list[str]:
    """Raises ToolError for a name that no branch can have, or none has."""
    if name.startswith("-") or not repository.succeeds("check-ref-format", "--branch", name):
        raise ToolError(f"{shortened(name, 80)!r} cannot be a branch's name.")
    if create:
        return ["switch", "--quiet", "--create", name, *([repository.commit_of(start)] if start else [])]
    if start is not None:
        raise ToolError("`start` says where a new branch begins; set create, too.")
    names = [branch.name for branch in git_branches(repository.context).branches if branch.kind == "local"]
    if name not in names:
        known = f"; there are: {', '.join(names[:10])}" if names else ""
        raise ToolError(f"There is no branch {name!r}{known}. create=true begins one.")
    return ["switch", "--quiet", "--no-guess", name]


def _current(repository: Repository) -> str:
    found = repository.output_of("symbolic-ref", "--quiet", "HEAD").decode("utf-8", "replace")
    return found.removeprefix("refs/heads/")
