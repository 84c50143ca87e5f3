"""What the terminal sends, read as Textual does, but what is pasted in runs: a letter at a time takes seconds a MB."""

from __future__ import annotations

from collections.abc import Iterable

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_ESCAPE = "\x1b"


class PasteParser(XTermParser):
    """Gives Textual's own parser each run without an escape as if it was one letter, between the marks of a paste."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._is_pasting = False
        self._last = ""

    def feed(self, data: str) -> Iterable[Message]:
        if not data:
            # The end.
            yield from super().feed(data)
        at = 0
        while at < len(data):
            end = self._end_of_run(data, at)
            if end > at:
                self._awaiting = self._gen.send(data[at:end])
                at = end
            else:
                yield from super().feed(data[at])
                self._follow(data[at])
                at += 1

    def _end_of_run(self, data: str, start: int) -> int:
        """Where it ends; `start` itself where a letter may belong to an escape sequence, or is typed."""
        # Textual waits for the rest of a sequence for so long only; for a letter it waits for ever.
        if not self._is_pasting or self._awaiting.timeout is not None:
            return start
        escape = data.find(_ESCAPE, start)
        return len(data) if escape < 0 else escape

    def _follow(self, letter: str) -> None:
        self._last = (self._last + letter)[-len(BRACKETED_PASTE_START) :]
        if self._last in (BRACKETED_PASTE_START, BRACKETED_PASTE_END):
            self._is_pasting = self._last == BRACKETED_PASTE_START
