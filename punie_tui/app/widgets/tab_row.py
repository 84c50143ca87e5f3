"""The row of pane names that narrow terminals get in place of panes side by side."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class TabRow(Widget):
    """Names the panes with their keys and marks the one that is shown."""

    DEFAULT_CSS = """
    TabRow { height: 1; padding: 0 1; background: $surface; color: $text-muted; }
    """

    def __init__(self, names: dict[str, str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """`names` maps a pane's id to its label."""
        super().__init__(id=id)
        self._names = names
        self._shown = next(iter(names))

    def show(self, pane: str) -> None:
        """Mark the pane that is shown."""
        self._shown = pane
        self.refresh()

    def render(self) -> Content:
        parts = [
            Content.styled(f" {label} ", "bold reverse" if pane == self._shown else "")
            for pane, label in self._names.items()
        ]
        return Content(" ").join(parts)
