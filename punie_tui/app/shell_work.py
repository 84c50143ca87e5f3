"""`!command`: the person's own command in the person's own shell, off the UI thread, its output in the chat."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.screen import Screen

from punie_tui.app.textual_adapter import call_on_screen

if TYPE_CHECKING:
    from punie_tools.process import FinishedProcess
    from punie_tui.agent.attachment import Attachment

_SECONDS = 3600.0
_MOST_BYTES = 256 * 1024
_HEAD_LINES, _TAIL_LINES = 60, 60
_KEPT_CHARACTERS = 8_000
_LONGEST_LINE = 2_000
_COLOURS = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_UNSTYLED = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "NO_COLOR": "1"}


@dataclass(frozen=True)
class CommandOutput:
    """What a command printed, cut to its head and tail; safe text. `ending` is a sentence if it did not end well."""

    text: str
    ending: str
    attachment: Attachment


class ShellWork:
    """One command at a time. `show` adds to the chat; `keep` gets what the next prompt may bring along."""

    def __init__(
        self,
        screen: Screen[None],
        folder: Path,
        show: Callable[[Literal["call", "result", "note"], str], None],
        keep: Callable[[Attachment], None],
        changed: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._folder = folder
        self._show = show
        self._keep = keep
        self._changed = changed
        self._stopped: threading.Event | None = None

    @property
    def is_running(self) -> bool:
        return self._stopped is not None

    def run(self, command: str) -> bool:
        """Begin; False, with a sentence on it, where another one runs."""
        from punie_tools.safe_text import safe_text

        if self._stopped is not None:
            self._show("note", "A command is running; Esc stops it.")
            return False
        self._stopped = stopped = threading.Event()
        self._show("call", safe_text(f"! {command}"))
        self._changed()

        def work() -> None:
            output = run_in_shell(command, self._folder, stopped)
            call_on_screen(self._screen, lambda: self._ended(output))

        self._screen.run_worker(work, thread=True, group="shell")
        return True

    def stop(self) -> None:
        """End the command with all that it started; what it printed so far is shown."""
        if self._stopped is not None:
            self._stopped.set()

    def _ended(self, output: CommandOutput) -> None:
        self._stopped = None
        if output.text:
            self._show("result", output.text)
        if output.ending:
            self._show("note", output.ending)
        self._keep(output.attachment)
        self._changed()


def _without_key(variables: Mapping[str, str]) -> dict[str, str]:
    """What such a command prints goes into the session, where no key belongs."""
    from punie_tui.engine.openai_engine import KEY_VARIABLE

    return {name: value for name, value in variables.items() if name != KEY_VARIABLE}


def run_in_shell(command: str, folder: Path, stopped: threading.Event) -> CommandOutput:
    """Run it as the person would type it, without a terminal and without input. Blocks until it ends or is stopped."""
    from punie_tools.errors import ToolError
    from punie_tools.process import run_process
    from punie_tools.safe_text import safe_text

    try:
        # Not every shell can join its own outputs, so that a plain one does it for all.
        finished = run_process(
            ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&1', os.environ.get("SHELL") or "/bin/sh", command],
            cwd=folder,
            environment={**_without_key(os.environ), **_UNSTYLED},
            timeout=_SECONDS,
            output_limit=_MOST_BYTES,
            keep_tail=True,
            until=stopped,
        )
    except ToolError as error:
        return CommandOutput("", safe_text(str(error), single_line=True), _attachment(command, "", "it did not start"))
    printed = _head_and_tail(_plain(finished.stdout.decode("utf-8", "replace")))
    ending = _ending(finished, stopped)
    return CommandOutput(safe_text(printed), ending, _attachment(command, printed, ending or "it ended well"))


def _ending(finished: FinishedProcess, stopped: threading.Event) -> str:
    if finished.timed_out:
        return "Stopped." if stopped.is_set() else f"Stopped after {_SECONDS / 60:.0f} minutes."
    if finished.exit_code < 0 or finished.exit_code > 128:
        number = -finished.exit_code if finished.exit_code < 0 else finished.exit_code - 128
        return f"It died of signal {number}."
    return f"Exit code {finished.exit_code}." if finished.exit_code else ""


def _plain(printed: str) -> str:
    """Without colours, and of a line that was written over what stood there last."""
    lines = _COLOURS.sub("", printed).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2][:_LONGEST_LINE] for line in lines).rstrip("\n")


def _head_and_tail(text: str) -> str:
    lines: Sequence[str] = text.split("\n")
    left_out = len(lines) - _HEAD_LINES - _TAIL_LINES
    if left_out <= 0:
        return text
    return "\n".join([*lines[:_HEAD_LINES], f"… {left_out} lines left out …", *lines[-_TAIL_LINES:]])


def _attachment(command: str, printed: str, ending: str) -> Attachment:
    from punie_tui.agent.attachment import Attachment

    half = _KEPT_CHARACTERS // 2
    kept = printed if len(printed) <= _KEPT_CHARACTERS else f"{printed[:half]}\n…\n{printed[-half:]}"
    return Attachment(kind="output", name=f"! {command[:200]}", text=f"{kept}\n({ending.rstrip('.')})")
