"""grep: the lines that match a regular expression or a literal text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.errors import ToolError
from punie_tools.files.glob import glob_matcher, is_everything
from punie_tools.files.match_stream import MatchStream
from punie_tools.files.ripgrep import SECONDS, run_ripgrep, search_command, search_root, type_options
from punie_tools.sentences import first_of, shortened
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

MATCH_LIMIT = 1000
TEXT_LIMIT = 500

_KEPT_OUTPUT = 1 << 16


class GrepMatch(BaseModel):
    """A matching line; `column` is where its first match begins, `text` the line, cut if it is very long."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    text: str


_LONGEST_TOLD = 60


class GrepResult(ToolResult):
    """Matching lines, file by file; the counts are those of all of them."""

    pattern: str
    matches: tuple[GrepMatch, ...]
    match_count: int
    file_count: int
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        if self.match_count == 0:
            return f"No line matches {self.pattern!r}."
        lines = "line matches" if self.match_count == 1 else "lines match"
        files = "file" if self.file_count == 1 else "files"
        shown = f"; {len(self.matches)} of them are listed" if self.truncated else ""
        found = [f"{match.file}:{match.line} {shortened(match.text, _LONGEST_TOLD)}" for match in self.matches[:3]]
        first = first_of(found, total=self.match_count)
        return f"{self.match_count} {lines} {self.pattern!r} in {self.file_count} {files}: {first}{shown}."


def grep(
    context: ToolContext,
    pattern: str,
    path: str = ".",
    glob: str | None = None,
    literal: bool = False,
    ignore_case: bool = False,
) -> GrepResult:
    """Search the text files of the working tree, leaving out what ignore files name.

    The pattern is a regular expression unless `literal` is true; `glob` narrows the files, such as *.py.
    """
    return search(context, Query(pattern, path, glob, literal, ignore_case), search_command(context.workspace.root))


@dataclass(frozen=True)
class Query:
    """The arguments of `grep`."""

    pattern: str
    path: str = "."
    glob: str | None = None
    literal: bool = False
    ignore_case: bool = False


def search(context: ToolContext, query: Query, command: Sequence[str], *, seconds: float = SECONDS) -> GrepResult:
    """Search with the command, rg or what stands in for it."""
    _check(query.pattern)
    root, operand = search_root(context, query.path)
    stream = MatchStream(_wanted(query.glob, context.workspace.relative(root)), MATCH_LIMIT)
    options = [
        "--heading",
        "--null",
        "--line-number",
        "--with-filename",
        *type_options(query.glob or "*"),
        *_pattern(query),
    ]
    finished = run_ripgrep(
        context, options, [operand], output_limit=_KEPT_OUTPUT, command=command, on_stdout=stream.add, seconds=seconds
    )
    if root.is_file() and finished.stdout.startswith(operand.encode("utf-8", "surrogateescape") + b": binary file "):
        raise ToolError(f"{context.workspace.relative(root)} is a binary file, not text.")
    lines = stream.finish()
    columns = _columns(context, query, [text for _, _, text in lines], command)
    matches = [_match(*line, column) for line, column in zip(lines, columns, strict=True)]
    return GrepResult(
        pattern=query.pattern,
        matches=tuple(matches),
        match_count=stream.match_count,
        file_count=stream.file_count,
        truncated=stream.match_count > len(matches),
    )


def _check(pattern: str) -> None:
    if not pattern:
        raise ToolError("The pattern is empty; every line would match.")
    if "\n" in pattern:
        raise ToolError("The pattern holds a line break, and the search goes line by line.")


def _pattern(query: Query) -> list[str]:
    fixed = ["--fixed-strings"] if query.literal else []
    return [*fixed, *(["--ignore-case"] if query.ignore_case else []), f"--regexp={query.pattern}"]


def _wanted(glob: str | None, folder: str) -> Callable[[str], bool]:
    if is_everything(glob or "*"):
        return lambda file: True
    matches = glob_matcher(glob or "*")
    return lambda file: matches(file) or matches(file.removeprefix(f"{folder}/"))


def _columns(context: ToolContext, query: Query, lines: list[bytes], command: Sequence[str]) -> list[int]:
    """Where the first match begins in each line, in bytes; asked for the kept lines only, because it is dear."""
    columns = [1] * len(lines)
    if not lines:
        return columns
    options = ["--text", "--encoding=none", "--no-filename", "--line-number", "--column", "--max-columns=1"]
    found = run_ripgrep(
        context,
        [*options, *_pattern(query)],
        ["-"],
        output_limit=len(lines) * _KEPT_OUTPUT,
        command=command,
        stdin=b"".join(line + b"\n" for line in lines),
    )
    for place in found.stdout.splitlines():
        number, column, _ = place.split(b":", 2)
        columns[int(number) - 1] = int(column)
    return columns


def _match(file: str, number: int, line: bytes, column: int) -> GrepMatch:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    return GrepMatch(
        file=file,
        line=number,
        column=len(line[: column - 1].decode("utf-8", "replace")) + 1,
        text=text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…",
    )


TOOL = Tool(grep, risk=Risk.READS)
