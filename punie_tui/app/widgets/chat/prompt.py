"""The prompt: where the person types, always. Enter sends, Ctrl+J or Alt+Enter starts a new line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


class Prompt(TextArea):
    """A text area that grows to eight lines, with the session's prompts as history above and below its edges."""

    DEFAULT_CSS = """
    Prompt {
        height: auto; min-height: 3; max-height: 10; padding: 0 1;
        border: round $border-blurred; background: $background;
    }
    Prompt:focus { border: round $border; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send"),
        Binding("ctrl+j,alt+enter,shift+enter", "new_line", "New line", show=False),
    ]

    @dataclass
    class Sent(Message):
        """The person sent `text`; it is not blank."""

        text: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            id=id,
            soft_wrap=True,
            highlight_cursor_line=False,
            tab_behavior="focus",
            show_line_numbers=False,
        )
        self.placeholder = "Ask about this project"
        self._history: list[str] = []
        self._position = 0
        self._draft = ""

    def remember(self, prompt: str) -> None:
        """Add a prompt of an earlier session to the history."""
        self._history.append(prompt)
        self._position = len(self._history)

    def action_send(self) -> None:
        text = self.text.strip()
        if not text:
            return
        self.remember(text)
        self.clear()
        self.post_message(self.Sent(text))

    def action_new_line(self) -> None:
        self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_at_first_line and not select:
            self._show_history(-1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            self._show_history(+1)
        else:
            super().action_cursor_down(select)

    async def _on_key(self, event: events.Key) -> None:
        """Enter is taken in its place among the letters: a priority binding would overtake those still waiting."""
        if event.key in ("enter", "ctrl+j", "alt+enter", "shift+enter"):
            event.stop()
            event.prevent_default()
            (self.action_send if event.key == "enter" else self.action_new_line)()
        else:
            await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        """Pasted text is typed text: escapes and other controls are left out."""
        event.text = "".join(letter for letter in event.text if letter in "\n\t" or letter.isprintable())
        await super()._on_paste(event)

    def _show_history(self, step: int) -> None:
        position = self._position + step
        if not 0 <= position <= len(self._history):
            return
        if self._position == len(self._history):
            self._draft = self.text
        self._position = position
        self.text = self._draft if position == len(self._history) else self._history[position]
        self.move_cursor(self.document.end)
