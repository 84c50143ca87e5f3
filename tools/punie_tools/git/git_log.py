"""git_log: the newest commits."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.repository import DIFF_OPTIONS, Repository
from punie_tools.sentences import counted, first_of, single_line
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

COUNT_LIMIT = 1000

_FORMAT = "%x00%H%x00%an%x00%ae%x00%aI%x00%B%x00"
_FIELDS = 6
_OUTPUT_LIMIT = 256 * 1024 * 1024


class Commit(BaseModel):
    """`date` is the author's; `files_changed` is how many files git lists for the commit, none for a merge."""

    model_config = ConfigDict(frozen=True)

    hash: str
    author: str
    email: str
    date: str
    message: str
    files_changed: int


class GitLogResult(ToolResult):
    """Newest first. `has_older` says that there are older ones, and `truncated` that no call lists more than these.

    `is_cut_off` says that fewer came because a shallow clone holds no older ones.
    """

    commit_count: int
    commits: tuple[Commit, ...]
    has_older: bool = False
    truncated: bool = False
    is_cut_off: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        if not self.commits:
            return "There are no commits."
        newest = self.commits[0]
        older = ", and this shallow clone holds no older ones" if self.is_cut_off else ""
        count = counted(self.commit_count, "commit")
        told = f"The last {count}" if self.has_older and self.commit_count > 1 else f"{count}{older}"
        before = [f'{commit.hash[:8]} "{_subject(commit)}"' for commit in self.commits[1:]]
        earlier = f"; before it {first_of(before, total=self.commit_count - 1)}" if before else ""
        return (
            f'{told}; the newest is {newest.hash[:8]} "{_subject(newest)}" by {newest.author} on {newest.date[:10]}'
            f"{earlier}."
        )


def _subject(commit: Commit) -> str:
    return single_line(commit.message.split("\n", 1)[0])


def git_log(context: ToolContext, path: str | None = None, count: int = 10) -> GitLogResult:
    """List the newest commits of the current branch, or those that changed `path`."""
    if count < 1:
        raise ToolError(f"count is {count}, and there is nothing to list.")
    repository = Repository.of(context)
    pathspec = repository.pathspec(path) if path is not None else "."
    # At the root of a repository a limit to `.` would only leave out commits that changed no file.
    is_limited = path is not None and (pathspec != "." or repository.prefix != "")
    if not repository.has_commits:
        return GitLogResult(commit_count=0, commits=())
    most = min(count, COUNT_LIMIT)
    finished = repository.read(
        "log",
        # One more than is listed tells whether there are older ones.
        f"--max-count={most + 1}",
        f"--format={_FORMAT}",
        "--name-only",
        "--full-diff",
        # As git_show counts them.
        "--diff-merges=first-parent",
        "--encoding=UTF-8",
        "--no-show-signature",
        "--no-mailmap",
        *DIFF_OPTIONS,
        *(["--", pathspec] if is_limited else []),
        output_limit=_OUTPUT_LIMIT,
    )
    found = _parse(finished.stdout.decode("utf-8", "replace"))
    commits, has_older = found[:most], len(found) > most
    return GitLogResult(
        commit_count=len(commits),
        commits=commits,
        has_older=has_older,
        truncated=has_older and most == COUNT_LIMIT,
        is_cut_off=len(commits) < most and repository.is_shallow,
    )


def _parse(output: str) -> tuple[Commit, ...]:
    """Five fields of a commit, then the names of its files, one a line: git quotes a name that has a line break."""
    fields = output.split("\0")[1:]
    return tuple(
        Commit(
            hash=commit,
            author=author,
            email=email,
            date=date,
            message=message.strip("\n"),
            files_changed=sum(1 for name in names.split("\n") if name),
        )
        for commit, author, email, date, message, names in (
            fields[start : start + _FIELDS] for start in range(0, len(fields) - _FIELDS + 1, _FIELDS)
        )
    )


TOOL = Tool(git_log, risk=Risk.READS)
