"""The footer: the keys that work where the focus is, on one row, in one widget."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from punie_tui.app.key_names import NO_KEY, is_typed
from punie_tui.app.textual_adapter import app_of, call_when_bindings_change

_LEAST_EDGE = 20
_LEADS_ON = ("general.leader", "general.palette")


class KeyRow(Widget):
    """Shows the screen's active bindings; those that do not fit the width are left to the keys screen.

    What leads to all the others stands at the right edge, and is the last to go.

    Textual's Footer makes a widget for each key and makes them all anew when the focus moves, which costs a fifth of
    the first frame.
    """

    DEFAULT_CSS = """
    KeyRow { dock: bottom; height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._left_out: frozenset[str] = frozenset()
        self._labels: dict[str, str] = {}

    def on_mount(self) -> None:
        call_when_bindings_change(self, self.refresh)

    def leave_out(self, actions: frozenset[str]) -> None:
        """Show all but these, which stand elsewhere on the screen or do nothing here; named by what Textual runs."""
        if actions != self._left_out:
            self._left_out = actions
            self.refresh()

    def label(self, action: str, label: str) -> None:
        """Call an action so, whatever its binding says: what it does depends on where the focus is."""
        if self._labels.get(action) != label:
            self._labels[action] = label
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        shown = self._shown_bindings()
        leading = sorted((binding for binding in shown if _leads_on(binding)), key=lambda each: each.id in _LEADS_ON)
        edge = self._row(leading, max(width // 2, _LEAST_EDGE))
        room = width - edge.cell_length - 2 if edge.cell_length else width
        row = self._row([binding for binding in shown if not _leads_on(binding)], room)
        return row + Content(" " * (width - row.cell_length - edge.cell_length)) + edge

    def _row(self, bindings: list[Binding], width: int) -> Content:
        """As many of them as there is room for."""
        row = Content("")
        for binding in bindings:
            key = app_of(self).get_key_display(binding)
            label = self._labels.get(binding.action, binding.description)
            entry = Content.assemble((key, "bold $footer-key-foreground"), f" {label}")
            if row.cell_length + entry.cell_length + 2 > width:
                break
            row = row + Content("  ") + entry if row.cell_length else entry
        return row

    def _shown_bindings(self) -> list[Binding]:
        """One binding an action, in the order of the focused widget first; no letter where letters are typed."""
        shown: dict[str, Binding] = {}
        is_typing = _takes_letters(self.screen.focused)
        for key, active in self.screen.active_bindings.items():
            is_shown = active.binding.show and active.binding.action not in self._left_out
            is_free = active.binding.key != NO_KEY and not (is_typing and is_typed(key))
            if is_shown and active.enabled and is_free:
                shown.setdefault(active.binding.action, active.binding)
        return list(shown.values())


def _takes_letters(focused: Widget | None) -> bool:
    return isinstance(focused, Input) or (isinstance(focused, TextArea) and not focused.read_only)


def _leads_on(binding: Binding) -> bool:
    """Whether it shows what else can be done."""
    return binding.id is not None and (binding.id in _LEADS_ON or binding.id.endswith(".keys"))
