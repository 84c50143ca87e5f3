"""The colours that the themes are made of, for terminals of many colours, of sixteen, and of none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Colours = Literal["many", "sixteen", "none"]
"""What a terminal can show. Of two hundred and fifty-six it has what these palettes need."""


@dataclass(frozen=True)
class Palette:
    """One look. Grounds are solid: what is mixed with what lies below looks otherwise in each widget."""

    is_dark: bool
    background: str
    surface: str
    panel: str
    foreground: str
    muted: str
    secondary: str
    primary: str
    accent: str
    error: str
    success: str
    text_error: str
    text_success: str
    border_blurred: str
    cursor: str
    cursor_blurred: str
    added: str
    removed: str
    added_part: str
    removed_part: str
    yellow: str
    blue: str
    magenta: str
    cyan: str
    cursor_style: str = "bold"
    cursor_blurred_style: str = "none"
    part_style: str = "bold"
    """How changed parts of a line are written, besides their ground."""


DARK = Palette(
    is_dark=True,
    background="#15181c",
    surface="#1c2026",
    panel="#242a32",
    foreground="#d6dae0",
    muted="#a9adb3",
    secondary="#9aa7b5",
    primary="#8fb8d8",
    accent="#d9b26f",
    error="#e07a7a",
    success="#8fc08f",
    text_error="#eaa7a7",
    text_success="#b5d5b5",
    border_blurred="#3a424d",
    cursor="#2a3038",
    cursor_blurred="#1c2026",
    added="#1a2b20",
    removed="#331e20",
    added_part="#24402c",
    removed_part="#4c2427",
    yellow="#e6cf9b",
    blue="#a8c8e4",
    magenta="#e0c6ea",
    cyan="#a0d8d8",
)
LIGHT = Palette(
    is_dark=False,
    background="#f7f7f4",
    surface="#eeeeea",
    panel="#e3e4de",
    foreground="#22272e",
    muted="#54585c",
    secondary="#4d5966",
    primary="#1a537a",
    accent="#724a00",
    error="#a02626",
    success="#22602c",
    text_error="#6e1b1b",
    text_success="#1b4822",
    border_blurred="#b9bdb8",
    cursor="#cfe0ec",
    cursor_blurred="#e3e4de",
    added="#dff0df",
    removed="#f6dede",
    added_part="#c4e4c4",
    removed_part="#f2c9c9",
    yellow="#724a00",
    blue="#1a537a",
    magenta="#6d338f",
    cyan="#0b5866",
)
CONTRAST = Palette(
    is_dark=True,
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    foreground="#ffffff",
    muted="#d8d8d8",
    secondary="#e0e0e0",
    primary="#8cdfff",
    accent="#ffdc00",
    error="#ffb3b3",
    success="#8cff8c",
    text_error="#ffb3b3",
    text_success="#8cff8c",
    border_blurred="#8a8a8a",
    cursor="#002f6b",
    cursor_blurred="#1c1c1c",
    added="#002b0d",
    removed="#3a0000",
    added_part="#004516",
    removed_part="#5f0000",
    yellow="#ffdc00",
    blue="#a6d0ff",
    magenta="#f0b3ff",
    cyan="#8cf0ff",
)

# Exactly the sixteen, so that no terminal has to guess the nearest. A row under the cursor is told by its ground.
_DARK_OF_SIXTEEN = Palette(
    is_dark=True,
    background="#000000",
    surface="#000000",
    panel="#000000",
    foreground="#ffffff",
    muted="#aaaaaa",
    secondary="#aaaaaa",
    primary="#55ffff",
    accent="#ffff55",
    error="#ff5555",
    success="#55ff55",
    text_error="#ff5555",
    text_success="#55ff55",
    border_blurred="#555555",
    cursor="#0000aa",
    cursor_blurred="#000000",
    added="#000000",
    removed="#000000",
    added_part="#000000",
    removed_part="#000000",
    yellow="#ffff55",
    blue="#55ffff",
    magenta="#ff55ff",
    cyan="#55ffff",
    cursor_blurred_style="underline",
    part_style="bold underline",
)
_LIGHT_OF_SIXTEEN = Palette(
    is_dark=False,
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    foreground="#000000",
    muted="#000000",
    secondary="#000000",
    primary="#0000aa",
    accent="#aa00aa",
    error="#aa0000",
    success="#00aa00",
    text_error="#aa0000",
    text_success="#00aa00",
    border_blurred="#aaaaaa",
    cursor="#ffff55",
    cursor_blurred="#ffffff",
    added="#ffffff",
    removed="#ffffff",
    added_part="#ffffff",
    removed_part="#ffffff",
    yellow="#aa00aa",
    blue="#0000aa",
    magenta="#aa00aa",
    cyan="#0000aa",
    cursor_blurred_style="underline",
    part_style="bold underline",
)


def palette_for(palette: Palette, colours: Colours) -> Palette:
    """What stands for it on a terminal of fewer colours."""
    if colours == "many":
        return palette
    few = _DARK_OF_SIXTEEN if palette.is_dark else _LIGHT_OF_SIXTEEN
    return few if colours == "sixteen" else replace(few, cursor=few.foreground)
