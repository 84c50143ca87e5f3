"""git_branches: the branches, what each is about, and how far it is from its upstream."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import computed_field

from punie_tools.git.repository import Repository
from punie_tools.sentences import first_of
from punie_tools.spelling import spelled
from punie_tools.tool import ResultRow, Risk, Tool, ToolContext, ToolResult

MOST_BRANCHES = 1_000

_FIELDS = (
    "refname",
    "HEAD",
    "symref",
    "objectname",
    "upstream:short",
    "upstream:track,nobracket",
    "worktreepath",
    "authorname",
    "authoremail:trim",
    "authordate:iso-strict",
    "contents:subject",
)
_AHEAD = re.compile(r"ahead (\d+)")
_BEHIND = re.compile(r"behind (\d+)")


class Branch(ResultRow):
    """A branch and its newest commit. `ahead` and `behind` count commits against the upstream."""

    name: str
    kind: Literal["local", "remote"]
    is_current: bool
    hash: str
    author: str
    email: str
    date: str
    message: str
    """The first line of the commit's message."""
    upstream: str | None
    ahead: int
    behind: int
    is_upstream_gone: bool
    worktree: str | None
    """The folder where it is checked out, if it is."""

    def as_row(self) -> str:
        """A star before the current one, and how it stands to its upstream."""
        counts = [(self.ahead, "ahead"), (self.behind, "behind")]
        stands = ["gone"] if self.is_upstream_gone else [f"{count} {word}" for count, word in counts if count]
        upstream = f" [{', '.join([self.upstream, *stands])}]" if self.upstream else ""
        mark = "*" if self.is_current else " "
        return f"{mark} {self.name} {self.hash[:8]} {self.date[:10]} {self.author}:{upstream} {self.message}"


class GitBranchesResult(ToolResult):
    """Local branches first, then those of remotes, each by name. `current` is empty while HEAD is detached."""

    current: str
    head: str
    """The commit that is checked out; empty before the first one."""
    is_detached: bool
    branch_count: int
    branches: tuple[Branch, ...]
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        local = sum(branch.kind == "local" for branch in self.branches)
        remote = len(self.branches) - local
        where = f"HEAD is detached at {self.head[:10]}" if self.is_detached else f"On {self.current}"
        if not self.head:
            return f"{where}, which has no commits yet."
        noun = "branch" if local == 1 else "branches"
        told = f"{local} local {noun}{self._named('local')}, {remote} of remotes{self._named('remote')}"
        return f"{where}; {told}."

    def _named(self, kind: Literal["local", "remote"]) -> str:
        """In brackets; none where the only one is told already."""
        names = [branch.name for branch in self.branches if branch.kind == kind]
        return f" ({first_of(names, 5)})" if [name for name in names if name != self.current] else ""


def git_branches(context: ToolContext) -> GitBranchesResult:
    """List local and remote branches: newest commit, upstream, commits ahead and behind; which one is checked out."""
    repository = Repository.of(context)
    pattern = "%00".join(f"%({field})" for field in _FIELDS)
    listed = repository.read("for-each-ref", f"--format={pattern}", "refs/heads", "refs/remotes").stdout
    rows = [spelled(row).split("\0") for row in listed.split(b"\n") if row]
    # `origin/HEAD` is another name of a branch that is listed anyway.
    branches = [_branch(dict(zip(_FIELDS, row, strict=True))) for row in rows if not row[_FIELDS.index("symref")]]
    current = spelled(repository.output_of("symbolic-ref", "--quiet", "HEAD")).removeprefix("refs/heads/")
    return GitBranchesResult(
        current=current,
        head=repository.output_of("rev-parse", "--verify", "--quiet", "HEAD").decode(),
        is_detached=not current,
        branch_count=len(branches),
        branches=tuple(branches[:MOST_BRANCHES]),
        truncated=len(branches) > MOST_BRANCHES,
    )


def _branch(fields: dict[str, str]) -> Branch:
    track = fields["upstream:track,nobracket"]
    ahead, behind = _AHEAD.search(track), _BEHIND.search(track)
    name = fields["refname"]
    is_local = name.startswith("refs/heads/")
    return Branch(
        name=name.removeprefix("refs/heads/").removeprefix("refs/remotes/"),
        kind="local" if is_local else "remote",
        is_current=fields["HEAD"] == "*",
        hash=fields["objectname"],
        author=fields["authorname"],
        email=fields["authoremail:trim"],
        date=fields["authordate:iso-strict"],
        message=fields["contents:subject"],
        upstream=fields["upstream:short"] or None,
        ahead=int(ahead[1]) if ahead else 0,
        behind=int(behind[1]) if behind else 0,
        is_upstream_gone=track == "gone",
        worktree=fields["worktreepath"] or None,
    )


TOOL = Tool(git_branches, risk=Risk.READS)
