"""Start ruff: the program that punie brings along, by absolute path, without a cache in the tree."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, run_process
from punie_tools.sentences import shortened
from punie_tools.spelling import spelled
from punie_tools.tool import ToolContext

DEADLINE_SECONDS = 120.0

_OUTPUT_LIMIT = 256 * 1024 * 1024
_MOST_LEFT_OUT = 500
_SETTINGS_FILES = ("pyproject.toml", "ruff.toml", ".ruff.toml")
_FORMATTED = (b".py", b".pyi", b".pyw", b".ipynb", b".md")
_SKIPPED = frozenset(
    b".git .hg .svn .venv venv .tox .nox node_modules site-packages __pypackages__ _build build dist .eggs".split()
)
"""Large folders that ruff leaves out unless the project says otherwise."""
_CAUSE = re.compile(r"^ *Cause: ", re.MULTILINE)


class RuffFailedError(ToolError):
    """ruff could not do its job, mostly because of the project's configuration."""

    def __init__(self, finished: FinishedProcess) -> None:
        complaint = finished.stderr.decode("utf-8", "replace").removeprefix("ruff failed\n")
        reason = shortened(_CAUSE.sub("", complaint), 600) or f"exit code {finished.exit_code}"
        super().__init__(f"ruff failed: {reason}.")


def find_ruff() -> Path:
    """The program beside punie's interpreter. Raises ToolError with what mends a broken installation."""
    folders = (
        sysconfig.get_path("scripts"),
        str(Path(sys.executable).parent),
        sysconfig.get_path("scripts", "posix_user"),
    )
    for folder in folders:
        if found := shutil.which("ruff", path=folder):
            return Path(found)
    raise ToolError("ruff is missing from punie's installation; install punie again.")


def run_ruff_on(
    context: ToolContext, arguments: Sequence[str], target: Path, *, accepted: tuple[int, ...]
) -> FinishedProcess:
    """Run it on a file or folder, but not on what it could not read to an end, or must not read."""
    left_out = _left_out(context, arguments[0], target) if target.is_dir() else []
    return run_ruff(context, [*arguments, *left_out, target], accepted=accepted)


def run_ruff(
    context: ToolContext, arguments: Sequence[str | Path], *, accepted: tuple[int, ...], stdin: bytes = b""
) -> FinishedProcess:
    """Run it at the workspace's root. Raises ToolError for a deadline or an exit code that is not accepted."""
    finished = _run(context, arguments, stdin)
    if finished.exit_code not in accepted:
        raise RuffFailedError(finished)
    return finished


def _run(context: ToolContext, arguments: Sequence[str | Path], stdin: bytes = b"") -> FinishedProcess:
    finished = run_process(
        [find_ruff(), arguments[0], "--no-cache", *arguments[1:]],
        cwd=context.workspace.root,
        timeout=DEADLINE_SECONDS,
        cancelled=context.cancelled,
        stdin=stdin,
        output_limit=_OUTPUT_LIMIT,
    )
    if finished.timed_out:
        raise ToolError(f"ruff did not finish within {DEADLINE_SECONDS:.0f} s; check a smaller folder.")
    return finished


def _left_out(context: ToolContext, command: str, folder: Path) -> list[str]:
    """Options that leave out pipes, which never end, and links that lead out of the tree or to a device."""
    _refuse_endless_settings(context, folder)
    files = _listed_by_ruff(context, folder) if command == "check" else _all_with_suffix(os.fsencode(folder))
    odd = [path for path in files if not _is_safe(path, context.workspace.root)]
    if len(odd) > _MOST_LEFT_OUT:
        raise ToolError(f"There are {len(odd):,} links out of the tree and pipes; check a smaller folder.")
    return [f"--extend-exclude={_pattern(os.fsdecode(path))}" for path in odd]


def _listed_by_ruff(context: ToolContext, folder: Path) -> list[bytes]:
    """The files that a check would open, which it lists without opening them."""
    listed = _run(context, ["check", "--show-files", folder])
    return [path for path in listed.stdout.split(b"\n") if path]


def _all_with_suffix(folder: bytes) -> Iterator[bytes]:
    """ruff lists nothing for a format, which opens Markdown as well."""
    pending = [folder]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending += [] if entry.name in _SKIPPED else [entry.path]
            elif entry.name.endswith(_FORMATTED):
                yield entry.path


def _is_safe(path: bytes, root: Path) -> bool:
    """Of what is not there at all ruff says so itself."""
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            return True
    except OSError:
        return True
    real = Path(os.path.realpath(os.fsdecode(path)))
    return not real.exists() or (real.is_relative_to(root) and real.is_file())


def _refuse_endless_settings(context: ToolContext, folder: Path) -> None:
    """ruff reads its settings in the folder and in all above it, whatever kind of file holds them."""
    root = context.workspace.root
    for place in (folder, *folder.parents):
        for file in (place / name for name in _SETTINGS_FILES):
            if file.exists() and not file.is_file():
                raise ToolError(f"ruff would read {spelled(os.path.relpath(file, root))!r}, which is no file.")


def _pattern(path: str) -> str:
    """A path as ruff's pattern for it; a comma would part it in two."""
    return re.sub(r"[]*?[{}!,\\]", "?", path)
