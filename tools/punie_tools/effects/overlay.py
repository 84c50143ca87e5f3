"""A copy of the working tree that holds a proposal, so that checks and tests see it and the person's files stay."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event

from punie_tools.changes.change_set import FileChange
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.quality.interpreter import interpreter_of
from punie_tools.quality.pytest_session import Selection
from punie_tools.tool import ToolContext

MOST_FILES = 20_000
MOST_BYTES = 400 * 1024 * 1024

_NOT_COPIED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        "node_modules",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
    }
)
_MARK_OF_ENVIRONMENT = "pyvenv.cfg"


class Overlay:
    """Whoever makes it closes it. One thread at a time shows changes and looks at them."""

    def __init__(self, context: ToolContext, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
        """Copies the tree without git, environments and caches. Raises ToolError for one that is too large."""
        self._source = context.workspace
        self._cancelled = context.cancelled
        self._folder = tempfile.TemporaryDirectory(prefix="punie-review-")
        self._shown: dict[str, FileChange] = {}
        self._seconds = count(int(time.time()) + 1)
        try:
            self.root = Path(self._folder.name).resolve() / self._source.root.name
            self._copy(most_files, most_bytes)
        except BaseException:
            self._folder.cleanup()
            raise
        # The project's own interpreter, which the copy does not have; the sandbox may hide a link to its environment.
        found = interpreter_of(self._source)
        python = (found.environment.resolve() if found.environment else found.path) if found else None
        self._workspace = replace(self._source, root=self.root, python=python)
        self._server = LanguageServer(self._workspace)

    def context(self, cancelled: Event) -> ToolContext:
        """For tools that look at the copy; they leave no trace in the session."""
        return ToolContext(self._workspace, cancelled=cancelled, language_server=self._server)

    def show(self, changes: Sequence[FileChange]) -> None:
        """Make the copy hold the tree with these changes, and no others. Raises OSError."""
        wanted = {change.path: change for change in changes}
        for path, change in self._shown.items():
            if path not in wanted:
                self._put(change.reversed)
        for change in wanted.values():
            self._put(change)
        self._shown = wanted

    def show_part(self, made: Sequence[FileChange], part: Sequence[FileChange]) -> None:
        """The tree holds `made`: make the copy hold only this part of it. Raises OSError."""
        wanted = {change.path: change.after for change in part}
        self.show([replace(each, before=each.after, after=wanted.get(each.path, each.before)) for each in made])

    def close(self) -> None:
        self._server.close()
        with suppress(OSError):
            self._folder.cleanup()

    def _put(self, change: FileChange) -> None:
        path = self.root / change.path
        if change.after is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.after.data)
        path.chmod(change.after.mode | stat.S_IWUSR | stat.S_IRUSR)
        # Python takes its own compiled file for fresh if size and second are the same: each version gets a second.
        seconds = next(self._seconds)
        os.utime(path, (seconds, seconds))

    def _copy(self, most_files: int, most_bytes: int) -> None:
        files = size = 0
        for source in _files(self._source.root):
            if self._cancelled.is_set():
                raise ToolCancelledError("Stopped.")
            target = self.root / source.relative_to(self._source.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink():
                self._copy_link(source, target)
                continue
            files, size = files + 1, size + source.stat().st_size
            if files > most_files or size > most_bytes:
                raise ToolError(
                    f"The tree is too large to try a proposal on a copy: more than {most_files:,} files "
                    f"or {most_bytes // 2**20} MB."
                )
            with suppress(FileNotFoundError, PermissionError):
                shutil.copy2(source, target)
        self.root.mkdir(parents=True, exist_ok=True)

    def _copy_link(self, source: Path, target: Path) -> None:
        """Only one that stays inside, as a link of the copy: through any other a test could write elsewhere."""
        leads_to = os.path.realpath(source)
        if Path(leads_to).is_relative_to(self._source.root):
            inside = self.root / Path(leads_to).relative_to(self._source.root)
            with suppress(OSError):
                target.symlink_to(inside)


def of_copy(selection: Selection, copy: ToolContext) -> Selection:
    """The same tests, on the copy's own modules: those of a project that is installed in place lie elsewhere."""
    return replace(selection, import_first=(copy.workspace.root, copy.workspace.root / "src"))


def _files(root: Path) -> Iterator[Path]:
    """Regular files, and links, that checks and tests may need."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NOT_COPIED and not _is_environment(folder, name)]
        here = Path(folder)
        yield from (here / name for name in folders if (here / name).is_symlink())
        for name in names:
            # In a worktree it is a file, by which git in the copy would change what the person has staged.
            if name == ".git":
                continue
            path = here / name
            with suppress(OSError):
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                    yield path


def _is_environment(folder: str, name: str) -> bool:
    return os.path.lexists(f"{folder}/{name}/{_MARK_OF_ENVIRONMENT}")
