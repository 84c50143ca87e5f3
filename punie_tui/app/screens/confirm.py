"""A question before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from textual.app import ComposeResult


CONFIRM_ACTIONS = ActionGroup(
    "The question",
    (
        Action("confirm.yes", "y", "dismiss(True)", "yes", "Yes", has_priority=True),
        Action("confirm.no", "n,escape,enter,q", "dismiss(False)", "no", "No", has_priority=True),
    ),
)


class ConfirmScreen(Dialog[bool]):
    """Gives True for `y` alone; Enter, which is pressed by habit, means no."""

    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; background: $background 60%; }
    ConfirmScreen > VerticalScroll {
        width: 60; max-width: 100%; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
    }
    ConfirmScreen Static { height: auto; }
    ConfirmScreen #confirm-keys { dock: bottom; padding-top: 1; text-style: bold; background: $surface; }
    ConfirmScreen.-lowest > VerticalScroll { max-height: 100%; border: none; }
    ConfirmScreen.-lowest #confirm-keys { padding-top: 0; }
    """
    ACTIONS: ClassVar[ActionGroups] = (CONFIRM_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, question: str, yes: str) -> None:
        """`yes` says in a word or two what `y` does."""
        super().__init__()
        self._question, self._yes = question, yes

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Content(safe_text(self._question)), markup=False)
            # Docked, so that the keys stay on the screen where the question has to be scrolled.
            yield Static(f"y {self._yes}   n keep it", id="confirm-keys", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def leave_or_ask(screen: Screen[Any], question: str, yes: str, leave: Callable[[], object]) -> None:
    """Leave at once where the question is empty, as nothing is lost then; else if the person says so."""

    def leave_if_wanted(is_wanted: bool | None) -> None:
        if is_wanted:
            leave()

    if question:
        app_of(screen).push_screen(ConfirmScreen(question, yes), leave_if_wanted)
    else:
        leave()
