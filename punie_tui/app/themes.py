"""The colours of the app, dark and light."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="punie-dark",
    primary="#8fb8d8",
    secondary="#9aa7b5",
    accent="#d9b26f",
    warning="#d9b26f",
    error="#e07a7a",
    success="#8fc08f",
    foreground="#d6dae0",
    background="#15181c",
    surface="#1c2026",
    panel="#242a32",
    dark=True,
    variables={"border": "#8fb8d8", "border-blurred": "#3a424d", "footer-key-foreground": "#d9b26f"},
)
LIGHT = Theme(
    name="punie-light",
    primary="#1f5f8b",
    secondary="#566270",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#a82a2a",
    success="#2a6e35",
    foreground="#22272e",
    background="#f7f7f4",
    surface="#eeeeea",
    panel="#e3e4de",
    dark=False,
    variables={"border": "#1f5f8b", "border-blurred": "#b9bdb8", "footer-key-foreground": "#8a5a00"},
)
