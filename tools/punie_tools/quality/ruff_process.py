"""Start ruff: the program that punie brings along, by absolute path, without a cache in the tree."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, run_process
from punie_tools.quality.sentences import shortened
from punie_tools.tool import ToolContext

DEADLINE_SECONDS = 120.0

_OUTPUT_LIMIT = 256 * 1024 * 1024
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


def run_ruff(
    context: ToolContext, arguments: Sequence[str | Path], *, accepted: tuple[int, ...], stdin: bytes = b""
) -> FinishedProcess:
    """Run it at the workspace's root. Raises ToolError for a deadline or an exit code that is not accepted."""
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
    if finished.exit_code not in accepted:
        raise RuffFailedError(finished)
    return finished
