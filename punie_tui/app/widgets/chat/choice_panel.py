"""What the person may have meant, a key for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from punie_tools.safe_text import safe_text
from punie_tui.agent.meant import MOST_CHOICES, QUESTION
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import key_shown
from punie_tui.app.widgets.chat.asking_panel import SCROLLS, AskingPanel

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tui.app.turn_runner import PendingChoice

_ORDINALS = ("first", "second", "third")
_CHOOSE = tuple(
    Action(
        f"choice.{name}",
        str(place),
        f"choose({place - 1})",
        f"do the {name} thing",
        name.title(),
        line="do what you meant",
    )
    for place, name in enumerate(_ORDINALS[:MOST_CHOICES], 1)
)
_NONE = Action("choice.none", "n", "choose(-1)", "none of these", "None")
CHOICE_ACTIONS = ActionGroup("When punie asks what you meant", (*_CHOOSE, _NONE, *SCROLLS))


class ChoicePanel(AskingPanel):
    """Shows one question above the prompt; hidden when there is none."""

    DEFAULT_CSS = """
    ChoicePanel {
        display: none; height: auto; padding: 0 1; overflow-y: auto; scrollbar-size-vertical: 1;
        border: round $primary; background: $surface;
    }
    ChoicePanel.-asks { display: block; }
    ChoicePanel:focus { border: heavy $primary; }
    ChoicePanel > Static { height: auto; }
    """
    ACTIONS: ClassVar[ActionGroups] = (CHOICE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Chosen(Message):
        """`place` counts from 0; None is none of them."""

        pending: PendingChoice
        place: int | None

    _pending: PendingChoice | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="choices", markup=False)

    def show(self, pending: PendingChoice) -> None:
        """Ask; one turn runs at a time, and it asks one thing."""
        self._pending = pending
        self._show_choices(pending)
        self.set_asking(True)
        self.fit()
        self.scroll_home(animate=False)
        self.question_stands()

    def show_way_back(self) -> None:
        if self._pending:
            self._show_choices(self._pending)

    def _show_choices(self, pending: PendingChoice) -> None:
        rows = [
            f"{key_shown(self, action)}  {safe_text(choice, single_line=True)}"
            for action, choice in zip(_CHOOSE, pending.choices, strict=False)
        ]
        question = f"{self.way_back}: {QUESTION}" if self.way_back else QUESTION
        text = "\n".join([question, *rows, f"{key_shown(self, _NONE)}  none of these"])
        self.query_one("#choices", Static).update(Content(text))

    def settle(self, pending: PendingChoice) -> None:
        """It is answered, or its turn was stopped."""
        if self._pending is pending:
            self._pending = None
            self.set_asking(False)

    def choose_typed(self, text: str) -> bool:
        """Take what was sent as the number of a choice; whether it is one."""
        numbers = [str(place) for place in range(1, len(self._pending.choices) + 1)] if self._pending else []
        if text not in numbers:
            return False
        self.action_choose(numbers.index(text))
        return True

    def choose_none(self) -> bool:
        """Take none of the choices; whether any wait."""
        is_asking = self._pending is not None
        self.action_choose(-1)
        return is_asking

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be fewer choices than keys."""
        if action == "choose" and self._pending is not None:
            return isinstance(parameters[0], int) and parameters[0] < len(self._pending.choices)
        return True

    def action_choose(self, place: int) -> None:
        if self._pending is not None:
            self.post_message(self.Chosen(self._pending, place if place >= 0 else None))
