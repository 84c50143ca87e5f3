"""`!command`: the person's own command in the person's own shell, off the UI thread, its output in the chat."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from punie_tui.app.printed_text import PrintedText
from punie_tui.app.textual_adapter import call_on_screen

if TYPE_CHECKING:
    from punie_tools.process import FinishedProcess
    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.events import PersonRan
    from punie_tui.app.widgets.chat.shown_command import ShownCommand

_SECONDS = 3600.0
_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_TO_END = 1.0
_KEPT_CHARACTERS = 8_000
# Python keeps back what it prints into a pipe, until there is much of it.
_ENVIRONMENT = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class _Running:
    """Where a command is shown, and what came of it so far."""

    shown: ShownCommand
    printed: PrintedText
    stopped: threading.Event = field(default_factory=threading.Event)
    kept: threading.Event = field(default_factory=threading.Event)


class ShellWork:
    """One command at a time, shown with what it prints as it comes."""

    def __init__(
        self,
        screen: Screen[None],
        folder: Path,
        *,
        begin: Callable[[str, PrintedText], ShownCommand],
        note: Callable[[str], None],
        keep: Callable[[PersonRan], None],
        bring: Callable[[Attachment], None],
        changed: Callable[[], None],
    ) -> None:
        """`begin` shows a command, `keep` gets on a thread what came of it, `bring` what the next prompt brings along.

        `note` shows a sentence, and `changed` is called when a command begins or ends.
        """
        self._screen = screen
        self._folder = folder
        self._begin = begin
        self._note = note
        self._keep = keep
        self._bring = bring
        self._changed = changed
        self._running: _Running | None = None
        self._is_look_due = False

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def run(self, command: str) -> bool:
        """Begin; False, with a sentence on it, where another one runs."""
        if self._running is not None:
            self._note("A command is running; Esc stops it.")
            return False
        printed = PrintedText()
        self._running = running = _Running(self._begin(command, printed), printed)
        self._changed()

        def work() -> None:
            ran = run_in_shell(command, self._folder, running.stopped, running.printed, self._look_soon)
            self._keep(ran)
            running.kept.set()
            call_on_screen(self._screen, lambda: self._ended(running, ran))

        self._screen.run_worker(work, thread=True, group="shell")
        return True

    def stop(self) -> None:
        """End the command with all that it started; what it printed so far stays."""
        if self._running is not None:
            self._running.stopped.set()

    def close(self) -> None:
        """End it, and wait a little until what came of it is kept: the app ends, and the session with it."""
        if self._running is not None:
            self.stop()
            self._running.kept.wait(_SECONDS_TO_END)

    def _look_soon(self) -> None:
        """On the command's thread: what comes until the look is shown with it, however often that is."""
        if not self._is_look_due:
            self._is_look_due = True
            call_on_screen(self._screen, lambda: self._screen.set_timer(_SECONDS_BETWEEN_LOOKS, self._look))

    def _look(self) -> None:
        self._is_look_due = False
        if self._running is not None:
            self._running.shown.show()

    def _ended(self, running: _Running, ran: PersonRan) -> None:
        self._running = None
        running.shown.end(ran.output, ran.ending)
        self._bring(attachment_of(ran))
        self._changed()


def _without_key(variables: Mapping[str, str]) -> dict[str, str]:
    """What such a command prints goes into the session, where no key belongs."""
    from punie_tui.engine.openai_engine import KEY_VARIABLE

    return {name: value for name, value in variables.items() if name != KEY_VARIABLE}


def run_in_shell(
    command: str,
    folder: Path,
    stopped: threading.Event,
    printed: PrintedText,
    on_printed: Callable[[], None] = lambda: None,
) -> PersonRan:
    """Run it as the person would type it, without a terminal and without input. Blocks until it ends or is stopped.

    `printed` has what it prints as soon as `on_printed` is called.
    """
    from punie_tools.errors import ToolError
    from punie_tools.process import run_process
    from punie_tui.agent.events import PersonRan

    def take(chunk: bytes) -> None:
        printed.add(chunk)
        on_printed()

    try:
        # Not every shell can join its own outputs, so that a plain one does it for all.
        finished = run_process(
            ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&1', os.environ.get("SHELL") or "/bin/sh", command],
            cwd=folder,
            environment={**_without_key(os.environ), **_ENVIRONMENT},
            timeout=_SECONDS,
            output_limit=0,
            on_stdout=take,
            until=stopped,
        )
    except ToolError as error:
        return PersonRan(command=command, output="", ending=str(error))
    return PersonRan(command=command, output=printed.text, ending=_ending(finished, stopped))


def _ending(finished: FinishedProcess, stopped: threading.Event) -> str:
    if finished.timed_out:
        return "Stopped." if stopped.is_set() else f"Stopped after {_SECONDS / 60:.0f} minutes."
    if finished.exit_code < 0 or finished.exit_code > 128:
        number = -finished.exit_code if finished.exit_code < 0 else finished.exit_code - 128
        return f"It died of signal {number}."
    return f"Exit code {finished.exit_code}." if finished.exit_code else ""


def attachment_of(ran: PersonRan) -> Attachment:
    """What of it is brought to the model."""
    from punie_tui.agent.attachment import Attachment

    half = _KEPT_CHARACTERS // 2
    printed = ran.output
    kept = printed if len(printed) <= _KEPT_CHARACTERS else f"{printed[:half]}\n…\n{printed[-half:]}"
    ending = (ran.ending or "it ended well").rstrip(".")
    return Attachment(kind="output", name=f"! {ran.command[:200]}", text=f"{kept}\n({ending})")
