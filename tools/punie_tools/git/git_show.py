"""git_show: one commit, with its changes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.git.file_changes import CHANGES_OPTIONS, FileDiff, first_paths, parse_changes, patch_text
from punie_tools.git.git_diff import PATCH_LIMIT
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00"
_FIELDS = 9
_OUTPUT_LIMIT = 64 * 1024 * 1024


class GitShowResult(ToolResult):
    """A commit. `files` are all that it changed; a merge's are those that it changed against its first parent."""

    hash: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    committer: str
    committer_email: str
    commit_date: str
    message: str
    additions: int
    deletions: int
    files: tuple[FileDiff, ...]
    patch: str
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        subject = self.message.split("\n", 1)[0]
        named = f" ({first_paths(self.files)})" if self.files else ""
        noun = "file" if len(self.files) == 1 else "files"
        changed = f"{len(self.files)} {noun}, +{self.additions} -{self.deletions} lines{named}"
        cut = "; the patch is too long to show whole" if self.truncated else ""
        return f'{self.hash[:10]} "{subject}" by {self.author} on {self.date[:10]}: {changed}{cut}.'


def git_show(
    context: ToolContext,
    revision: Annotated[str, Field(description="A commit: a hash, a branch, a tag, `HEAD~2` …")] = "HEAD",
) -> GitShowResult:
    """Show a commit: who made it, when, its message, the files it changed, and the patch."""
    repository = Repository.of(context)
    commit = repository.commit_of(revision)
    options = ["--encoding=UTF-8", "--no-show-signature", "--no-mailmap", "--no-notes", *DIFF_OPTIONS]
    # What a merge changed against its first parent is what it brought; git's combined form hides most of it.
    options.append("--diff-merges=first-parent")
    about = repository.read(
        "show", f"--format={_FORMAT}", *options, *CHANGES_OPTIONS, commit, output_limit=_OUTPUT_LIMIT
    )
    patch = repository.read("show", "--format=", *options, "--patch", commit, output_limit=PATCH_LIMIT)
    *head, listed = about.stdout.split(b"\0", _FIELDS)
    fields = [field.decode("utf-8", "replace") for field in head]
    files = parse_changes(listed)
    return GitShowResult(
        hash=fields[0],
        parents=tuple(fields[1].split()),
        author=fields[2],
        email=fields[3],
        date=fields[4],
        committer=fields[5],
        committer_email=fields[6],
        commit_date=fields[7],
        message=fields[8].strip("\n"),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        files=files,
        patch=patch_text(patch.stdout, is_cut=patch.truncated),
        truncated=patch.truncated,
    )


TOOL = Tool(git_show, risk=Risk.READS)
