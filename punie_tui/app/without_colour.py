"""What NO_COLOR asks for: no colour code at all. What a ground tells otherwise is reversed."""

from __future__ import annotations

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_NO_COLOURS = Style.from_color(RichColor.default(), RichColor.default())


class WithoutColour(LineFilter):
    """Textual itself would write greys, and turns "reverse" into colours before a filter sees it.

    The palette for no colours has two grounds only, its background and its foreground; the latter marks cursors and
    what is selected.
    """

    def __init__(self, *, is_dark: bool) -> None:
        super().__init__()
        self._is_dark = is_dark
        self._known: dict[Style, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text, self._of(style) if style else _NO_COLOURS, control) for text, style, control in segments]

    def _of(self, style: Style) -> Style:
        shown = self._known.get(style)
        if shown is None:
            is_light = style.bgcolor is not None and Color.from_rich_color(style.bgcolor).brightness > 0.5
            shown = self._known[style] = style + _NO_COLOURS + Style(reverse=is_light is self._is_dark or None)
        return shown
