"""run_command: a shell command in the working tree, confined where the system can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import computed_field

from punie_tools.commands.backends import confinement_for, confinement_here, has_sandbox
from punie_tools.commands.change_watch import MOST_LISTED, ChangedFile, CommandChanges
from punie_tools.commands.confinement import BackendName
from punie_tools.commands.free_programs import is_free
from punie_tools.commands.runner import run_shell_command
from punie_tools.commands.shell import check_command
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

_LONGEST_NAME = 60


class RunCommandResult(ToolResult):
    """`exit_code` is negative for a signal; what was left out of the middle of an output is told on a line of it.

    `put_back` names hooks and configuration of git that the command changed, and that are as before again.
    `changed_files` are the first of `changed_count`; folders that git ignores are not looked into. In a session undo
    takes them back, all but the `not_journalled` (the first of `not_journalled_count`).
    """

    command: str
    exit_code: int
    stdout: str
    stderr: str
    duration: float
    timed_out: bool
    truncated: bool
    confined: bool
    sandbox: BackendName
    sandbox_reason: str
    put_back: tuple[str, ...]
    changed_files: tuple[ChangedFile, ...] = ()
    changed_count: int = 0
    not_journalled: tuple[str, ...] = ()
    not_journalled_count: int = 0

    @computed_field
    @property
    def summary(self) -> str:
        name = safe_text(self.command, single_line=True)
        name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        ended = "was stopped at its deadline" if self.timed_out else f"ended with exit code {self.exit_code}"
        where = "" if self.confined else ", not confined"
        put_back = f"; put back: {', '.join(self.put_back)}" if self.put_back else ""
        return f"`{name}` {ended} after {self.duration:.1f} s{where}{self._changes}{put_back}."

    @property
    def _changes(self) -> str:
        if not self.changed_count:
            return ""
        told = f"; {counted(self.changed_count, 'file')} changed"
        return f"{told}, {self.not_journalled_count:,} of them for good" if self.not_journalled_count else told


def run_command(context: ToolContext, command: str, timeout: float = 120) -> RunCommandResult:
    """Run a shell command in the working tree: it can write there only, has no network and sees no secrets.

    The shell is bash where there is one. Each call starts in the root of the tree with no memory of earlier calls, and
    whatever it left running is ended. Where the system has no sandbox the command can do all, and `confined` is false.
    """
    run = run_shell_command(context, command, timeout)
    process, confinement, changes = run.process, run.confinement, run.changes or CommandChanges()
    return RunCommandResult(
        command=command,
        exit_code=process.exit_code,
        stdout=process.stdout.decode("utf-8", "replace"),
        stderr=process.stderr.decode("utf-8", "replace"),
        duration=round(process.seconds, 3),
        timed_out=process.timed_out,
        truncated=process.truncated,
        confined=confinement.backend is not None,
        sandbox=confinement.name,
        sandbox_reason=confinement.reason,
        put_back=run.put_back,
        changed_files=changes.files[:MOST_LISTED],
        changed_count=len(changes.files),
        not_journalled=changes.not_journalled[:MOST_LISTED],
        not_journalled_count=len(changes.not_journalled),
    )


def _preview(context: ToolContext, command: str, timeout: float = 120) -> str:
    """The whole command; above it, where it is true, that nothing confines it."""
    check_command(command)
    confinement = confinement_for(context.workspace.root)
    if confinement.backend:
        return command
    reason = safe_text(confinement.reason, single_line=True)
    return f"Not confined ({reason}): it can do whatever you can.\n{command}"


def _risk_of(arguments: Mapping[str, Any]) -> Risk:
    """A confined command that only reads is as harmless as the tools that read; unconfined nothing is."""
    return Risk.READS if is_free(arguments["command"]) and confinement_here().backend else Risk.RUNS


TOOL = Tool(run_command, risk=Risk.RUNS, risk_of=_risk_of, preview=_preview, confined_in=has_sandbox)
