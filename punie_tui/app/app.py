"""PunieApp: themes, the first screen, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import App

from punie_tui.app.screens.main import MainScreen
from punie_tui.app.themes import DARK, LIGHT

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.approval import AskPerson
    from punie_tui.agent.session import Session

_LOG = logging.getLogger(__name__)


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
        begin_with: str = "",
    ) -> None:
        """`open_session` makes the session on the turn thread, after the first frame. `clock` guards approvals.

        `begin_with` is a command of the prompt that is run once the session is open.
        """
        super().__init__()
        for own_theme in (DARK, LIGHT):
            self.register_theme(own_theme)
        self.theme = theme if theme in self.available_themes else DARK.name
        self._folder = folder
        self._open_session = open_session
        self._clock = clock
        self._begin_with = begin_with

    def get_default_screen(self) -> Screen[None]:
        return MainScreen(self._folder, self._open_session, self._clock, self._begin_with)

    def _handle_exception(self, error: Exception) -> None:
        """A bug: its traceback goes to the log, and the person gets one line instead of Textual's page."""
        _LOG.error("the app failed", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic(
            Text("punie: the app ended by a bug of its own; the log holds the details. `punie --resume` goes on.")
        )
