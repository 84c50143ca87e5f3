"""The messages that wait, above the prompt: changed, moved, removed, or given to the running turn, by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.key_map import key_shown
from punie_tui.app.message_queue import MessageQueue, QueuedMessage, held_words
from punie_tui.app.ways import TO_QUEUE
from punie_tui.app.widgets.chat.prompt import STEER

if TYPE_CHECKING:
    from textual import events

_MOST_ROWS = 4
_PLACES = "earlier, later in the queue"

QUEUE_ACTIONS = ActionGroup(
    "Messages that wait",
    (
        *movement(),
        Action("queue.edit", "enter,e", "edit", "take it back into the prompt", "Edit"),
        Action("queue.remove", "d,delete,backspace", "remove", "remove it", "Remove"),
        Action("queue.earlier", "K,shift+up", "shift(-1)", "earlier in the queue", "Earlier", line=_PLACES),
        Action("queue.later", "J,shift+down", "shift(1)", "later in the queue", "Later", line=_PLACES),
        Action("queue.steer", "s", "steer", "give it to the running turn, to be read at its next step", "Steer"),
        Action("queue.send", "r", "send", "go on with those that a stop held"),
        Action("queue.leave", "escape", "leave", "to the prompt; the turn goes on", "Back"),
    ),
)


class QueuePanel(Widget, can_focus=True):
    """A line that says how many wait, and below it the first of them; hidden where none does."""

    DEFAULT_CSS = """
    QueuePanel {
        height: auto; display: none; padding: 0 1; background: $surface; color: $text-muted;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    QueuePanel:focus { color: $foreground; }
    """
    ACTIONS: ClassVar[ActionGroups] = (QUEUE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class EditWanted(Message):
        """A message shall be changed; it waits no longer."""

        queued: QueuedMessage

    @dataclass
    class SteerWanted(Message):
        """A message shall be read by the running turn."""

        queued: QueuedMessage

    class Left(Message):
        """The person is done with the list."""

    def __init__(self, queue: MessageQueue, can_steer: Callable[[], bool]) -> None:
        """`can_steer` says whether a turn runs that reads more than its one request."""
        super().__init__()
        self._queue = queue
        self._can_steer = can_steer
        self._place = 0

    @property
    def shown(self) -> list[QueuedMessage]:
        """What was sent is shown only while what it mentions is read."""
        return [each for each in self._queue.messages if each.state != "sent" or each.has_mentions]

    def show(self) -> None:
        """Show the queue as it is now."""
        self._place = max(min(self._place, len(self.shown) - 1), 0)
        self.display = bool(self.shown)
        self.refresh(layout=True)

    @property
    def _first(self) -> int:
        """The place of the first row."""
        return max(min(self._place, len(self.shown) - _MOST_ROWS), 0) if self.has_focus else 0

    def render(self) -> Content:
        shown = self.shown
        first = self._first
        width = self.size.width
        rows = [self._row(each, first + row, width) for row, each in enumerate(shown[first : first + _MOST_ROWS])]
        return Content("\n").join([Content(self._title(len(shown), first + len(rows))), *rows])

    def _title(self, count: int, last: int) -> str:
        more = f" ({count - last} below)" if count > last else ""
        change = key_shown(self, TO_QUEUE)
        if self._queue.is_held:
            return f"{held_words(count)}{more}: Enter in the empty prompt sends, {change} changes"
        told = "1 message waits" if count == 1 else f"{count} messages wait"
        steer = f", {key_shown(self, STEER)} lets the turn read the first now" if self._can_steer() else ""
        return f"{told}{more}: {change} changes{steer}"

    def _row(self, queued: QueuedMessage, place: int, width: int) -> Content:
        mark = "▌" if self.has_focus and place == self._place else " "
        sign = {"sent": "›", "steers": "»"}.get(queued.state, "…")
        told = {"sent": " (reads what is mentioned)", "steers": " (at the next step)"}.get(queued.state, "")
        text = safe_text(queued.text, single_line=True)
        room = max(width - len(told) - 3, 4)
        line = f"{mark}{sign} {text}" if cell_len(text) <= room else f"{mark}{sign} {set_cell_size(text, room - 1)}…"
        return Content.styled(line + told, "reverse" if mark != " " else "")

    @property
    def _current(self) -> QueuedMessage | None:
        shown = self.shown
        return shown[self._place] if self._place < len(shown) else None

    def on_focus(self) -> None:
        self._place = 0
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.y:
            self._place = min(self._first + event.y - 1, len(self.shown) - 1)
            self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only some turns can be steered; the footer then says so."""
        return action != "steer" or self._can_steer()

    def action_move(self, step: int) -> None:
        self._place = max(min(self._place + step, len(self.shown) - 1), 0)
        self.refresh()

    def action_move_page(self, step: int) -> None:
        self.action_move(step * _MOST_ROWS)

    def action_move_to_end(self, direction: int) -> None:
        self.action_move(direction * len(self.shown))

    def action_shift(self, step: int) -> None:
        if current := self._current:
            self._queue.move(current, step)
            self._place = self.shown.index(current)
            self.refresh()

    def action_remove(self) -> None:
        if current := self._current:
            self._queue.remove(current)

    def action_edit(self) -> None:
        current = self._current
        if current and self._queue.remove(current):
            self.post_message(self.EditWanted(current))

    def action_steer(self) -> None:
        if (current := self._current) and current in self._queue.unsent:
            self.post_message(self.SteerWanted(current))

    def action_send(self) -> None:
        self._queue.let_go_on()

    def action_leave(self) -> None:
        self.post_message(self.Left())
