"""What a screen draws, cell by cell, and how well its text stands out on a terminal of few colours too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from rich.color import Color, ColorSystem
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

# Lines, blocks and bars are no text; whether a frame can be told from its ground is asked apart.
_DRAWN = range(0x2500, 0x25A0)


def drawn_strips(screen: Screen[object], region: Region | None = None) -> list[Strip]:
    """The rows of a screen, or of a part of it, as they would be written."""
    strips = screen._compositor.render_strips()
    if region is None:
        return strips
    return [strip.crop(region.x, region.right) for strip in strips[region.y : region.bottom]]


def texts_with_styles(screen: Screen[object], region: Region | None = None) -> Iterator[tuple[str, Style]]:
    """All that is written as text, without frames and blanks."""
    for strip in drawn_strips(screen, region):
        for text, style, _ in strip:
            shown = "".join(letter for letter in text if not letter.isspace() and ord(letter) not in _DRAWN)
            if shown and style:
                yield shown, style


@cache
def contrast(style: Style, system: ColorSystem) -> float:
    """The ratio of the web's accessibility guidelines, 1 to 21, with the colours that this terminal has for it."""
    fore, back = (
        _luminance(color, system, is_text) for color, is_text in ((style.color, True), (style.bgcolor, False))
    )
    return (max(fore, back) + 0.05) / (min(fore, back) + 0.05)


def _luminance(color: Color | None, system: ColorSystem, is_text: bool) -> float:
    shown = (color or Color.default()).downgrade(system)
    parts = [part / 255 for part in shown.get_truecolor(DEFAULT_TERMINAL_THEME, foreground=is_text)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
