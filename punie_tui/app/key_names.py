"""Names of keys as people read them: `Ctrl+N`, `PgDn`, `?`."""

from __future__ import annotations

from textual.keys import format_key

_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "backspace": "Backspace",
    "delete": "Del",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
}
_MODIFIERS = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift"}


def key_name(key: str) -> str:
    """The name of one key that Textual knows."""
    *modifiers, last = key.split("+")
    shown = _NAMES.get(last) or (last.upper() if modifiers and len(last) == 1 else _plain_name(last))
    return "+".join([*(_MODIFIERS.get(each, each) for each in modifiers), shown])


def key_names(keys: str) -> str:
    """The names of several, of which Textual has commas between."""
    return "  ".join(key_name(key) for key in keys.split(","))


def _plain_name(key: str) -> str:
    return key.upper() if key[0] == "f" and key[1:].isdigit() else format_key(key)
