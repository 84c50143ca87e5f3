"""What can be done next: a small panel after the leader key, with a letter for each action."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from punie_tui.app.actions import SCROLL_CALLS, Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import keys_of
from punie_tui.app.key_names import key_name
from punie_tui.app.offers import Offer
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

_COLUMN = 37
_LEAVES = "ctrl+c"
"""What is pressed to get out of something, as Escape is, which is an action of its own."""

LEADER_ACTIONS = ActionGroup(
    "After the leader key",
    (
        Action("leader.leave", "escape", "dismiss(None)", "do nothing", has_priority=True),
        *(
            Action(f"leader.{call}", key, f"scroll('{call}')", "scroll")
            for key, call in zip(("down", "up", "pagedown", "pageup", "home", "end"), SCROLL_CALLS, strict=True)
        ),
    ),
)


class LeaderScreen(Dialog[Offer | None]):
    """Gives what the next key chose; None by any that chooses nothing."""

    DEFAULT_CSS = """
    LeaderScreen { background: $background 20%; align: center bottom; }
    LeaderScreen > VerticalScroll {
        width: 100%; height: auto; max-height: 100%;
        border: round $border; background: $surface; padding: 0 1; scrollbar-size-vertical: 1;
    }
    LeaderScreen Static { height: auto; }
    """
    ACTIONS: ClassVar[ActionGroups] = (LEADER_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        """`offers` by the keys that choose them, in Textual's names."""
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "then"
            scroll.border_subtitle = "Esc nothing"
            yield Static(markup=False)

    def on_resize(self) -> None:
        self.query_one(Static).update(self._content())

    @property
    def text(self) -> str:
        """What is shown, without styles."""
        return self._content().plain

    def action_scroll(self, call: str) -> None:
        getattr(self.query_one(VerticalScroll), f"action_{call}")()

    def on_key(self, event: events.Key) -> None:
        """Whatever chooses nothing leaves, so that nobody is caught here."""
        if any(event.key in keys_of(self, action) for action in LEADER_ACTIONS.actions):
            return
        event.stop()
        offer = self._offers.get(event.key)
        if offer is None and event.key != _LEAVES:
            app_of(self).notify(f"{key_name(event.key)} does nothing there.", markup=False)
        self.dismiss(offer)

    def _content(self) -> Content:
        columns = max((self.size.width - 4) // _COLUMN, 1)
        width = (self.size.width - 5) // columns
        rows: list[Content] = []
        titles = list(dict.fromkeys(offer.title for offer in self._offers.values()))
        by_title = sorted(self._offers.items(), key=lambda item: titles.index(item[1].title))
        for title, items in groupby(by_title, lambda item: item[1].title):
            rows.append(Content.styled(title, "bold"))
            entries = [_entry(key, offer.action, width) for key, offer in items]
            count = -(-len(entries) // columns)
            rows += [Content("").join(entries[row::count]) for row in range(count)]
        return Content("\n").join(rows)


def _entry(key: str, action: Action, width: int) -> Content:
    name = key_name(key)
    short = action.about.partition(":")[0].partition(";")[0]
    text = f" {short}"
    room = width - len(name) - 2
    shown = text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"
    return Content.assemble((name, "bold $accent"), shown.ljust(room + 1), " ")
