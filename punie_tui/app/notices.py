"""What the person is told while the terminal is not in front: that a long turn ended, or that a question waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text
from punie_tui.app.terminal_writes import through_tmux

if TYPE_CHECKING:
    from punie_tui.settings import Settings

_BELL = "\a"
_MOST_LETTERS = 200


class Notices:
    """Silent until it knows the settings. `write` puts a sequence on the terminal."""

    def __init__(
        self,
        place: str,
        write: Callable[[str], None],
        is_in_front: Callable[[], bool | None],
        clock: Callable[[], float],
    ) -> None:
        """`place` says which project tells it; `is_in_front` is None where the terminal never said."""
        self._place = place
        self._write = write
        self._is_in_front = is_in_front
        self._clock = clock
        self._settings: Settings | None = None
        self._began: float | None = None

    def follow(self, settings: Settings) -> None:
        """From now on these count."""
        self._settings = settings

    def turn_began(self) -> None:
        """Turns that follow each other without a pause count as one."""
        if self._began is None:
            self._began = self._clock()

    def turns_ended(self, told: str) -> None:
        """Nothing runs any more; that is told if it took long."""
        began, self._began = self._began, None
        if self._settings is None or began is None:
            return
        seconds = self._clock() - began
        if seconds >= self._settings.notices_after_seconds:
            self._tell(f"{told} after {seconds:.0f} s")

    def question_waits(self, about: str) -> None:
        """The person has to answer before anything goes on."""
        self._tell(f"a question waits: {about}")

    def _tell(self, sentence: str) -> None:
        if self._settings is None or self._settings.notices == "none" or not self._is_away(self._settings):
            return
        if self._settings.notices == "bell":
            self._write(_BELL)
            return
        text = safe_text(f"punie in {self._place}: {sentence}", single_line=True)[:_MOST_LETTERS]
        self._write(through_tmux(f"\x1b]9;{text}\a", os.environ))

    def _is_away(self, settings: Settings) -> bool:
        is_in_front = self._is_in_front()
        return settings.notices_without_focus if is_in_front is None else not is_in_front
