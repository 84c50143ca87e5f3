"""What can be done on a screen at this moment, for the leader key and the palette."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from punie_tui.app.actions import groups_of
from punie_tui.app.key_map import keys_of
from punie_tui.app.key_names import is_typed
from punie_tui.app.textual_adapter import app_of, can_do

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    from punie_tui.app.actions import Action


@dataclass(frozen=True)
class Offer:
    """An action, where it is done, and the title of its group."""

    node: DOMNode
    action: Action
    title: str

    async def accept(self) -> None:
        await app_of(self.node).run_action(self.action.call, self.node)


def offers_of(screen: Screen[Any]) -> Iterator[Offer]:
    """Each action once, those where the focus is first; of other widgets only what has a letter of its own."""
    near = list(screen.focused.ancestors_with_self) if screen.focused else [screen]
    seen: set[str] = set()
    for node in (*near, screen, *screen.walk_children()):
        for group in groups_of(node):
            for action in group.actions:
                is_here = node in near or action.letter
                if is_here and action.name not in seen and not _only_moves(action) and can_do(node, action.call):
                    seen.add(action.name)
                    yield Offer(node, action, group.title)


def offers_by_letter(screen: Screen[Any]) -> dict[str, Offer]:
    """What a letter after the leader key does: its own one, or the one that does it without the leader."""
    offers = sorted(offers_of(screen), key=lambda offer: not offer.action.letter)
    found: dict[str, Offer] = {}
    for offer in offers:
        typed = [key for key in keys_of(screen, offer.action) if is_typed(key) and key != "space"]
        own = [offer.action.letter] if offer.action.letter else typed
        if letter := next((letter for letter in own if letter not in found), ""):
            found[letter] = offer
    return found


def _only_moves(action: Action) -> bool:
    return action.name.startswith(("move.", "general.leader")) or action.call.startswith("cursor_")
