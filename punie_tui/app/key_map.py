"""The key map: a preset, changed by what the person wrote in their own settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from punie_tui.app.key_names import NO_KEY, KeyNameError, is_typed, key_name, parsed_key
from punie_tui.app.key_presets import PRESETS
from punie_tui.app.textual_adapter import keymap_of

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from punie_tui.app.action_registry import ActionsOfScreen
    from punie_tui.app.actions import Action


@dataclass(frozen=True)
class KeyChoice:
    """What the settings say; `own` is the table `key_map` as it was read, which may hold anything."""

    preset: str = "default"
    own: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def is_default(self) -> bool:
        return self.preset == "default" and not self.own


@dataclass(frozen=True)
class KeyMap:
    """The keys of every action, in Textual's names with commas between; and a sentence on each line left out."""

    keys: Mapping[str, str]
    problems: tuple[str, ...] = ()


def keys_of(node: DOMNode, action: Action) -> tuple[str, ...]:
    """The keys that do it now, in Textual's names."""
    keys = keymap_of(node).get(action.name) or action.keys
    return tuple(key for key in keys.split(",") if key != NO_KEY)


def key_shown(node: DOMNode, action: Action) -> str:
    """The name of the first key that does it now, for sentences; empty if none does."""
    keys = keys_of(node, action)
    return key_name(keys[0]) if keys else ""


def key_map_of(choice: KeyChoice, screens: Sequence[ActionsOfScreen]) -> KeyMap:
    """What is wrong in the person's own table leaves the preset's keys to the actions that it is about."""
    known = {action.name: action for screen in screens for part in screen.meetings() for action in part}
    defaults = {name: action.keys for name, action in known.items()}
    preset = {**defaults, **PRESETS.get(choice.preset, {})}
    problems: list[str] = []
    own: dict[str, str] = {}
    for name, written in _flat(choice.own):
        try:
            own[name] = _own_keys(name, written, known)
        except KeyNameError as error:
            kept = f"; {name} keeps {_named(preset[name])}" if name in known else ""
            problems.append(f"key_map: {error}{kept}.")
    while collision := next(_collisions({**preset, **own}, own, defaults, screens), None):
        key, place, names = collision
        dropped = [name for name in names if name in own]
        problems.append(
            f"key_map: {key_name(key)} would be both {names[0]} and {names[1]} in {place}; "
            + " and ".join(f"{name} keeps {_named(preset[name])}" for name in dropped)
            + "."
        )
        for name in dropped:
            del own[name]
    return KeyMap({**preset, **own}, tuple(problems))


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """`main.tests` without quotes makes a table `main` in TOML, and means the same."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(cast("dict[str, object]", value), f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _own_keys(name: str, written: object, known: Mapping[str, Action]) -> str:
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1, 0.5)
        raise KeyNameError(f"there is no action {name!r}{f', did you mean {near[0]}?' if near else ''}")
    listed = cast("list[object]", written) if isinstance(written, list) else [written]
    if not all(isinstance(text, str) for text in listed):
        raise KeyNameError(f"the keys of {name} are a text, with spaces between them, or a list of texts")
    keys = [parsed_key(text) for each in listed for text in str(each).split()]
    typed = next((key for key in keys if is_typed(key)), None)
    if typed and known[name].has_priority and name.startswith(("main.", "general.")):
        raise KeyNameError(f"{key_name(typed)} could then not be typed any more")
    return ",".join(keys) or NO_KEY


def _collisions(
    keys: Mapping[str, str], own: Mapping[str, str], defaults: Mapping[str, str], screens: Sequence[ActionsOfScreen]
) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """A key, where, and two actions, at least one of them in `own`; those that share a key by default are meant to."""
    for screen in screens:
        for meeting in screen.meetings():
            holders: dict[str, str] = {}
            for name in dict.fromkeys(action.name for action in meeting):
                for key in keys[name].split(","):
                    first = holders.setdefault(key, name)
                    are_apart = not {*defaults[first].split(",")} & {*defaults[name].split(",")}
                    if first != name and key != NO_KEY and are_apart and (first in own or name in own):
                        yield key, screen.name, (first, name)


def _named(keys: str) -> str:
    return " ".join(key_name(key) for key in keys.split(",") if key != NO_KEY) or "no key"
