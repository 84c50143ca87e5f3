"""Actions: what a key does, named once beside the widget or screen that does it.

Footer, keys screen, key map and tests read these; nothing says twice which key does what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.dom import DOMNode


@dataclass(frozen=True)
class Action:
    """One thing that a person can do by key."""

    name: str
    """Stable and unique in its screen, as a person writes it: `review.accept_hunk`."""

    keys: str
    """The keys that do it unless the person has chosen others: Textual's names, commas between."""

    call: str
    """What Textual runs on the widget or screen: `decide('accepted')`."""

    about: str
    """What it does, in a line."""

    label: str = ""
    """The word for the footer; without one it is not shown there."""

    has_priority: bool = False
    """Whether its keys work before the focused widget sees them."""

    line: str = ""
    """Actions in a row with the same text share a line of the keys screen, which then says this."""

    letter: str = ""
    """The key that does it after the leader key; without one it is a letter among its own keys, if there is any."""

    @property
    def binding(self) -> Binding:
        show, priority = bool(self.label), self.has_priority
        return Binding(self.keys, self.call, self.label or self.about, show=show, priority=priority, id=self.name)


@dataclass(frozen=True)
class ActionGroup:
    """What can be done in one place: a pane, a screen, or a part of what a screen offers."""

    title: str
    actions: tuple[Action, ...]
    hints: tuple[tuple[str, str], ...] = ()
    """Keys that are typed text, or belong to a widget of Textual: shown, and never changed."""

    about: str = ""
    """What the place is for, in a sentence."""


ActionGroups = tuple[ActionGroup, ...]


def bindings_of(*groups: ActionGroup) -> list[BindingType]:
    """For a class's `BINDINGS`; its `ACTIONS` names the same groups."""
    return [action.binding for group in groups for action in group.actions]


_MOVES = (
    ("move.down", "down,j", "a row down"),
    ("move.up", "up,k", "a row up"),
    ("move.page_down", "pagedown", "a page down"),
    ("move.page_up", "pageup", "a page up"),
    ("move.first", "home,g", "to the beginning"),
    ("move.last", "end,G", "to the end"),
)
_CURSOR_CALLS = ("move(1)", "move(-1)", "move_page(1)", "move_page(-1)", "move_to_end(-1)", "move_to_end(1)")
SCROLL_CALLS = ("scroll_down", "scroll_up", "page_down", "page_up", "scroll_home", "scroll_end")
TREE_CALLS = ("cursor_down", "cursor_up", "page_down", "page_up", "scroll_home", "scroll_end")
LIST_CALLS = ("cursor_down", "cursor_up", "page_down", "page_up", "first", "last")
"""What Textual's own widgets call the moves: what scrolls, its tree, its list of options."""


def movement(calls: tuple[str, ...] = _CURSOR_CALLS, does: str = "move") -> tuple[Action, ...]:
    """The keys that move in lists, trees and texts, the same everywhere; `calls` in the order of the moves."""
    return tuple(
        Action(name, keys, call, about, line=does) for (name, keys, about), call in zip(_MOVES, calls, strict=True)
    )


def groups_of(node: DOMNode | type[DOMNode]) -> ActionGroups:
    """The actions that a widget or screen has of its own."""
    return getattr(node, "ACTIONS", ())


def groups_by_focus(screen: DOMNode, focused: DOMNode | None) -> Iterator[ActionGroup]:
    """All groups of a screen and its widgets, each once, those where the focus is first."""
    near = focused.ancestors_with_self if focused else [screen]
    seen: set[int] = set()
    for node in (*near, screen, *screen.walk_children()):
        for group in groups_of(node):
            if id(group) not in seen:
                seen.add(id(group))
                yield group
