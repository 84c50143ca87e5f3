"""git_cherry_pick: another branch's commit, here."""

from __future__ import annotations

import shlex
from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.conflicts import change_or_conflicts, require_trust
from punie_tools.git.repository import Repository
from punie_tools.git.staged_files import staged_files
from punie_tools.sentences import counted, first_of
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

Revision = Annotated[str, Field(description="The commit: a hash, a branch, `side~1` …")]


class GitCherryPickResult(ToolResult):
    """The new commit, or the files in conflict: then the pick waits until they are solved, staged and committed."""

    picked: str
    hash: str
    message: str
    conflicts: tuple[str, ...] = ()

    @computed_field
    @property
    def summary(self) -> str:
        subject = self.message.split("\n", 1)[0]
        if self.conflicts:
            files = counted(len(self.conflicts), "file")
            return (
                f'Picking {self.picked[:10]} "{subject}" left conflicts in {files}: {first_of(self.conflicts)}; '
                "solve them, stage them, and commit."
            )
        return f'Picked {self.picked[:10]} "{subject}" as {self.hash[:10]}.'


def git_cherry_pick(context: ToolContext, revision: Revision) -> GitCherryPickResult:
    """Make a commit's changes again on the current branch. Conflicts are named, and left in the files to be solved."""
    repository = Repository.of(context)
    require_trust(repository, "Picking a commit")
    commit = repository.commit_of(revision)
    message = repository.read("show", "--no-patch", "--format=%B", "--no-show-signature", commit).stdout
    if _is_picking(repository):
        raise ToolError("Another commit is being picked already; solve and commit that first.")
    try:
        conflicts = change_or_conflicts(repository, "cherry-pick", commit)
    except ToolError:
        if _is_picking(repository) and not staged_files(repository).file_count:
            repository.change("cherry-pick", "--skip")
            raise ToolError(f"The changes of {commit[:10]} are here already, so nothing was picked.") from None
        raise
    head = "" if conflicts else repository.commit_of("HEAD")
    return GitCherryPickResult(
        picked=commit, hash=head, message=message.decode("utf-8", "replace").strip("\n"), conflicts=conflicts
    )


def _is_picking(repository: Repository) -> bool:
    return bool(repository.output_of("rev-parse", "--verify", "--quiet", "CHERRY_PICK_HEAD"))


def _preview(context: ToolContext, revision: str) -> str:
    """The command."""
    return shlex.join(["git", "cherry-pick", Repository.of(context).commit_of(revision)])


TOOL = Tool(git_cherry_pick, risk=Risk.RUNS, preview=_preview)
