"""Work that a screen begins on a thread, and what it shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tui.app.textual_adapter import call_on_screen

if TYPE_CHECKING:
    from textual.screen import Screen


class ScreenWork:
    """One for a screen. Of one `group` the newest work goes on; `note` shows a sentence.

    `keep` gets, on any thread, those that tell what was done, where they are shown again when the session goes on.
    """

    def __init__(
        self,
        screen: Screen[None],
        group: str,
        note: Callable[[str], None],
        keep: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        self._screen = screen
        self._group = group
        self._note = note
        self._keep = keep

    def _begin(self, work: Callable[[], None]) -> None:
        """On a thread; what fails there becomes one sentence."""

        def guarded() -> None:
            try:
                work()
            except ToolError as error:
                self._tell(str(error))

        self._screen.run_worker(guarded, thread=True, exclusive=True, group=self._group)

    def _tell_done(self, sentence: str) -> None:
        """What came of the person's wish, for good. From any thread, but better not from that of the UI."""
        self._keep(sentence)
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        """From any thread."""
        self._on_screen(lambda: self._note(safe_text(sentence, single_line=True)))

    def _on_screen(self, step: Callable[[], object]) -> None:
        call_on_screen(self._screen, step)
