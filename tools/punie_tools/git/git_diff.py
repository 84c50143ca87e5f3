"""git_diff: what changed inside files, as a patch and in numbers."""

from __future__ import annotations

from pydantic import computed_field

from punie_tools.errors import ToolError
from punie_tools.git.conflicts import conflicted_files
from punie_tools.git.file_changes import CHANGES_OPTIONS, FileDiff, first_paths, parse_changes, patch_text
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.git.revision_range import read_range
from punie_tools.sentences import first_of
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

PATCH_LIMIT = 512 * 1024


class GitDiffResult(ToolResult):
    """The numbers are those of the whole diff, also if `patch` was cut; `sides` tells both where two are compared."""

    file_count: int
    additions: int
    deletions: int
    files: tuple[FileDiff, ...]
    patch: str
    truncated: bool = False
    sides: str | None = None

    @computed_field
    @property
    def summary(self) -> str:
        between = f" {self.sides}" if self.sides else ""
        if not self.file_count:
            return f"Nothing differs{between}."
        noun = "file differs" if self.file_count == 1 else "files differ"
        cut = "; the patch is too long to show whole" if self.truncated else ""
        lines = f"(+{self.additions} -{self.deletions} lines)"
        return f"{self.file_count} {noun}{between} {lines}: {first_paths(self.files)}{self._conflicts()}{cut}."

    def _conflicts(self) -> str:
        conflicted = [file.path for file in self.files if file.status == "conflicted"]
        if len(conflicted) == self.file_count:
            return "; all of them in conflict" if self.file_count > 1 else ", in conflict"
        return f"; in conflict: {first_of(conflicted)}" if conflicted else ""


def git_diff(
    context: ToolContext, path: str | None = None, staged: bool = False, base: str | None = None
) -> GitDiffResult:
    """Show what changed and is not staged, what is staged, or all since `base`, which as `A..B` names both sides."""
    repository = Repository.of(context)
    if (both := read_range(repository, base or "")) and staged:
        raise ToolError(f"What is staged can be compared with one revision; {base!r} names two.")
    options = [*DIFF_OPTIONS, "--relative", *(["--cached"] if staged else [])]
    one = [repository.commit_of(base)] if base is not None and not both else []
    revision = [both.start, both.end] if both else one
    pathspec = repository.pathspec(path) if path is not None else "."
    numbers = repository.run("diff", *CHANGES_OPTIONS, *options, *revision, "--", pathspec)
    patch = repository.run("diff", "--patch", *options, *revision, "--", pathspec, output_limit=PATCH_LIMIT)
    files = _with_conflicts(parse_changes(numbers.stdout), conflicted_files(repository) if one else ())
    return GitDiffResult(
        file_count=len(files),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        files=files,
        patch=patch_text(patch.stdout, is_cut=patch.truncated),
        truncated=patch.truncated,
        sides=both.sides if both else None,
    )


def _with_conflicts(files: tuple[FileDiff, ...], conflicted: tuple[str, ...]) -> tuple[FileDiff, ...]:
    """Compared with a commit a file in conflict looks like any other to git."""
    return tuple(
        file.model_copy(update={"status": "conflicted"}) if file.path in conflicted else file for file in files
    )


TOOL = Tool(git_diff, risk=Risk.READS)
