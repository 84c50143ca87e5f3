"""list_files: the files of the working tree that a pattern means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import computed_field

from punie_tools.files.glob import glob_matcher, is_everything
from punie_tools.files.ripgrep import run_ripgrep, search_command, search_root, type_options
from punie_tools.sentences import first_of
from punie_tools.spelling import spelled
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

FILE_LIMIT = 2000


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
        return f"{self.file_count} {noun}{what}{where}: {first_of(self.files, 5, total=self.file_count)}{shown}."


def list_files(context: ToolContext, pattern: str = "*", path: str = ".") -> ListFilesResult:
    """List files, leaving out what ignore files name. A pattern such as *.py means any depth, src/*.py one folder."""
    return search(context, pattern, path, search_command(context.workspace.root))


def search(context: ToolContext, pattern: str, path: str, command: Sequence[str]) -> ListFilesResult:
    """List with the command, rg or what stands in for it."""
    root, operand = search_root(context, path)
    folder = context.workspace.relative(root)
    names = _Names(None if is_everything(pattern) else glob_matcher(pattern), folder)
    options = ["--files", "--null", *type_options(pattern)]
    run_ripgrep(context, options, [operand], output_limit=1 << 16, command=command, on_stdout=names.add)
    return ListFilesResult(
        pattern=pattern,
        path=folder,
        files=tuple(names.first()),
        file_count=names.count,
        truncated=names.count > FILE_LIMIT,
    )


class _Names:
    """Counts the names that come, each ended by a NUL, and keeps the first ones in alphabetical order."""

    def __init__(self, matches: Callable[[str], bool] | None, folder: str) -> None:
        self.count = 0
        self._matches = matches
        self._below = 0 if folder == "." else len(folder) + 1
        self._rest = b""
        self._kept: list[str] = []
        self._last = ""

    def add(self, chunk: bytes) -> None:
        *complete, self._rest = (self._rest + chunk).rsplit(b"\0", 1)
        if complete:
            names = spelled(complete[0]).split("\0")
            self._take([name for name in names if self._is_wanted(name[2:])] if self._matches else names)

    def first(self) -> list[str]:
        self._sort()
        return [name[2:] for name in self._kept]

    def _take(self, names: list[str]) -> None:
        """Names as rg gives them, each of which begins with `./`."""
        self.count += len(names)
        self._kept += [name for name in names if name < self._last] if self._last else names
        if len(self._kept) > 4 * FILE_LIMIT:
            self._sort()
            self._last = self._kept[-1]

    def _sort(self) -> None:
        self._kept = sorted(self._kept)[:FILE_LIMIT]

    def _is_wanted(self, name: str) -> bool:
        assert self._matches is not None
        return self._matches(name) or (self._below > 0 and self._matches(name[self._below :]))


TOOL = Tool(list_files, risk=Risk.READS)
