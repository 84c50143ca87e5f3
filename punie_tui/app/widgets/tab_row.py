"""The row of pane names that narrow terminals get in place of panes side by side."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from punie_tui.app.widgets.cut_name import cut_name

_LEAST_ROOM = 6
_GAP = 2


class TabRow(Widget):
    """Names the panes with their keys and marks the one that is shown.

    The branch stands at the right edge, as the pane that tells it is not always seen here.
    """

    DEFAULT_CSS = """
    TabRow { height: 1; padding: 0 1; background: $surface; color: $text-muted; }
    """

    def __init__(self, names: dict[str, str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """`names` maps a pane's id to its label."""
        super().__init__(id=id)
        self._names = names
        self._shown = next(iter(names))
        self._branch = ""

    def show(self, pane: str) -> None:
        """Mark the pane that is shown."""
        self._shown = pane
        self.refresh()

    def show_branch(self, branch: str) -> None:
        """`branch` is safe text."""
        self._branch = branch
        self.refresh()

    def render(self) -> Content:
        parts = [
            Content.styled(f" {label} ", "bold reverse" if pane == self._shown else "")
            for pane, label in self._names.items()
        ]
        tabs = Content(" ").join(parts)
        room = self.size.width - tabs.cell_length - _GAP
        branch = cut_name(self._branch, room) if room >= min(cell_len(self._branch), _LEAST_ROOM) else ""
        return tabs + Content(" " * (self.size.width - tabs.cell_length - cell_len(branch)) + branch)
