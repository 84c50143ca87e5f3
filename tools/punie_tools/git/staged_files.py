"""What the next commit would hold."""

from __future__ import annotations

from pydantic import computed_field

from punie_tools.git.file_changes import CHANGES_OPTIONS, FileDiff, first_paths, parse_changes
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.tool import ToolResult


class StagedResult(ToolResult):
    """All files that are staged now, with their lines."""

    file_count: int
    additions: int
    deletions: int
    files: tuple[FileDiff, ...]

    @computed_field
    @property
    def summary(self) -> str:
        if not self.file_count:
            return "Nothing is staged."
        noun = "file is" if self.file_count == 1 else "files are"
        return (
            f"{self.file_count} {noun} staged (+{self.additions} -{self.deletions} lines): {first_paths(self.files)}."
        )


def staged_files(repository: Repository) -> StagedResult:
    """Ask git what is staged."""
    listed = repository.run("diff", "--cached", "--relative", *DIFF_OPTIONS, *CHANGES_OPTIONS, "--", ".")
    files = parse_changes(listed.stdout)
    return StagedResult(
        file_count=len(files),
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        files=files,
    )
