"""`punie redo`: make again what `punie undo` took back."""

from __future__ import annotations

from punie_tui.commands import undo


def run(argv: list[str]) -> int:
    """Redo a turn, or list the turns that can be."""
    return undo.run(argv, is_undo=False)
