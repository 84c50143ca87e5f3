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

    def on_resize(self, _event: events.Resize) -> None:
        for panel in self.query_children(AskingPanel):
            panel.fit()
