"""git_status: which files changed, and which of those changes are staged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.files.temporary_files import is_temporary
from punie_tools.git.repository import STATUS_OPTIONS, Repository
from punie_tools.sentences import first_of
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

Status = Literal["modified", "added", "deleted", "renamed", "copied", "type_changed", "conflicted", "untracked"]

_STATUS_OF_LETTER: dict[str, Status] = {
    "M": "modified",
    "A": "added",
    "D": "deleted",
    "R": "renamed",
    "C": "copied",
    "T": "type_changed",
}
_OUTPUT_LIMIT = 256 * 1024 * 1024


class FileStatus(BaseModel):
    """One change; a file can have a staged and an unstaged one. `original_path` is what a renamed file was called."""

    model_config = ConfigDict(frozen=True)

    path: str
    status: Status
    staged: bool
    original_path: str | None = None


class GitStatusResult(ToolResult):
    """Changes below the workspace; `changed_elsewhere` counts those in the rest of the repository.

    `branch` is `HEAD` when no branch is checked out; `commit` is empty before the first one.
    """

    branch: str
    commit: str
    upstream: str | None
    ahead: int
    behind: int
    is_clean: bool
    staged: tuple[str, ...]
    unstaged: tuple[str, ...]
    untracked: tuple[str, ...]
    files: tuple[FileStatus, ...]
    changed_elsewhere: int = 0

    @computed_field
    @property
    def summary(self) -> str:
        where = f"On branch {self.branch}" if self.branch != "HEAD" else f"HEAD is detached at {self.commit[:7]}"
        conflicted = {file.path: file for file in self.files if file.status == "conflicted"}
        groups = {
            "conflicted": tuple(conflicted),
            "staged": self.staged,
            "unstaged": tuple(path for path in self.unstaged if path not in conflicted),
            "untracked": self.untracked,
        }
        told = [f"{len(paths)} {name} ({first_of(paths)})" for name, paths in groups.items() if paths]
        told += [f"{self.changed_elsewhere} outside this folder"] if self.changed_elsewhere else []
        return f"{where}: {', '.join(told) if told else 'nothing changed'}{self._distance()}."

    def _distance(self) -> str:
        told = [f"{self.ahead} ahead"] if self.ahead else []
        told += [f"{self.behind} behind"] if self.behind else []
        return f"; {' and '.join(told)} of {self.upstream}" if told else ""


def git_status(context: ToolContext) -> GitStatusResult:
    """Show the branch and which files are staged, changed, conflicted or untracked, from the index and the files."""
    repository = Repository.of(context)
    entries = _entries(repository)
    prefix = spelled(repository.prefix)
    everything = list(_changes(entries))
    files = tuple(_below(change, prefix) for change in everything if change.path.startswith(prefix))
    return GitStatusResult(
        **_branch(entries),
        is_clean=not everything,
        staged=tuple(file.path for file in files if file.staged),
        unstaged=tuple(file.path for file in files if not file.staged and file.status != "untracked"),
        untracked=tuple(file.path for file in files if file.status == "untracked"),
        files=files,
        changed_elsewhere=len(everything) - len(files),
    )


def _entries(repository: Repository) -> list[str]:
    form = ("--porcelain=v2", "-z", "--branch", "--ahead-behind", "--untracked-files=all", "--find-renames")
    finished = repository.run("status", *form, *STATUS_OPTIONS, output_limit=_OUTPUT_LIMIT)
    return [spelled(entry) for entry in finished.stdout.split(b"\0")]


def _branch(entries: list[str]) -> dict[str, Any]:
    """The fields that git tells in lines such as `# branch.ab +1 -2`."""
    headers = dict(entry[2:].split(" ", 1) for entry in entries if entry.startswith("# "))
    ahead, behind = headers.get("branch.ab", "+0 -0").split(" ")
    return {
        "branch": headers.get("branch.head", "").replace("(detached)", "HEAD"),
        "commit": headers.get("branch.oid", "").replace("(initial)", ""),
        "upstream": headers.get("branch.upstream"),
        "ahead": int(ahead),
        "behind": -int(behind),
    }


def _changes(entries: list[str]) -> Iterator[FileStatus]:
    remaining = iter(entries)
    for entry in remaining:
        match entry[:2]:
            case "1 ":
                yield from _tracked(entry.split(" ", 8))
            case "2 ":
                yield from _tracked(entry.split(" ", 9), original_path=next(remaining))
            case "u ":
                yield FileStatus(path=entry.split(" ", 10)[-1], status="conflicted", staged=False)
            case "? " if not is_temporary(entry[2:]):
                yield FileStatus(path=entry[2:], status="untracked", staged=False)
            case _:
                continue


def _tracked(fields: list[str], original_path: str | None = None) -> Iterator[FileStatus]:
    """The second field holds two letters, for the index and for the working tree."""
    for letter, staged in zip(fields[1], (True, False), strict=True):
        if letter in _STATUS_OF_LETTER:
            status = _STATUS_OF_LETTER[letter]
            moved = status in ("renamed", "copied")
            yield FileStatus(
                path=fields[-1], status=status, staged=staged, original_path=original_path if moved else None
            )


def _below(change: FileStatus, prefix: str) -> FileStatus:
    original = change.original_path
    return change.model_copy(
        update={
            "path": change.path.removeprefix(prefix),
            "original_path": original.removeprefix(prefix) if original else None,
        }
    )


TOOL = Tool(git_status, risk=Risk.READS)
