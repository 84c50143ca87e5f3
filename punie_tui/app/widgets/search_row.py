"""The row below a text: what is typed to search for, how often it stands there, and what was copied."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of

if TYPE_CHECKING:
    from textual.app import ComposeResult


SEARCH_ACTIONS = ActionGroup(
    "Search",
    (
        Action("search.leave", "escape", "leave", "end the search (Enter keeps it)"),
        Action("search.keep", "tab,shift+tab", "keep", "keep it"),
    ),
)


class SearchRow(Horizontal):
    """Is there only while there is something to type or to tell."""

    DEFAULT_CSS = """
    SearchRow { height: 1; display: none; background: $surface; }
    SearchRow.-types, SearchRow.-tells { display: block; }
    SearchRow > Input, SearchRow > Input:focus {
        display: none; height: 1; border: none; padding: 0 1; width: 1fr; background: $surface;
    }
    SearchRow.-types > Input { display: block; }
    SearchRow > Static { height: 1; width: auto; max-width: 100%; padding: 0 1; color: $text-muted; }
    """
    ACTIONS: ClassVar[ActionGroups] = (SEARCH_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Changed(Message):
        """Other words are searched for."""

        words: str

    @dataclass
    class Left(Message):
        """The person typed enough; with `is_kept` the search stays."""

        is_kept: bool

    def __init__(self) -> None:
        super().__init__()
        self._waits_for_keys = False

    def compose(self) -> ComposeResult:
        yield Input(placeholder="search; Enter keeps, Esc ends", select_on_focus=False)
        yield Static(markup=False)

    @property
    def is_typing(self) -> bool:
        return self.has_class("-types") and self.query_one(Input).has_focus

    def begin(self) -> None:
        """Let the person type; what was searched for last is selected."""
        self.add_class("-types")
        box = self.query_one(Input)
        self._waits_for_keys = not box.has_focus
        box.focus()
        box.select_all()
        self.post_message(self.Changed(box.value))

    def hear(self, event: events.Key, opening: Collection[str], begin: Callable[[], None]) -> None:
        """What the text does first with each of its keys: a search begins in its place among them.

        Those behind the `opening` one are letters to search for, also where they come before the box has the keys.
        """
        box = self.query_one(Input)
        is_early = self._waits_for_keys and not box.has_focus
        if is_early:
            box.post_message(events.Key(event.key, event.character))
        elif event.key in opening:
            begin()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_descendant_focus(self) -> None:
        self._waits_for_keys = False

    def tell(self, sentence: str) -> None:
        """Show a sentence, which is safe text; an empty one goes away."""
        self.query_one(Static).update(sentence)
        self.set_class(bool(sentence), "-tells")

    @on(Input.Changed)
    def _change(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-types"):
            self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_leave(self) -> None:
        self._end(is_kept=False)

    def action_keep(self) -> None:
        self._end(is_kept=bool(self.query_one(Input).value))

    def _end(self, *, is_kept: bool) -> None:
        self.remove_class("-types")
        self.post_message(self.Left(is_kept))
