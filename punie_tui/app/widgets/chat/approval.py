"""The approval panel: a call that waits, shown whole, and the keys that allow or deny it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tui.app.turn_runner import PendingApproval


class ApprovalPanel(VerticalScroll, can_focus=True):
    """Shows one pending approval at a time, above the prompt; hidden when there is none."""

    DEFAULT_CSS = """
    ApprovalPanel {
        display: none; height: auto; max-height: 50%; padding: 0 1;
        border: round $warning; background: $surface;
    }
    ApprovalPanel.-asks { display: block; }
    ApprovalPanel:focus { border: heavy $warning; }
    ApprovalPanel > #approval-detail { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide('once')", "Allow"),
        Binding("a", "decide('always')", "Always here"),
        Binding("n", "decide('no')", "Deny"),
    ]

    @dataclass
    class Decided(Message):
        """`choice` is `once`, `always` (for the rest of the session or, for tests, the folder) or `no`."""

        pending: PendingApproval
        choice: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._waiting: list[PendingApproval] = []
        self._details: dict[int, Content] = {}
        self._shown_at = 0.0
        # A key typed for the prompt, as the panel comes up, must not allow anything.
        self.guard_seconds = 0.5

    def compose(self) -> ComposeResult:
        yield Static(id="approval-detail", markup=False)

    def show(self, pending: PendingApproval, detail: Content) -> None:
        """Add a question; the oldest is the one on the screen. `detail` is made of safe text."""
        self._waiting.append(pending)
        self._details[id(pending)] = detail
        if len(self._waiting) == 1:
            self._show_first()

    def settle(self, pending: PendingApproval) -> None:
        """The question is answered or its turn was stopped."""
        if pending not in self._waiting:
            return
        self._waiting.remove(pending)
        self._details.pop(id(pending), None)
        self._show_first()

    @property
    def is_asking(self) -> bool:
        return bool(self._waiting)

    @property
    def shown_text(self) -> str:
        """What the person is asked about, empty when nothing is."""
        return self._details[id(self._waiting[0])].plain if self._waiting else ""

    def action_decide(self, choice: str) -> None:
        if self._waiting and time.monotonic() - self._shown_at >= self.guard_seconds:
            self.post_message(self.Decided(self._waiting[0], choice))

    def _show_first(self) -> None:
        self.set_class(bool(self._waiting), "-asks")
        if not self._waiting:
            return
        self._shown_at = time.monotonic()
        self.query_one("#approval-detail", Static).update(self._details[id(self._waiting[0])])
        self.scroll_home(animate=False)
        self.focus()
