"""What is copied goes into tmux as well, whose windows the app may stand in; by the person's own key alone.

tmux keeps such sequences for itself, unless its `set-clipboard` is `on`; wrapped they reach the terminal outside, where
its `allow-passthrough` lets them. Neither is so by default, so tmux is handed the text itself.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from textual.app import App

from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, clean_environment, find_program, run_process
from punie_tools.safe_text import safe_text
from punie_tui.app.terminal_writes import through_tmux
from punie_tui.app.textual_adapter import write_to_terminal

_SECONDS_FOR_TMUX = 5.0
_TMUX_VARIABLES = ("TMUX", "TMUX_PANE")
_MOST_OF_REASON = 100


def copy_in_tmux(app: App[None], text: str, folder: Path) -> None:
    """Do what the OSC 52 of the app does not do inside tmux; a failure is told, else another text would be pasted.

    Does nothing elsewhere. No program of `folder` is taken for tmux.
    """
    if not os.environ.get("TMUX"):
        return
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    write_to_terminal(app, through_tmux(f"\x1b]52;c;{encoded}\a", os.environ))

    def hand_over() -> None:
        if problem := hand_to_tmux(text, os.environ, folder):
            told = f"tmux did not take what was copied: {problem}"
            app.call_later(app.notify, told, severity="warning", markup=False)

    app.run_worker(hand_over, thread=True, group="tmux")


def hand_to_tmux(text: str, variables: Mapping[str, str], folder: Path) -> str:
    """Put a text into tmux's buffer, and on the clipboard of the terminal around it; why not, or nothing. Blocks."""
    program = find_program("tmux", folder)
    if program is None:
        return "there is no tmux on PATH."
    environment = clean_environment() | {name: variables[name] for name in _TMUX_VARIABLES if name in variables}
    loaded = [program, "load-buffer", "-w", "-"]
    try:
        done = _run(loaded, text, environment, folder)
        if done.exit_code and not done.timed_out:
            # Before 3.2 it has no `-w`: what it keeps can be pasted in its own windows.
            done = _run([part for part in loaded if part != "-w"], text, environment, folder)
    except ToolError as error:
        return str(error)
    if done.timed_out:
        return f"it did not answer in {_SECONDS_FOR_TMUX:.0f} seconds."
    reason = safe_text(done.stderr.decode("utf-8", "replace").strip(), single_line=True)[:_MOST_OF_REASON]
    return f"{reason or f'it ended with {done.exit_code}'}." if done.exit_code else ""


def _run(argv: list[str], text: str, environment: Mapping[str, str], folder: Path) -> FinishedProcess:
    data = text.encode("utf-8", "replace")
    return run_process(argv, cwd=folder, timeout=_SECONDS_FOR_TMUX, environment=environment, stdin=data)
