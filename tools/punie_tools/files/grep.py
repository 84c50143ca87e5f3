"""grep: the lines that match a regular expression or a literal text."""

from __future__ import annotations

import base64
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.errors import ToolError
from punie_tools.files.glob import glob_matcher, name_glob
from punie_tools.files.ripgrep import run_ripgrep, search_root
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

MATCH_LIMIT = 1000
TEXT_LIMIT = 500


class GrepMatch(BaseModel):
    """A matching line; `column` is where its first match begins, `text` the line, cut if it is very long."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    text: str


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
        return f"{self.match_count} {lines} {self.pattern!r} in {self.file_count} {files}{shown}."


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
    _check(pattern)
    root, operand = search_root(context, path)
    options = ["--json", "--sort=path"]
    options += ["--fixed-strings"] if literal else []
    options += ["--ignore-case"] if ignore_case else []
    if glob and (names := name_glob(glob)):
        # A type narrows like --glob, but unlike it leaves ignored files out.
        options += [f"--type-add=wanted:{names}", "--type=wanted"]
    collector = _Collector(glob, context.workspace.relative(root))
    run_ripgrep(
        context, [*options, f"--regexp={pattern}"], [operand], output_limit=1 << 16, on_stdout_line=collector.add
    )
    return GrepResult(
        pattern=pattern,
        matches=tuple(collector.matches),
        match_count=collector.match_count,
        file_count=len(collector.files),
        truncated=collector.match_count > len(collector.matches),
    )


def _check(pattern: str) -> None:
    if not pattern:
        raise ToolError("The pattern is empty; every line would match.")
    if "\n" in pattern:
        raise ToolError("The pattern holds a line break, and the search goes line by line.")


class _Collector:
    """Reads rg's JSON events, one a line."""

    def __init__(self, glob: str | None, folder: str) -> None:
        self.matches: list[GrepMatch] = []
        self.match_count = 0
        self.files: set[str] = set()
        self._is_wanted = glob_matcher(glob or "*")
        self._folder = folder
        self._file = ""

    def add(self, event_line: str) -> None:
        if event_line.startswith('{"type":"begin"'):
            self._file = _text(json.loads(event_line)["data"]["path"]).removeprefix("./")
        elif event_line.startswith('{"type":"match"') and self._is_wanted_file():
            self.files.add(self._file)
            self.match_count += 1
            if len(self.matches) < MATCH_LIMIT:
                self._keep(event_line)

    def _is_wanted_file(self) -> bool:
        return self._is_wanted(self._file) or self._is_wanted(self._file.removeprefix(f"{self._folder}/"))

    def _keep(self, event_line: str) -> None:
        try:
            data = json.loads(event_line)["data"]
        except ValueError:
            # A line so long that its event was cut: it is counted, and too large to be shown.
            return
        line = _bytes(data["lines"])
        start = data["submatches"][0]["start"] if data["submatches"] else 0
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        self.matches.append(
            GrepMatch(
                file=self._file,
                line=data["line_number"],
                column=len(line[:start].decode("utf-8", "replace")) + 1,
                text=text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…",
            )
        )


def _text(value: dict[str, Any]) -> str:
    return spelled(_bytes(value))


def _bytes(value: dict[str, Any]) -> bytes:
    """rg gives text as text if it is UTF-8, otherwise as base64."""
    return value["text"].encode() if "text" in value else base64.b64decode(value["bytes"])


TOOL = Tool(grep, risk=Risk.READS)
