"""PunieApp: themes, the first screen, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import App
from textual.theme import Theme

from punie_tui.app.screens.main import MainScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.approval import AskPerson
    from punie_tui.agent.session import Session

_LOG = logging.getLogger(__name__)

_DARK = Theme(
    name="punie-dark",
    primary="#8fb8d8",
    secondary="#9aa7b5",
    accent="#d9b26f",
    warning="#d9b26f",
    error="#e07a7a",
    success="#8fc08f",
    foreground="#d6dae0",
    background="#15181c",
    surface="#1c2026",
    panel="#242a32",
    dark=True,
    variables={"border": "#8fb8d8", "border-blurred": "#3a424d", "footer-key-foreground": "#d9b26f"},
)
_LIGHT = Theme(
    name="punie-light",
    primary="#1f5f8b",
    secondary="#566270",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#a82a2a",
    success="#2a6e35",
    foreground="#22272e",
    background="#f7f7f4",
    surface="#eeeeea",
    panel="#e3e4de",
    dark=False,
    variables={"border": "#1f5f8b", "border-blurred": "#b9bdb8", "footer-key-foreground": "#8a5a00"},
)


class PunieApp(App[None]):
    """The terminal app on one folder."""

    TITLE = "punie"
    CSS_PATH = "punie.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        folder: Path,
        open_session: Callable[[AskPerson], Session],
        theme: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_session` makes the session on the turn thread, after the first frame. `clock` guards approvals."""
        super().__init__()
        for own_theme in (_DARK, _LIGHT):
            self.register_theme(own_theme)
        self.theme = theme if theme in self.available_themes else _DARK.name
        self._folder = folder
        self._open_session = open_session
        self._clock = clock

    def get_default_screen(self) -> Screen[None]:
        return MainScreen(self._folder, self._open_session, self._clock)

    def _handle_exception(self, error: Exception) -> None:
        """A bug: its traceback goes to the log, and the person gets one line instead of Textual's page."""
        _LOG.error("the app failed", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic(
            Text("punie: the app ended by a bug of its own; the log holds the details. `punie --resume` goes on.")
        )
