"""What a key asks for before the session is open: the last of it is kept, told, and done once it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen


class EarlyKey:
    """Of one screen."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._do: Callable[[], object] | None = None
        self._typed: str | None = None

    def keep(self, do: Callable[[], object], what: str, *, takes_keys: bool) -> None:
        """In place of what was kept. What takes the keys is not done where the person has typed on or gone elsewhere.

        `what` says in the status line what comes after the start.
        """
        self._do = do
        self._typed = self._screen.query_one(Prompt).text if takes_keys else None
        self._screen.query_one(StatusLine).show_activity(f"starting, then {what}", "starting", is_busy=False)

    def do(self) -> None:
        """Once: the session is open."""
        do, self._do = self._do, None
        if do and (self._typed is None or self._has_keys):
            do()

    @property
    def _has_keys(self) -> bool:
        return self._screen.is_active and self._screen.query_one(Prompt).text == self._typed
