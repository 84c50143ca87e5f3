"""git_blame: which commit each line of a file comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from pydantic import Field, computed_field

from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository
from punie_tools.sentences import counted, first_of, shortened
from punie_tools.spelling import spelled
from punie_tools.tool import ResultRow, Risk, Tool, ToolContext, ToolResult

MOST_LINES = 20_000

_OUTPUT_LIMIT = 64 * 1024 * 1024


class BlamedLine(ResultRow):
    """A line and its last commit; the hash of a line that is not committed is all zeros."""

    line: int
    hash: str
    author: str
    email: str
    date: str
    message: str
    """The first line of the commit's message."""
    text: str

    @property
    def is_committed(self) -> bool:
        """False for a line that is only in the working tree."""
        return bool(self.hash.strip("0"))

    @property
    def commit_in_short(self) -> str:
        return f'{self.hash[:8]} "{shortened(self.message, 60)}"'

    def origin(self, author_width: int) -> str:
        """A column of a table: the commit and its author, of whom no more is shown than the width."""
        told = f"{self.hash[:8]} {self.author[:author_width]}" if self.is_committed else "not committed"
        return told.ljust(author_width + 9)

    def as_row(self) -> str:
        """As git itself prints it, without the time of day."""
        return f"{self.origin(20)} {self.date[:10]} {self.line:>4}│ {self.text}"


class GitBlameResult(ToolResult):
    """The lines asked for, at most 20,000; `truncated` says that there are more."""

    path: str
    lines: tuple[BlamedLine, ...]
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        if not self.lines:
            return f"{self.path} is empty."
        where = f"{self.path}:{self.lines[0].line}-{self.lines[-1].line}"
        committed = [line for line in self.lines if line.is_committed]
        if not committed:
            return f"{where} is not committed yet."
        authors = Counter(line.author for line in committed).most_common(3)
        named = ", ".join(f"{author} {count}" for author, count in authors)
        commits = Counter(line.hash for line in committed).most_common()
        told = {line.hash: line.commit_in_short for line in committed}
        first = first_of([told[commit] for commit, _ in commits])
        fresh = len(self.lines) - len(committed)
        rest = f"; {counted(fresh, 'line')} not committed yet" if fresh else ""
        more = f" Only {len(self.lines):,} lines were read." if self.truncated else ""
        return f"{where} comes from {counted(len(commits), 'commit')}: {first}; lines by author: {named}{rest}.{more}"


def git_blame(
    context: ToolContext,
    path: Annotated[str, Field(description="A file that git tracks.")],
    start_line: Annotated[int, Field(ge=1)] = 1,
    end_line: Annotated[int | None, Field(ge=1, description="The last line; without one to the end.")] = None,
) -> GitBlameResult:
    """Show for each line of a file which commit it comes from: author, date, message."""
    if end_line is not None and end_line < start_line:
        raise ToolError(f"end_line {end_line} is before start_line {start_line}.")
    repository = Repository.of(context)
    file = context.workspace.resolve(path)
    if file.is_dir():
        raise ToolError(f"{path} is a folder; git_blame takes a file.")
    pathspec = repository.pathspec(path)
    name = spelled(pathspec)
    if not repository.has_commits:
        raise ToolError("The repository has no commits yet.")
    if not repository.read("ls-files", "-z", "--", pathspec).stdout:
        raise ToolError(f"git does not track {name!r}; it has no history.")
    lines = list(_lines(repository, pathspec, name, start_line, end_line))
    return GitBlameResult(path=name, lines=tuple(lines[:MOST_LINES]), truncated=len(lines) > MOST_LINES)


def _lines(
    repository: Repository, pathspec: str, name: str, start_line: int, end_line: int | None
) -> Iterator[BlamedLine]:
    # One line more than is shown tells whether there are more.
    last = start_line + MOST_LINES if end_line is None else min(end_line, start_line + MOST_LINES)
    asked = ["--porcelain", "--encoding=UTF-8", "--no-textconv", f"-L{start_line},{last}"]
    try:
        finished = repository.run("blame", *asked, "--", pathspec, output_limit=_OUTPUT_LIMIT)
    except ToolError as error:
        if "has only" not in str(error):
            raise
        if start_line == 1:
            return
        count = str(error).partition("has only ")[2].partition(" ")[0]
        raise ToolError(f"{name} has only {count} lines; start_line is {start_line}.") from None
    yield from _parse(finished.stdout)


def _parse(output: bytes) -> Iterator[BlamedLine]:
    """Read `--porcelain`: a commit is described where it comes first, and only named where it comes again."""
    commits: dict[str, dict[str, str]] = {}
    number, commit = 0, ""
    for row in output.split(b"\n"):
        key, _, value = row.decode("utf-8", "replace").partition(" ")
        if row.startswith(b"\t"):
            yield _line(number, commit, commits[commit], spelled(row[1:]))
            commit = ""
        elif commit:
            commits[commit][key] = value
        elif row:
            commit, number = key, int(value.split(" ")[1])
            commits.setdefault(commit, {})


def _line(number: int, commit: str, about: dict[str, str], text: str) -> BlamedLine:
    return BlamedLine(
        line=number,
        hash=commit,
        author=about["author"],
        email=about["author-mail"].removeprefix("<").removesuffix(">"),
        date=_iso(int(about["author-time"]), about["author-tz"]),
        message=about["summary"],
        text=text,
    )


def _iso(seconds: int, zone: str) -> str:
    sign = -1 if zone.startswith("-") else 1
    try:
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * sign
        return datetime.fromtimestamp(seconds, timezone(offset)).isoformat()
    except (ValueError, OverflowError, OSError):
        # Programs have written commits with zones and times that there are not; git shows such a one like this.
        return datetime.fromtimestamp(0, UTC).isoformat()


TOOL = Tool(git_blame, risk=Risk.READS)
