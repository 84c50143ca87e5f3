"""list_files: the files of the working tree that a pattern means."""

from __future__ import annotations

from pydantic import computed_field

from punie_tools.files.glob import glob_matcher
from punie_tools.files.ripgrep import run_ripgrep, search_root
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

FILE_LIMIT = 2000

_OUTPUT_LIMIT = 128 * 1024 * 1024


class ListFilesResult(ToolResult):
    """Paths in alphabetical order; `file_count` is that of all of them."""

    pattern: str
    path: str
    files: tuple[str, ...]
    file_count: int
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        where = "" if self.path == "." else f" in {self.path}"
        what = "" if self.pattern in ("*", "") else f" matching {self.pattern}"
        if self.file_count == 0:
            return f"There is no file{what}{where}."
        noun = "file" if self.file_count == 1 else "files"
        shown = f"; the first {len(self.files)} are listed" if self.truncated else ""
        return f"{self.file_count} {noun}{what}{where}{shown}."


def list_files(context: ToolContext, pattern: str = "*", path: str = ".") -> ListFilesResult:
    """List files, leaving out what ignore files name. A pattern such as *.py means any depth, src/*.py one folder."""
    matches = glob_matcher(pattern)
    root, operand = search_root(context, path)
    folder = context.workspace.relative(root)
    finished = run_ripgrep(context, ["--files", "--null"], [operand], output_limit=_OUTPUT_LIMIT)
    names = (spelled(name).removeprefix("./") for name in finished.stdout.split(b"\0")[:-1])
    files = sorted(name for name in names if matches(name) or matches(_below(name, folder)))
    return ListFilesResult(
        pattern=pattern,
        path=folder,
        files=tuple(files[:FILE_LIMIT]),
        file_count=len(files),
        truncated=len(files) > FILE_LIMIT or finished.truncated,
    )


def _below(name: str, folder: str) -> str:
    return name.removeprefix(f"{folder}/")


TOOL = Tool(list_files, risk=Risk.READS)
