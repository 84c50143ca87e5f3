"""git_stash: put changes aside, and take them back."""

from __future__ import annotations

import shlex
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.conflicts import change_or_conflicts, refuse_conflicts, require_trust
from punie_tools.git.git_status import git_status
from punie_tools.git.repository import Repository
from punie_tools.sentences import counted, first_of
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

_UNTRACKED_TOO = "--include-untracked"
_NO_COMMITS = "The repository has no commits yet, so nothing can be put aside."
_NOTHING_CHANGED = "Nothing is changed, so there is nothing to put aside."

Action = Annotated[
    Literal["push", "pop", "list"], Field(description="push: put aside; pop: take the last back; list: show them.")
]
Message = Annotated[str, Field(description="What is put aside.")]


class Stash(BaseModel):
    """Changes that are put aside."""

    model_config = ConfigDict(frozen=True)

    name: str
    hash: str
    date: str
    message: str


class GitStashResult(ToolResult):
    """What was done, and all stashes, newest first. With `conflicts` the stash is kept."""

    action: Literal["push", "pop", "list"]
    stash_count: int
    stashes: tuple[Stash, ...]
    conflicts: tuple[str, ...] = ()

    @computed_field
    @property
    def summary(self) -> str:
        left = f"{counted(self.stash_count, 'stash')}" if self.stash_count == 1 else f"{self.stash_count} stashes"
        if self.conflicts:
            return f"Taking the changes back left conflicts in {first_of(self.conflicts)}; the stash is kept."
        done = {"push": "Put the changes aside; ", "pop": "Took the changes back; ", "list": ""}[self.action]
        named = first_of([f"{stash.name} {stash.message}" for stash in self.stashes])
        return f"{done}{left}{' now' if done else f': {named}' if named else ''}."


def git_stash(context: ToolContext, action: Action = "push", message: Message = "") -> GitStashResult:
    """Put all changes aside, untracked files too, or take the last ones back, or list what is put aside."""
    repository = Repository.of(context)
    conflicts: tuple[str, ...] = ()
    if action == "push":
        _push(repository, message)
    elif action == "pop":
        require_trust(repository, "Taking changes back")
        _require_any(repository)
        conflicts = change_or_conflicts(repository, "stash", "pop", "--quiet")
    stashes = _stashes(repository)
    return GitStashResult(action=action, stash_count=len(stashes), stashes=stashes, conflicts=conflicts)


def _preview(context: ToolContext, action: str = "push", message: str = "") -> str:
    """The command. Nobody is asked about what would fail."""
    if action == "pop":
        _require_any(Repository.of(context))
    elif action == "push":
        refuse_conflicts(Repository.of(context))
        status = git_status(context)
        if not status.commit:
            raise ToolError(_NO_COMMITS)
        if status.is_clean and not status.changed_elsewhere:
            raise ToolError(_NOTHING_CHANGED)
    return shlex.join(["git", "stash", action, *([_UNTRACKED_TOO] if action == "push" else []), *_told(message)])


TOOL = Tool(
    git_stash,
    risk=Risk.RUNS,
    risk_of=lambda arguments: {"list": Risk.READS, "push": Risk.EDITS}.get(arguments.get("action", "push"), Risk.RUNS),
    preview=_preview,
)


def _require_any(repository: Repository) -> None:
    if not _stashes(repository):
        raise ToolError("Nothing is put aside.")


def _push(repository: Repository, message: str) -> None:
    if not repository.has_commits:
        raise ToolError(_NO_COMMITS)
    refuse_conflicts(repository)
    if repository.submodules():
        # git looks for changes inside them, through their own filters, and no option of `stash` says otherwise.
        require_trust(repository, "Putting changes aside in a repository with submodules")
    before = _stashes(repository)
    # To remove the untracked files that it has put aside git names them by a pattern of its own.
    repository.change("--no-literal-pathspecs", "stash", "push", _UNTRACKED_TOO, "--quiet", *_told(message))
    if _stashes(repository) == before:
        raise ToolError(_NOTHING_CHANGED)


def _told(message: str) -> list[str]:
    return [f"--message={message}"] if message else []


def _stashes(repository: Repository) -> tuple[Stash, ...]:
    listed = repository.output_of("stash", "list", "-z", "--format=%gd%x01%H%x01%aI%x01%gs")
    rows = (spelled(row).split("\x01", 3) for row in listed.split(b"\0") if row)
    return tuple(Stash(name=name, hash=commit, date=date, message=message) for name, commit, date, message in rows)
