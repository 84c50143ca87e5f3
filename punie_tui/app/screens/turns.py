"""The turns of this session, to go back to the end of one with its files, and forward again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.agent.session_record import RecordedTurn, SessionError, SessionRecord
from punie_tui.app.actions import LIST_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.chat.prompt import typed_plainly
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.sessions.rows import list_row, moment

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.agent.session import Session


@dataclass(frozen=True)
class TurnChoice:
    """The turn to stand at the end of; empty is before the first. `request` began the first turn that is taken back."""

    to_turn: str
    request: str = ""
    wants_fork: bool = False


TURNS_LIST_ACTIONS = ActionGroup(
    "The list",
    (
        Action(
            "turns.go",
            "enter",
            "select",
            "go to the end of that turn, with its files; what was asked next is in the prompt",
            "Go there",
        ),
        *movement(LIST_CALLS),
    ),
)
TURNS_ACTIONS = ActionGroup(
    "Turns",
    (
        Action("turns.fork", "f", "fork", "fork: go on from there in a copy; files stay", "Fork there"),
        Action("turns.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("turns.leave", "escape,q,ctrl+g", "dismiss(None)", "back, with nothing changed", "Back"),
    ),
    about="The turns of this session; going to one brings back the files of that turn.",
)


class TurnsOptions(OptionList):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (TURNS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class TurnsScreen(Page[TurnChoice | None]):
    """Gives where to go; None to stay."""

    DEFAULT_CSS = """
    TurnsScreen > #turns-told { height: 1; padding: 0 1; background: $surface; text-style: bold; }
    TurnsScreen > OptionList, TurnsScreen > OptionList:focus {
        height: 1fr; border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
    }
    TurnsScreen.-low > KeyRow { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TURNS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._record = SessionRecord()
        self._files: dict[str, tuple[str, ...]] = {}
        self._is_loaded = False

    @property
    def is_loaded(self) -> bool:
        """Whether the turns were read."""
        return self._is_loaded

    def compose(self) -> ComposeResult:
        yield Static("Reading the turns …", id="turns-told", markup=False)
        yield TurnsOptions(id="turns-list", markup=False)
        yield KeyRow()

    def on_mount(self) -> None:
        self._options.focus()
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        if self._is_loaded:
            self._show(self._options.highlighted)

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    @work(thread=True)
    def _load(self) -> None:
        """Off the UI thread: the session's file and the journal are read."""
        problem = ""
        try:
            self._record = self._session.record()
            journal = self._session.changes.journal
            self._files = {turn.turn: turn.paths for turn in journal.turns()} if journal else {}
        except (SessionError, ToolError) as error:
            problem = str(error)
        app_of(self).call_later(self._loaded, problem)

    def _loaded(self, problem: str) -> None:
        if not self.is_attached:
            return
        self._is_loaded = True
        self._show(self._record.kept)
        if problem:
            self.query_one("#turns-told", Static).update(safe_text(problem, single_line=True))

    def _show(self, place: int | None) -> None:
        width = max(self.size.width - 4, 10)
        rows = [list_row("  before the first turn", (), width)]
        rows += [self._row(number, turn, width) for number, turn in enumerate(self._record.turns, 1)]
        self._options.clear_options()
        self._options.add_options(Option(row) for row in rows)
        self._options.highlighted = place
        told = f"{counted(len(self._record.turns), 'turn')}: go to the end of one, and its files go with you"
        self.query_one("#turns-told", Static).update(told)

    def _row(self, number: int, turn: RecordedTurn, width: int) -> Content:
        paths = self._files.get(turn.turn_id, ())
        mark = "● " if number == self._record.kept else "↷ " if number > self._record.kept else "  "
        changed = f"changed {paths[0] if len(paths) == 1 else counted(len(paths), 'file')}" if paths else ""
        facts = [safe_text(changed, single_line=True), moment(turn.started.time)]
        style = "bold" if number == self._record.kept else "$secondary" if number > self._record.kept else ""
        return list_row(f"{mark}{turn.prompt}", [fact for fact in facts if fact], width, style=style)

    @property
    def _chosen(self) -> str | None:
        place = self._options.highlighted
        if place is None:
            return None
        return self._record.turns[place - 1].turn_id if place else ""

    @property
    def _taken_back(self) -> str:
        """What was asked first after the chosen turn, as it is typed; empty where no turn is taken back."""
        place, kept = self._options.highlighted, self._record.kept
        if place is None or place >= kept:
            return ""
        turn = self._record.turns[place]
        return turn.prompt if turn.is_by_hand else typed_plainly(turn.prompt)

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.action_go()

    def action_go(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            self.dismiss(TurnChoice(chosen, self._taken_back))

    def action_fork(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            self.dismiss(TurnChoice(chosen, wants_fork=True))

    def action_help(self) -> None:
        show_keys(self)
