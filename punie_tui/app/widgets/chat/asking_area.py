"""The panes, and below them a question that waits, which takes its rows from the panes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from punie_tui.app.widgets.chat.asking_panel import AskingPanel

if TYPE_CHECKING:
    from textual import events


class AskingArea(Vertical):
    """All that tabs, prompt, status line and footer leave; a question is fitted anew whenever that changes."""

    DEFAULT_CSS = """
    AskingArea { height: 1fr; }
    """

    @property
    def waiting(self) -> AskingPanel | None:
        """What asks while the keys are elsewhere."""
        panels = self.query_children(AskingPanel)
        return next((panel for panel in panels if panel.is_asking and not panel.has_focus_within), None)

    def show_way_back(self) -> None:
        """Let each question say how to come back to it, or no longer; the screen calls it when the focus has moved."""
        for panel in self.query_children(AskingPanel):
            panel.show_way_back()

    def on_resize(self, _event: events.Resize) -> None:
        for panel in self.query_children(AskingPanel):
            panel.fit()
