"""What counts as few rows and columns, on all screens alike: what a screen then leaves out its style says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.screen import Screen

_NARROW_COLUMNS = 100
_SHORT_ROWS = 16
_LOW_ROWS = 12
_LOWEST_ROWS = 8


def set_size_classes(screen: Screen[Any], size: Size) -> None:
    """Give a screen the classes of its size; it calls this in `on_resize`, so that it is laid out once."""
    screen.set_class(size.width < _NARROW_COLUMNS, "-narrow")
    screen.set_class(size.height < _SHORT_ROWS, "-short")
    screen.set_class(size.height < _LOW_ROWS, "-low")
    screen.set_class(size.height < _LOWEST_ROWS, "-lowest")
