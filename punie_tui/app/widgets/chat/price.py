"""What a prompt's mentions will cost, found out while the person goes on typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from textual.content import Content
from textual.widgets import TextArea
from textual.worker import Worker

from punie_tui.agent.mentions import mentions_in
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled

if TYPE_CHECKING:
    from punie_tui.agent.attachment import Attachment

OpenReader: TypeAlias = "Callable[[], Callable[[str], Attachment]]"
"""Gives what reads a mention."""


class PriceTag:
    """Shows on the prompt's border what each mention brings, in tokens. All methods are called on the UI thread."""

    def __init__(self, area: TextArea) -> None:
        self._area = area
        self._open_reader: OpenReader | None = None
        self._mentions: tuple[str, ...] = ()
        self._prices: dict[str, str] = {}
        self._tokens: dict[str, int] = {}
        self._kept: Sequence[Attachment] = ()
        self.shown = ""
        self._worker: Worker[None] | None = None

    def begin(self, open_reader: OpenReader) -> None:
        """From now on; `open_reader` and what it returns are called on another thread."""
        self._open_reader = open_reader
        self.follow()

    def keep(self, attachments: Sequence[Attachment]) -> None:
        """What the next prompt brings along whatever it says."""
        self._kept = attachments
        self._show()

    @property
    def is_looking(self) -> bool:
        return self._worker is not None

    def follow(self) -> None:
        """Look at the text again; a mention that the cursor still stands on is not looked up yet."""
        text = self._area.text
        mentions = mentions_in(text) if "@" in text else ()
        if mentions and self._area.cursor_at_end_of_text and not text[-1:].isspace():
            last = text.split()[-1]
            mentions = tuple(each for each in mentions if not last.startswith(each))
        if mentions == self._mentions:
            if self._kept:
                self._show()
            return
        self._mentions = mentions
        self._show()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        wanted = [mention for mention in mentions if mention not in self._prices]
        if not mentions:
            # Files change: what is mentioned later is looked up anew.
            self._prices.clear()
        elif wanted and self._open_reader is not None:
            self._look_up(wanted, self._open_reader)

    def _look_up(self, mentions: list[str], open_reader: OpenReader) -> None:
        def look_up() -> None:
            from punie_tools.errors import ToolCancelledError

            read = open_reader()
            for mention in mentions:
                if is_worker_cancelled():
                    return
                try:
                    found = read(mention)
                except ToolCancelledError:
                    return
                if self._area.is_running:
                    app_of(self._area).call_later(self._found, found)
            if self._area.is_running and not is_worker_cancelled():
                app_of(self._area).call_later(self._ended)

        self._worker = self._area.run_worker(look_up, thread=True, exclusive=True, group="price")

    def _found(self, attachment: Attachment) -> None:
        from punie_tools.safe_text import safe_text

        told = "not found" if attachment.problem else f"{attachment.tokens:,}"
        self._prices[attachment.mention] = f"{safe_text(attachment.mention, single_line=True)} {told}"
        self._tokens[attachment.mention] = attachment.tokens
        self._show()

    def _ended(self) -> None:
        self._worker = None
        self._show()

    def _show(self) -> None:
        from punie_tools.safe_text import safe_text

        total = sum(self._tokens.get(mention, 0) for mention in self._mentions)
        total += sum(each.tokens for each in self._kept)
        told = [self._prices.get(mention, f"{mention} …") for mention in self._mentions]
        told += [f"output of {safe_text(each.name, single_line=True)} {each.tokens:,}" for each in self._kept]
        hint = " (Backspace drops it)" if self._kept and not self._area.text else ""
        self.shown = f"about {total:,} tokens: {', '.join(told)}{hint}" if told else ""
        self._area.border_subtitle = Content(self.shown) if told else None
