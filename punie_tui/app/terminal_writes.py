"""What is written to the terminal beside the screen, wrapped where tmux would keep it for itself."""

from __future__ import annotations

from collections.abc import Mapping


def through_tmux(sequence: str, variables: Mapping[str, str]) -> str:
    """The sequence as the terminal outside of tmux gets it; unchanged where there is no tmux."""
    if not variables.get("TMUX"):
        return sequence
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
