"""Run a command line in the tree: confined where the system can, watched, and with nothing left of it afterwards."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from punie_tools.commands import keeper
from punie_tools.commands.backends import confinement_for
from punie_tools.commands.change_watch import ChangeWatch, CommandChanges
from punie_tools.commands.confinement import NOTHING_MORE, Allowance, Confinement
from punie_tools.commands.free_programs import is_free
from punie_tools.commands.git_directories import find_git_places
from punie_tools.commands.git_guard import GitGuard
from punie_tools.commands.shell import check_command, shell_argv, shell_environment
from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, run_process
from punie_tools.safe_text import safe_text
from punie_tools.tool import ToolContext

OUTPUT_LIMIT = 64 * 1024

_SECONDS_BETWEEN_REPORTS = 0.1
_LONGEST_REPORT = 200
_LONGEST_TIMEOUT = 24 * 3600


@dataclass(frozen=True)
class CommandRun:
    """How a command ended. `put_back` names the places of git that it changed and that are as before again.

    `changes` is None for a command that only reads.
    """

    process: FinishedProcess
    confinement: Confinement
    put_back: tuple[str, ...]
    changes: CommandChanges | None


def run_shell_command(
    context: ToolContext, command: str, timeout: float, confinement: Confinement | None = None
) -> CommandRun:
    """Run the command to its end, its deadline or the person's stop. Raises ToolError and ToolCancelledError."""
    check_command(command)
    _check_timeout(timeout)
    root = context.workspace.root
    report = _LatestLine(context.report_progress)

    def run(argv: list[str]) -> FinishedProcess:
        return run_process(
            argv,
            cwd=root,
            timeout=timeout,
            cancelled=context.cancelled,
            environment=shell_environment(root, without_programs_of_the_tree=is_free(command)),
            output_limit=OUTPUT_LIMIT,
            keep_tail=True,
            sweep=True,
            on_stdout=report.add,
            on_stderr=report.add,
        )

    watch = None if is_free(command) else ChangeWatch(context, wants_changes=True)
    return run_confined(root, shell_argv(command), run, confinement or confinement_for(root), watch)


def run_confined(
    root: Path,
    argv: list[str],
    run: Callable[[list[str]], FinishedProcess],
    confinement: Confinement,
    watch: ChangeWatch | None,
    allowance: Allowance = NOTHING_MORE,
) -> CommandRun:
    """Have `run` start the argv that confines `argv`; then see to git's own files, and to what was changed."""
    guard: GitGuard | None = None
    with ExitStack() as stack:
        if watch:
            stack.callback(watch.finish)
        if backend := confinement.backend:
            places = find_git_places(root)
            guard = GitGuard(root, places, is_locked=backend.locks_git)
            stack.callback(guard.put_back)
            argv = stack.enter_context(backend.confine(argv, root, places, allowance))
        if confinement.name in ("landlock", "none"):
            argv = kept_together(argv)
        finished = run(argv)
    if confinement.backend:
        _check_it_started(finished)
    return CommandRun(finished, confinement, guard.told if guard else (), watch.changes if watch else None)


def _check_it_started(finished: FinishedProcess) -> None:
    """A sandbox that cannot be set up ends like a command that failed; only its own words tell them apart."""
    if finished.exit_code in (1, 125) and finished.stderr.startswith((b"bwrap: ", b"The command was not started: ")):
        reason = finished.stderr.decode("utf-8", "replace").strip().splitlines()[0]
        raise ToolError(f"The sandbox could not be set up, so nothing was run ({safe_text(reason, single_line=True)}).")


def kept_together(argv: list[str]) -> list[str]:
    """Where no namespace holds the processes together, a keeper does; elsewhere than on Linux there is none."""
    return [sys.executable, "-I", "-S", keeper.__file__, *argv] if sys.platform == "linux" else argv


def _check_timeout(timeout: float) -> None:
    if not math.isfinite(timeout) or not 0 < timeout <= _LONGEST_TIMEOUT:
        raise ToolError(f"The timeout must be more than 0 and at most {_LONGEST_TIMEOUT} seconds, not {timeout:g}.")


class _LatestLine:
    """Tells the newest line of output as progress, a few times a second at most; `done` counts the bytes."""

    def __init__(self, report: Callable[[int, int | None, str], None]) -> None:
        self._report = report
        self._seen = 0
        self._line = b""
        self._next_at = 0.0

    def add(self, chunk: bytes) -> None:
        self._seen += len(chunk)
        lines = [line for line in chunk[-4 * _LONGEST_REPORT :].splitlines() if line.strip()]
        self._line = lines[-1] if lines else self._line
        now = time.monotonic()
        if now >= self._next_at and self._line:
            self._next_at = now + _SECONDS_BETWEEN_REPORTS
            text = self._line.decode("utf-8", "replace")[:_LONGEST_REPORT]
            self._report(self._seen, None, safe_text(text, single_line=True))
