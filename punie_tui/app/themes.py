"""The themes of the app: dark, light and high contrast, each as the terminal can show it."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from textual.theme import Theme

from punie_tui.app.palettes import CONTRAST, DARK, LIGHT, Colours, Palette, palette_for

if TYPE_CHECKING:
    from rich.terminal_theme import TerminalTheme

_OWN_VARIABLES = ("added-line", "removed-line", "added-part", "removed-part", "part-style")
_PALETTES = {"punie-dark": DARK, "punie-light": LIGHT, "punie-contrast": CONTRAST}
THEME_NAMES = tuple(_PALETTES)
"""In the order in which F6 goes through them; the first is the default."""


def next_theme(name: str) -> str:
    """The one after it; of a theme that is not the app's own the first."""
    place = THEME_NAMES.index(name) if name in THEME_NAMES else -1
    return THEME_NAMES[(place + 1) % len(THEME_NAMES)]


def own_variables(*, is_dark: bool, colours: Colours) -> dict[str, str]:
    """What the app's style asks for and only its own themes define, for a theme of somebody else."""
    variables = _variables(palette_for(DARK if is_dark else LIGHT, colours))
    return {name: variables[name] for name in _OWN_VARIABLES}


def colours_of_terminal() -> Colours:
    """What can be shown, as the terminal's variables tell it."""
    if "NO_COLOR" in os.environ:
        return "none"
    from rich.console import Console
    from textual.constants import COLOR_SYSTEM

    system = Console(color_system=cast("Any", COLOR_SYSTEM), force_terminal=True).color_system
    return "many" if system in ("truecolor", "256") else "sixteen" if system else "none"


def theme_named(name: str, colours: Colours) -> Theme:
    """One of them, for a terminal of these colours."""
    palette = palette_for(_PALETTES[name], colours)
    return Theme(
        name=name,
        primary=palette.primary,
        secondary=palette.secondary,
        accent=palette.accent,
        warning=palette.accent,
        error=palette.error,
        success=palette.success,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=palette.is_dark,
        variables=_variables(palette),
    )


def _variables(palette: Palette) -> dict[str, str]:
    return {
        "border": palette.primary,
        "border-blurred": palette.border_blurred,
        "footer-key-foreground": palette.accent,
        "text": palette.foreground,
        "text-muted": palette.muted,
        "text-disabled": palette.muted,
        "text-error": palette.text_error,
        "text-success": palette.text_success,
        "text-warning": palette.accent,
        "text-primary": palette.primary,
        "text-accent": palette.accent,
        "block-cursor-foreground": palette.foreground,
        "block-cursor-background": palette.cursor,
        "block-cursor-text-style": palette.cursor_style,
        "block-cursor-blurred-foreground": palette.foreground,
        "block-cursor-blurred-background": palette.cursor_blurred,
        "block-cursor-blurred-text-style": palette.cursor_blurred_style,
        "input-selection-background": palette.cursor,
        "input-selection-foreground": palette.foreground,
        "added-line": palette.added,
        "removed-line": palette.removed,
        "added-part": palette.added_part,
        "removed-part": palette.removed_part,
        "part-style": palette.part_style,
    }


@cache
def terminal_colours(name: str, colours: Colours) -> TerminalTheme:
    """What the colours of highlighted code are in one of them."""
    from rich.terminal_theme import TerminalTheme

    palette = palette_for(_PALETTES[name], colours)
    names = (
        palette.muted,
        palette.text_error,
        palette.text_success,
        palette.yellow,
        palette.blue,
        palette.magenta,
        palette.cyan,
        palette.foreground,
    )
    shown = [_triplet(each) for each in names]
    return TerminalTheme(_triplet(palette.background), _triplet(palette.foreground), shown, shown)


def _triplet(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
