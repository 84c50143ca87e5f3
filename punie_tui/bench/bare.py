"""A bare Textual program: one line of text and a footer. What punie's first frame is measured against."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, Static

MARK = "Ask about this project"


class BareApp(App[None]):
    """Shows the mark and nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Static(MARK)
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
