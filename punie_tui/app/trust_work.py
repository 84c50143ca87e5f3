"""Trust in the folder: the person is told what it means, and what they say is kept off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from punie_tools.errors import reason_of
from punie_tui.app.textual_adapter import app_of, call_on_screen

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.trust import FolderTrust


def ask_for_trust(screen: Screen[None], folder: Path, trust: FolderTrust, changed: Callable[[str], None]) -> None:
    """Ask, or offer to take it back. `changed` is then told why it could not be kept; an empty text where it was."""
    from punie_tui.app.screens.trust import TrustScreen

    def keep(is_wanted: bool) -> None:
        """Files are read, and git is asked."""
        problem = ""
        try:
            (trust.trust if is_wanted else trust.revoke)()
        except OSError as error:
            problem = f"The trust cannot be kept: {reason_of(error)}."
        call_on_screen(screen, lambda: changed(problem))

    def answer(is_wanted: bool | None) -> None:
        if is_wanted is not None:
            screen.run_worker(lambda: keep(is_wanted), thread=True, exclusive=True, group="trust")

    app_of(screen).push_screen(TrustScreen(folder, trust), answer)
