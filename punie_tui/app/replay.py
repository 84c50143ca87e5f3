"""An earlier session on the screen: its end at once, and what came before it in slices between the frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.events import Event

# A part is a turn or some calls of one: what is drawn without a pause.
_EVENTS_IN_PART = 8
_PARTS_AT_ONCE = 6
_SECONDS_OF_SLICE = 0.008
_SECONDS_BETWEEN_SLICES = 0.016


class Replay:
    """Shows events from their end to their beginning. `stop` where another session takes the screen."""

    def __init__(
        self,
        screen: Screen[None],
        events: Sequence[Event],
        show: Callable[[Event], None],
        show_earlier: Callable[[Sequence[Event]], None],
        done: Callable[[], object],
    ) -> None:
        """`show` gets the events of the end in order, `show_earlier` parts before them, the newest first."""
        self._screen = screen
        self._parts = parts_of(events)
        self._show = show
        self._show_earlier = show_earlier
        self._done = done

    @property
    def is_done(self) -> bool:
        return not self._parts

    def start(self) -> None:
        """Show the end now."""
        first = max(len(self._parts) - _PARTS_AT_ONCE, 0)
        for part in self._parts[first:]:
            for event in part:
                self._show(event)
        del self._parts[first:]
        self._wait()

    def stop(self) -> None:
        """Show no more."""
        self._parts.clear()

    def _wait(self) -> None:
        if self._parts:
            # Sessions open in a callback of the loop; a timer is made within the app.
            self._screen.call_later(self._screen.set_timer, _SECONDS_BETWEEN_SLICES, self._show_slice)
        else:
            self._done()

    def _show_slice(self) -> None:
        end = time.monotonic() + _SECONDS_OF_SLICE
        while self._parts and time.monotonic() < end:
            self._show_earlier(self._parts.pop())
        self._wait()


def parts_of(events: Sequence[Event]) -> list[list[Event]]:
    """Events cut between turns and, in long ones, where no call is going on."""
    parts: list[list[Event]] = []
    going_on: set[str] = set()
    for event in events:
        begins = event.kind == "turn_started" or (event.kind == "tool_requested" and not going_on)
        if not parts or (begins and len(parts[-1]) >= _EVENTS_IN_PART):
            parts.append([])
        parts[-1].append(event)
        if event.kind == "tool_requested":
            going_on.add(event.call_id)
        elif event.kind == "tool_finished" or event.kind == "tool_failed" or event.kind == "tool_denied":
            going_on.discard(event.call_id)
        elif event.kind == "turn_finished":
            going_on.clear()
    return parts
