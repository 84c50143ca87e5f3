"""Trust in the folder: what it means, whether it holds, and the keys that give it or take it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from punie_tools.safe_text import safe_text
from punie_tui.agent.trust import TRUST_QUESTION
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Dialog

if TYPE_CHECKING:
    from punie_tui.agent.trust import FolderTrust

_UNTIL_THEN = (
    "Until then tests, the project's interpreter and hooks wait, and each run is asked about. "
    "The tools that only read work."
)
_HOLDS = (
    "The code in {folder} is trusted: its tests, its Python interpreter and its git hooks are started without asking. "
    "Trust lapses when the configuration changes that decides which programs run."
)


TRUST_ACTIONS = ActionGroup(
    "Trust",
    (
        Action("trust.give", "t", "decide(True)", "trust this folder", "Trust it", has_priority=True),
        Action("trust.revoke", "r", "decide(False)", "trust it no longer", "Revoke", has_priority=True),
        Action("trust.leave", "escape,q,ctrl+t", "dismiss(None)", "leave it as it is", "Close", has_priority=True),
        Action("trust.keys", "question_mark,f1", "help", "these keys", "Keys", has_priority=True),
    ),
)


class TrustScreen(Dialog[bool | None]):
    """Gives True for trust, False for none, and None if it stays as it is."""

    DEFAULT_CSS = """
    TrustScreen { align: center middle; background: $background 60%; }
    TrustScreen > VerticalScroll {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
    }
    TrustScreen Static { height: auto; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TRUST_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, folder: Path, trust: FolderTrust) -> None:
        super().__init__()
        self._folder = folder
        self._is_trusted, self._lapse = trust.is_trusted, trust.lapse

    def compose(self) -> ComposeResult:
        folder = str(self._folder)
        question = TRUST_QUESTION.format(folder=folder)
        said = [_HOLDS.format(folder=folder)] if self._is_trusted else [self._lapse, question, _UNTIL_THEN]
        keys = "r trust it no longer   Esc close   ? keys" if self._is_trusted else "t trust it   Esc close   ? keys"
        text = "\n\n".join(safe_text(line, single_line=True) for line in said if line)
        with VerticalScroll() as scroll:
            scroll.border_title = "Trust"
            yield Static(Content("\n\n").join([Content(text), Content.styled(keys, "bold")]), markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_decide(self, is_wanted: bool) -> None:
        if is_wanted is not self._is_trusted:
            self.dismiss(is_wanted)

    def action_help(self) -> None:
        show_keys(self)
