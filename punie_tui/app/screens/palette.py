"""Textual's palette, left once as every screen here: Enter twice in a row chooses once."""

from __future__ import annotations

from textual import events
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette

from punie_tui.app.screens.left_once import comes_to_top, hands_on


class Palette(CommandPalette):
    """Is imported when it is first opened."""

    async def on_event(self, event: events.Event) -> None:
        if not hands_on(self, event):
            await super().on_event(event)

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if comes_to_top(self) else AwaitComplete()
