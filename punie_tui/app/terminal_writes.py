"""What is written to the terminal beside the screen: the clipboard, by the person's own key.

tmux keeps such sequences for itself; wrapped they reach the terminal outside, where its `allow-passthrough` lets them.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from textual.app import App

from punie_tui.app.textual_adapter import write_to_terminal


def copy_to_clipboard(app: App[object], text: str) -> None:
    """Put a text on the clipboard of the terminal (OSC 52), over ssh and in tmux too."""
    app.copy_to_clipboard(text)
    if os.environ.get("TMUX"):
        encoded = base64.b64encode(text.encode()).decode()
        write_to_terminal(app, through_tmux(f"\x1b]52;c;{encoded}\a", os.environ))


def through_tmux(sequence: str, variables: Mapping[str, str]) -> str:
    """The sequence as the terminal outside of tmux gets it; unchanged where there is no tmux."""
    if not variables.get("TMUX"):
        return sequence
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
