"""The footer: the keys that work where the focus is, on one row, in one widget."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from punie_tui.app.key_names import NO_KEY
from punie_tui.app.textual_adapter import app_of, call_when_bindings_change


class KeyRow(Widget):
    """Shows the screen's active bindings; those that do not fit the width are left to the keys screen.

    Textual's Footer makes a widget for each key and makes them all anew when the focus moves, which costs a fifth of
    the first frame.
    """

    DEFAULT_CSS = """
    KeyRow { dock: bottom; height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def on_mount(self) -> None:
        call_when_bindings_change(self, self.refresh)

    def render(self) -> Content:
        row = Content("")
        for binding in self._shown_bindings():
            key = app_of(self).get_key_display(binding)
            entry = Content.assemble((key, "bold $footer-key-foreground"), f" {binding.description}")
            if row.cell_length + entry.cell_length + 2 > self.size.width:
                break
            row = row + Content("  ") + entry if row.cell_length else entry
        return row

    def _shown_bindings(self) -> list[Binding]:
        """One binding an action, in the order of the focused widget first."""
        shown: dict[str, Binding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled and active.binding.key != NO_KEY:
                shown.setdefault(active.binding.action, active.binding)
        return list(shown.values())
