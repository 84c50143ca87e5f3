"""A panel that asks while the person may be typing: a key that comes too early is never an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from punie_tui.app.actions import ActionGroups, movement
from punie_tui.app.key_map import key_shown, keys_of
from punie_tui.app.ways import TO_QUESTION

if TYPE_CHECKING:
    from textual import events

GUARD_SECONDS = 0.5
SCROLLS = movement(does="scroll what it is about")
"""For each panel's actions."""
_SHARE_OF_SCREEN = 0.6
_ROWS_OF_PANES = 1
_KEYS_FOR_OTHERS = frozenset({"question_mark", "tab"})


class AskingPanel(Vertical, can_focus=True):
    """A letter answers only after half a second without any, counted from when the question stood there.

    What is typed before that goes on in the prompt, if something stands in it. A letter that answers nothing begins a
    sentence there, and takes the keys along; the question waits.
    """

    ACTIONS: ClassVar[ActionGroups] = ()

    @dataclass
    class TypedAhead(Message):
        """A letter that came too early to be an answer."""

        letter: str

    @dataclass
    class TypedOn(Message):
        """A key for the prompt: a letter that is no answer, or what came after one before the prompt had the keys."""

        key: str
        letter: str

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._clock = clock
        self._quiet_since = 0.0
        self._is_left = False

    @property
    def is_asking(self) -> bool:
        """Whether a question stands there."""
        return self.has_class("-asks")

    def set_asking(self, is_asking: bool) -> None:
        """Come up, or go; the screen makes room for what asks."""
        self.set_class(is_asking, "-asks")
        self.screen.set_class(is_asking, "-asks")
        self.refresh_bindings()

    @property
    def body(self) -> Widget:
        """What scrolls where the question has more rows than there is room for."""
        return self

    @property
    def most_rows(self) -> int:
        """What the panes can spare; on a low screen that is all they have."""
        area = self.parent
        assert isinstance(area, Widget)
        rows = area.size.height
        if self.screen.has_class("-low"):
            return rows
        return max(min(rows - _ROWS_OF_PANES, int(self.screen.size.height * _SHARE_OF_SCREEN)), 1)

    def fit(self) -> None:
        """Be no higher than leaves the rest of the screen of use."""
        self.styles.max_height = self.most_rows

    def question_stands(self) -> None:
        """The half second begins, and the keys come here."""
        self._quiet_since = self._clock()
        self.focus()
        self.refresh_bindings()

    @property
    def way_back(self) -> str:
        """The key that leads here while the keys go elsewhere; empty while they come here."""
        return "" if self.has_focus_within else key_shown(self, TO_QUESTION)

    def show_way_back(self) -> None:
        """Tell it, or no longer; the screen calls it when the focus has moved."""

    def on_focus(self) -> None:
        self._is_left = False

    def on_key(self, event: events.Key) -> None:
        """Letters go through here before they are answers."""
        if not (self.has_focus and self.is_asking and event.character):
            return
        if self._is_left and (event.is_printable or event.key in ("enter", "backspace")):
            self._hand_on(event)
        elif event.is_printable or event.key in ("enter", "tab"):
            self._take_letter(event)

    def _take_letter(self, event: events.Key) -> None:
        is_known = event.key in _KEYS_FOR_OTHERS or self.has_key(event.key)
        is_quiet = self._clock() - self._quiet_since >= GUARD_SECONDS
        if is_quiet and is_known:
            return
        self._quiet_since = self._clock()
        if event.is_printable and not is_known:
            self._is_left = True
            self._hand_on(event)
            return
        event.stop()
        event.prevent_default()
        if event.is_printable:
            self.post_message(self.TypedAhead(event.character or ""))

    def _hand_on(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(self.TypedOn(event.key, event.character or ""))

    def has_key(self, key: str) -> bool:
        """Whether the key means something here.

        Where all is seen nothing scrolls, and such a letter may begin a sentence.
        """
        scrolls = any(key in keys_of(self, action) for action in SCROLLS)
        is_known = any(key in keys_of(self, action) for group in self.ACTIONS for action in group.actions)
        return is_known and (not scrolls or self.body.max_scroll_y > 0)

    def action_move(self, rows: int) -> None:
        self.scroll_body_to(self.body.scroll_offset.y + rows)

    def action_move_page(self, pages: int) -> None:
        self.scroll_body_to(self.body.scroll_offset.y + pages * max(self.body.scrollable_content_region.height - 1, 1))

    def action_move_to_end(self, direction: int) -> None:
        self.scroll_body_to(0 if direction < 0 else self.body.max_scroll_y)

    def scroll_body_to(self, row: int) -> None:
        """Let this row be the first one on the screen."""
        self.body.scroll_to(y=row, animate=False, immediate=True)
