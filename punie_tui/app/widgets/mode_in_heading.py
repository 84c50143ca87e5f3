"""The mode, told quietly at the right edge of another screen's heading: it decides what may be done there unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

_PADDING = 2
_GAP = 2


def room_beside_mode(screen: Screen[Any]) -> int:
    """How many cells a heading may take so that the mode stands behind it."""
    return screen.size.width - _PADDING - _GAP - len(_mode(screen))


def with_mode(heading: Content, screen: Screen[Any]) -> Content:
    """A heading in one row, and the mode where there is room for it."""
    mode, left = _mode(screen), room_beside_mode(screen) - heading.cell_length
    if not mode or left < 0:
        return heading
    return heading + Content(" " * (left + _GAP)) + Content.styled(mode, "not bold $text-muted")


def _mode(screen: Screen[Any]) -> str:
    """In the words of the main screen's status line."""
    return next((line.mode for line in app_of(screen).screen_stack[0].query(StatusLine)), "")
