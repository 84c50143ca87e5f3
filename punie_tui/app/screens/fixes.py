"""Several fixes are offered for one finding: which one is meant, a key for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import LIST_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.screens.size_classes import set_size_classes

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tools.actions.code_actions import CodeAction

_DIGITS = "123456789"
FIXES_LIST_ACTIONS = ActionGroup(
    "The fixes",
    (Action("fixes.take", "enter", "select", "look at what this fix would change", "Take"), *movement(LIST_CALLS)),
)
FIXES_ACTIONS = ActionGroup(
    "Several fixes",
    (
        *(
            Action(f"fixes.take_{digit}", digit, f"take({place})", "take the fix of this number", line="take it")
            for place, digit in enumerate(_DIGITS)
        ),
        Action("fixes.leave", "escape,q,n", "dismiss(None)", "take none of them", "None"),
        Action("fixes.keys", "question_mark,f1", "help", "these keys", "Keys"),
    ),
)


class FixesOptions(OptionList):
    """Names in the keys screen what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (FIXES_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class FixesScreen(Dialog["CodeAction | None"]):
    """Gives the fix that is wanted, which comes as a proposal then; None for none of them."""

    DEFAULT_CSS = """
    FixesScreen { align: center middle; background: $background 60%; }
    FixesScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
    }
    FixesScreen Static { height: auto; max-height: 3; }
    FixesScreen #fixes-question { text-style: bold; padding-bottom: 1; }
    FixesScreen #fixes-keys { padding-top: 1; color: $secondary; }
    FixesScreen OptionList, FixesScreen OptionList:focus {
        height: auto; max-height: 60vh; border: none; padding: 0; background: $surface; scrollbar-size-vertical: 1;
    }
    FixesScreen.-low #fixes-keys { display: none; }
    FixesScreen.-lowest > Vertical { max-height: 100%; border: none; }
    FixesScreen.-lowest #fixes-question { max-height: 1; padding: 0; }
    """
    ACTIONS: ClassVar[ActionGroups] = (FIXES_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, about: str, fixes: Sequence[CodeAction]) -> None:
        """`about` is the finding that all of them would mend."""
        super().__init__()
        self._about, self._fixes = about, fixes

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(safe_text(self._about, single_line=True)), id="fixes-question", markup=False)
            yield FixesOptions(*(Option(self._row(place)) for place in range(len(self._fixes))), markup=False)
            yield Static("a number or Enter shows what it changes   Esc none   ? keys", id="fixes-keys", markup=False)

    def _row(self, place: int) -> Content:
        digit = _DIGITS[place : place + 1] or " "
        return Content(f"{digit}  {safe_text(self._fixes[place].title, single_line=True)}")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.action_take(message.option_index)

    def action_help(self) -> None:
        show_keys(self)

    def action_take(self, place: int) -> None:
        """Nothing for a number that no fix has."""
        if place < len(self._fixes):
            self.dismiss(self._fixes[place])
