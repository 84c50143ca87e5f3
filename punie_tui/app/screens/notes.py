"""The project's notes: which are in force, what each costs in a prompt, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from punie_tools.safe_text import safe_text
from punie_tui.agent.project_notes import ProjectNote, ProjectNotes
from punie_tui.app.actions import LIST_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.notes_work import NotesWork
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.syntax_colours import colour_syntax
from punie_tui.app.textual_adapter import call_on_screen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.sessions.rows import list_row

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.agent.session import Session

_NONE = "There are no project notes here: AGENTS.md or CLAUDE.md. d drafts one from what the project's files say."


NOTES_LIST_ACTIONS = ActionGroup(
    "The list",
    (
        Action("notes.edit", "enter,e", "select", "edit the note in $VISUAL or $EDITOR", "Edit"),
        *movement(LIST_CALLS, "choose"),
    ),
)
NOTES_ACTIONS = ActionGroup(
    "Project notes",
    (
        Action("notes.draft", "d", "draft", "draft AGENTS.md from the project's files, under review", "Draft"),
        Action("notes.read", "tab", "app.focus_next", "read the note, or back to the list", "Read"),
        Action("notes.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("notes.leave", "escape,q", "dismiss(None)", "back", "Back", has_priority=True),
    ),
    about="What the project's AGENTS.md files tell a model, with the price of each.",
)


class NotesOptions(OptionList):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (NOTES_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class NotesScreen(Page[None]):
    """Reads the notes when it is mounted, and again when one was changed from here."""

    DEFAULT_CSS = """
    NotesScreen > #notes-told { height: auto; max-height: 3; padding: 0 1; background: $surface; text-style: bold; }
    NotesScreen > OptionList, NotesScreen > OptionList:focus {
        height: auto; min-height: 1; max-height: 8;
        border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
    }
    NotesScreen > TextArea, NotesScreen > TextArea:focus { border: none; padding: 0 1; height: 1fr; }
    NotesScreen > TextArea { border-top: solid $border-blurred; }
    NotesScreen > TextArea:focus { border-top: solid $border; }
    NotesScreen.-low > KeyRow, NotesScreen.-low > TextArea { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (NOTES_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._notes = ProjectNotes()
        self._work = NotesWork(self, session.context_of_person, self._tell, self._load)
        self.is_loaded = False

    def compose(self) -> ComposeResult:
        yield Static("Reading the notes …", id="notes-told", markup=False)
        yield NotesOptions(id="notes-list", markup=False)
        yield TextArea("", language="markdown", read_only=True, soft_wrap=True, theme="css", tab_behavior="focus")
        yield KeyRow()

    def on_mount(self) -> None:
        self._options.focus()
        colour_syntax(self.query_one(TextArea))
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        if self.is_loaded:
            self._show()

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    @work(thread=True, exclusive=True, group="read")
    def _load(self) -> None:
        notes = self._session.read_notes()
        call_on_screen(self, lambda: self._loaded(notes))

    def _loaded(self, notes: ProjectNotes) -> None:
        if self.is_attached:
            self._notes = notes
            self._show()
            if not self.is_loaded:
                # Later what was done stands here, and the rows hold the prices.
                self._tell_price()
            self.is_loaded = True

    def _show(self) -> None:
        place = self._options.highlighted or 0
        width = max(self.size.width - 4, 10)
        self._options.clear_options()
        self._options.add_options(Option(list_row(note.path, [note.told], width)) for note in self._notes.notes)
        if self._notes.notes:
            self._options.highlighted = min(place, len(self._notes.notes) - 1)

    def _tell_price(self) -> None:
        if not self._notes.notes:
            self._tell(_NONE)
            return
        model = safe_text(self._session.engine.model_name, single_line=True)
        reads = "reads them with each prompt" if self._session.engine.writes_answers else "reads none of them"
        self._tell(f"{self._notes.summary} {model} {reads}.")

    def _tell(self, sentence: str) -> None:
        self.query_one("#notes-told", Static).update(sentence)

    @property
    def _chosen(self) -> ProjectNote | None:
        place = self._options.highlighted
        return None if place is None else self._notes.notes[place]

    @on(OptionList.OptionHighlighted)
    def _show_text(self) -> None:
        note = self._chosen
        self.query_one(TextArea).text = note.text if note else ""

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        if note := self._chosen:
            self._work.edit(note.path)

    def action_draft(self) -> None:
        """A draft of AGENTS.md, under review."""
        self._work.draft()

    def action_help(self) -> None:
        show_keys(self)
