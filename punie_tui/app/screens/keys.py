"""All keys that work on a screen, those of the focused pane first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, Static

from punie_tui.app.actions import (
    SCROLL_CALLS,
    Action,
    ActionGroup,
    ActionGroups,
    bindings_of,
    groups_by_focus,
    movement,
)
from punie_tui.app.key_map import key_shown, keys_of
from punie_tui.app.key_names import key_name, key_names
from punie_tui.app.screens.general_actions import LEADER
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.slash_commands import COMMANDS
from punie_tui.app.textual_adapter import app_of

_WIDTH = 76
_FRAME = 6
_LEAST_WIDTH = 12
_KEY_COLUMN = 24

COMMANDS_OF_PROMPT = ActionGroup(
    "Commands in the prompt",
    (),
    hints=tuple((f"/{command.name} {command.argument}".strip(), command.purpose) for command in COMMANDS),
)
KEYS_ACTIONS = ActionGroup(
    "Keys",
    (
        Action("keys.leave", "escape", "leave", "out of the filter, or close", has_priority=True),
        Action("keys.close", "q,f1,question_mark", "dismiss", "close"),
        Action("keys.filter", "slash", "filter", "filter as you type; Esc clears it"),
    ),
)
_TEXT_ACTIONS = ActionGroup(
    "The text",
    movement(SCROLL_CALLS, "scroll"),
)


class KeysText(VerticalScroll):
    """Moved in by the keys of every list."""

    ACTIONS: ClassVar[ActionGroups] = (_TEXT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class KeysScreen(Dialog[None]):
    """Closes by Escape, q, F1 or ?; what is typed after / leaves the lines that hold every word of it."""

    DEFAULT_CSS = """
    KeysScreen { align: center middle; background: $background 60%; }
    KeysScreen > VerticalScroll {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
    }
    KeysScreen Static { height: auto; }
    KeysScreen Input, KeysScreen Input:focus {
        display: none; dock: bottom; height: 1; border: none; padding: 0; background: $surface;
    }
    KeysScreen.-filters Input { display: block; }
    """
    ACTIONS: ClassVar[ActionGroups] = (KEYS_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, groups: ActionGroups) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        with KeysText() as scroll:
            scroll.border_title = "Keys"
            scroll.border_subtitle = "↑ ↓ scroll   / filters   Esc closes"
            yield Static(markup=False)
            yield Input(placeholder="words that must stand in a line; Esc clears")

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return self._content().plain

    def on_resize(self) -> None:
        self.query_one(Static).update(self._content())

    def _content(self) -> Content:
        width = max(min(self.size.width, _WIDTH) - _FRAME, _LEAST_WIDTH)
        lines: list[Content] = []
        words = self.query_one(Input).value.lower().split()
        for group in self._groups:
            shown = [
                (keys, what)
                for keys, what in _lines_of(self, group)
                if all(word in f"{keys} {what}".lower() for word in words)
            ]
            if words and not shown:
                continue
            lines.append(Content.styled(group.title, "bold"))
            if not words:
                lines += [Content.styled(line, "$text-muted") for line in _wrapped("", group.about, 2, width)]
            for keys, what in shown:
                lines += map(Content, _wrapped(f"  {keys}", what, _KEY_COLUMN, width))
            lines.append(Content(""))
        return Content("\n").join(lines[:-1] or [Content("No key holds these words.")])

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_filter(self) -> None:
        self.add_class("-filters")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _filter(self) -> None:
        self.query_one(Static).update(self._content())

    @on(Input.Submitted)
    def _keep_filter(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        """Out of the filter, which is then empty, or back."""
        if self.has_class("-filters"):
            self.remove_class("-filters")
            self.query_one(Input).value = ""
            self.query_one(VerticalScroll).focus()
        else:
            self.dismiss()


def show_keys(screen: Screen[Any], *more: ActionGroup) -> None:
    """Show what can be done on a screen, where the focus is first."""
    app_of(screen).push_screen(KeysScreen((*groups_by_focus(screen, screen.focused), *more)))


def _lines_of(node: DOMNode, group: ActionGroup) -> Iterator[tuple[str, str]]:
    for line, actions in groupby(group.actions, lambda action: action.line or action.about):
        if keys := "  ".join(names for action in actions if (names := _names(node, action))):
            yield keys, line
    yield from group.hints


def _wrapped(keys: str, what: str, column: int, width: int) -> list[str]:
    """The text beside its keys from a column on, or below keys that reach into it; one below the other where narrow."""
    column = min(column, width // 2)
    lines = wrap(what, width - column)
    if len(keys) < column:
        keys = f"{keys:<{column}}{lines.pop(0)}" if lines else keys
    return [*([keys] if keys.strip() else []), *(f"{' ' * column}{line}" for line in lines)]


def _names(node: DOMNode, action: Action) -> str:
    """The keys that do it; where there are none those after the leader key."""
    led = f"{key_shown(node, LEADER)} {key_name(action.letter)}" if action.letter else ""
    return key_names(",".join(keys_of(node, action))) or led
