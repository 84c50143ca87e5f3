"""A bare Textual program that shows a count as often as punie shows what streams, above a text area.

What a key costs in it is Textual's own share, on this machine and under its load of now.
"""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static, TextArea

from punie_tui.bench.streamed_texts import READY

_SECONDS_BETWEEN_CHANGES = 1 / 30


class BareStreamingApp(App[None]):
    """A label that changes, and a text area that has the keys."""

    CSS = "TextArea { height: 5; }"

    def compose(self) -> ComposeResult:
        yield Static(READY)
        yield TextArea()

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self._count = 0
        self.set_interval(_SECONDS_BETWEEN_CHANGES, self._change)

    def _change(self) -> None:
        self._count += 1
        self.query_one(Static).update(f"{READY} {self._count}")


if __name__ == "__main__":
    BareStreamingApp().run()
