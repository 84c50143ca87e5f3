"""What every whole screen offers: the leader key and the palette."""

from __future__ import annotations

from punie_tui.app.actions import Action, ActionGroup
from punie_tui.app.key_names import NO_KEY

LEADER = Action(
    "general.leader",
    "ctrl+x",
    "app.leader",
    "then a letter: all that can be done here, with hints",
    "More",
    has_priority=True,
)
"""Ctrl+X is one byte on every keyboard and in every terminal, and neither tmux nor screen nor the terminals of editors
take it. Where text is selected it still cuts."""
SUSPEND = Action(
    "general.suspend",
    "ctrl+z",
    "app.suspend_process",
    "suspend: back to the shell, whose `fg` comes back; not while you type",
    letter="B",
)

GENERAL = ActionGroup(
    "Everywhere",
    (
        LEADER,
        Action("general.leader_while_reading", NO_KEY, "app.leader", "the same, where no text is typed"),
        Action(
            "general.palette",
            "ctrl+p",
            "app.palette",
            "palette: search all that can be done",
            "Palette",
            has_priority=True,
        ),
        SUSPEND,
    ),
)
