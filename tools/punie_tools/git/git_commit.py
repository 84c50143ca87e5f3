"""git_commit: what is staged, as a commit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.conflicts import refuse_conflicts
from punie_tools.git.file_changes import first_paths
from punie_tools.git.git_show import GitShowResult, git_show
from punie_tools.git.repository import Repository
from punie_tools.git.staged_files import StagedResult, staged_files
from punie_tools.tool import Risk, Tool, ToolContext


class GitCommitResult(GitShowResult):
    """The new commit. `ran_hooks` says whether the person's hooks ran, which they do in a trusted folder alone."""

    branch: str
    ran_hooks: bool

    @computed_field
    @property
    def summary(self) -> str:
        subject = self.message.split("\n", 1)[0]
        named = f" ({first_paths(self.files)})" if self.files else ""
        noun = "file" if len(self.files) == 1 else "files"
        where = f"on {self.branch}" if self.branch else "on a detached HEAD"
        changed = f"{len(self.files)} {noun}, +{self.additions} -{self.deletions} lines{named}"
        return f'Committed {self.hash[:10]} "{subject}" {where}: {changed}.'


def git_commit(
    context: ToolContext, message: Annotated[str, Field(description="The whole message, its subject first.")]
) -> GitCommitResult:
    """Commit what is staged. Nothing is pushed; hooks run only in a folder that the person has trusted."""
    repository, _ = _checked(context, message)
    repository.change("commit", "--quiet", "--cleanup=whitespace", "--file=-", stdin=message.encode("utf-8", "replace"))
    shown = git_show(context)
    branch = repository.output_of("symbolic-ref", "--quiet", "HEAD").decode("utf-8", "replace")
    return GitCommitResult(
        **shown.model_dump(exclude={"summary"}),
        branch=branch.removeprefix("refs/heads/"),
        ran_hooks=context.workspace.is_trusted,
    )


def _preview(context: ToolContext, message: str) -> str:
    """What is staged, and the message."""
    _, staged = _checked(context, message)
    files = [f"  {file.status} {file.path} (+{file.additions} -{file.deletions})" for file in staged.files]
    return "\n".join(["git commit", *files, "", message])


def _checked(context: ToolContext, message: str) -> tuple[Repository, StagedResult]:
    """Where a commit would be made, and of what. Raises ToolError where it would fail, before anybody is asked."""
    if not message.strip():
        raise ToolError("The message is empty; say what the commit does.")
    repository = Repository.of(context)
    refuse_conflicts(repository)
    staged = staged_files(repository)
    if not staged.file_count and not repository.output_of("rev-parse", "--verify", "-q", "MERGE_HEAD"):
        raise ToolError("Nothing is staged; stage files with git_stage first.")
    return repository, staged


TOOL = Tool(git_commit, risk=Risk.EDITS, preview=_preview)
