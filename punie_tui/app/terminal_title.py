"""The terminal's title: which project, and whether punie works, waits for an answer, or rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tui.settings import Settings

TitleState = Literal["rests", "works", "asks"]

PUT_BACK = "\x1b]0;\a\x1b[23;0t"
"""What the title was before; where the terminal keeps none, no title."""

_KEEP = "\x1b[22;0t"
_WORDS: dict[TitleState, str] = {"rests": "", "works": "working · ", "asks": "asks you · "}
_MOST_LETTERS = 100
# They draw what follows an escape that they do not know.
_WITHOUT_TITLE = frozenset({"", "dumb", "unknown", "linux"})


class TerminalTitle:
    """Silent until it knows the settings, and while nothing changes. `write` puts a sequence on the terminal."""

    def __init__(self, place: str, write: Callable[[str], None], terminal: str) -> None:
        """`place` is the project's name, and `terminal` what TERM says."""
        self._place = safe_text(place, single_line=True)[:_MOST_LETTERS]
        self._write = write
        self._has_title = terminal not in _WITHOUT_TITLE
        self._is_wanted = False
        self._state: TitleState = "rests"
        self._shown = ""

    def follow(self, settings: Settings) -> None:
        """From now on these say whether there is a title."""
        self._is_wanted = settings.terminal_title
        if self._is_wanted:
            self.show(self._state)
        else:
            self.put_back()

    def show(self, state: TitleState) -> None:
        """Tell the state. The title that stood there before is kept by the terminal."""
        self._state = state
        title = f"{_WORDS[state]}{self._place} · punie"
        if not (self._has_title and self._is_wanted) or title == self._shown:
            return
        kept = "" if self._shown else _KEEP
        self._shown = title
        self._write(f"{kept}\x1b]0;{title}\a")

    @property
    def shown(self) -> str:
        """What stands there by punie's doing."""
        return self._shown

    def show_again(self) -> None:
        """After it was put back for a while."""
        self.show(self._state)

    def put_back(self, write: Callable[[str], None] | None = None) -> None:
        """Let the title be what it was before, by another way to the terminal where the app has ended."""
        if self._shown:
            self._shown = ""
            (write or self._write)(PUT_BACK)
