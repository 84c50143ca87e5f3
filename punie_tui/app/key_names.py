"""Names of keys as people read and write them: `Ctrl+N`, `PgDn`, `?`."""

from __future__ import annotations

from textual.keys import KEY_NAME_REPLACEMENTS, format_key, key_to_character

from punie_tui.app.textual_adapter import key_of_character

NO_KEY = "none"
"""Stands for the keys of an action that has none."""

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
_WRITTEN = {name.lower(): key for key, name in _NAMES.items()} | {key: key for key in _NAMES} | {"insert": "insert"}
_THE_SAME = {"ctrl+i": "Tab", "ctrl+m": "Enter", "ctrl+h": "Backspace", "ctrl+left_square_bracket": "Esc"}


class KeyNameError(ValueError):
    """A text names no key; says why."""


def parsed_key(text: str) -> str:
    """Textual's name of a key that a person wrote. Raises KeyNameError."""
    if len(text) == 1:
        return _character_key(text)
    before, plus, _ = text.rpartition("++")
    *modifiers, last = [*before.split("+"), "+"] if plus else text.split("+")
    wanted = {modifier.lower() for modifier in modifiers}
    if not last or not wanted <= set(_MODIFIERS):
        raise KeyNameError(f"{text!r} is no key")
    if len(last) == 1:
        base = last.lower() if wanted else last
        key = base if base.isalnum() else _character_key(base)
    elif last.lower() in _WRITTEN or (last[0] in "fF" and last[1:].isdigit() and 1 <= int(last[1:]) <= 24):
        key = _WRITTEN.get(last.lower(), last.lower())
    elif len(format_key(last.lower())) == 1:
        key = last.lower()
    else:
        raise KeyNameError(f"{text!r} is no key")
    parsed = "+".join([*(each for each in _MODIFIERS if each in wanted), key])
    if same := _THE_SAME.get(parsed):
        raise KeyNameError(f"{text!r} is {same} to every terminal")
    return parsed


def is_typed(key: str) -> bool:
    """Whether the key puts a character into a text."""
    character = key_to_character(key)
    # Textual does not find the characters of names that it replaced itself: `slash`, `minus` …
    return key in KEY_NAME_REPLACEMENTS.values() or (character is not None and character.isprintable())


def _character_key(character: str) -> str:
    if not character.isprintable():
        raise KeyNameError("a character that cannot be seen is no key")
    return key_of_character(character)


def key_name(key: str) -> str:
    """The name of one key that Textual knows."""
    *modifiers, last = key.split("+")
    shown = _NAMES.get(last) or (last.upper() if modifiers and len(last) == 1 else _plain_name(last))
    return "+".join([*(_MODIFIERS.get(each, each) for each in modifiers), shown])


def key_names(keys: str) -> str:
    """The names of several, of which Textual has commas between; empty if there are none."""
    return "  ".join(key_name(key) for key in keys.split(",") if key and key != NO_KEY)


def _plain_name(key: str) -> str:
    return key.upper() if key[0] == "f" and key[1:].isdigit() else format_key(key)
