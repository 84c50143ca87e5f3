"""Screens that are left once: what was pressed behind the key that left them goes to the screen that stands then."""

from __future__ import annotations

from typing import Any, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen

from punie_tui.app.textual_adapter import app_of

Result = TypeVar("Result")


class Page(Screen[Result]):
    """Fills the terminal."""

    async def on_event(self, event: events.Event) -> None:
        if not hands_on(self, event):
            await super().on_event(event)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        return super().dismiss(result) if comes_to_top(self) else AwaitComplete()


class Dialog(ModalScreen[Result]):
    """Stands above another screen."""

    def hold(self, key: events.Key) -> bool:
        """Keep a key for later, also one that bubbled up from a screen before; whether it did."""
        del key
        return False

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and self in app_of(self).screen_stack and self.hold(event):
            return
        if not hands_on(self, event):
            await super().on_event(event)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        return super().dismiss(result) if comes_to_top(self) else AwaitComplete()


def comes_to_top(screen: Screen[Any]) -> bool:
    """Whether it is still there to be left; what stands above it goes first, as Textual takes away what is on top."""
    app = app_of(screen)
    if screen not in app.screen_stack:
        return False
    while app.screen is not screen:
        app.pop_screen()
    return True


def hands_on(screen: Screen[Any], event: events.Event) -> bool:
    """Several keys may wait at a screen when the first of them leaves it."""
    app = app_of(screen)
    if not isinstance(event, events.Key) or screen in app.screen_stack:
        return False
    handed = events.Key(event.key, event.character)
    handed.time = event.time
    app.post_message(handed)
    return True
