"""The sessions of this folder: searched, gone on with, named, forked, exported, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from punie_tools.errors import reason_of
from punie_tools.files.atomic import replace_file
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.agent.session_list import SessionSummary
from punie_tui.agent.session_record import SessionError, read_record
from punie_tui.app.actions import LIST_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.screens.confirm import ConfirmScreen
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.typed_text import typeable
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.sessions.rows import list_row, moment

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.agent.session import Session

_SESSIONS_AT_ONCE = 50


SESSIONS_LIST_ACTIONS = ActionGroup(
    "The list",
    (
        Action("sessions.go_on", "enter", "select", "go on with the session", "Go on"),
        *movement(LIST_CALLS),
    ),
)
SESSIONS_ACTIONS = ActionGroup(
    "Sessions",
    (
        Action(
            "sessions.search", "slash", "search", "search in names, prompts, answers and commands as you type", "Search"
        ),
        Action("sessions.rename", "n", "rename", "name it", "Name"),
        Action("sessions.fork", "f", "fork", "fork it: a copy that goes its own way", "Fork"),
        Action("sessions.export", "e", "export", "export it as Markdown or HTML, by the file's name", "Export"),
        Action("sessions.delete", "d", "delete", "delete it, after a question", "Delete"),
        Action("sessions.new", "N", "new", "begin a new session", "New"),
        Action("sessions.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("sessions.leave", "escape,q", "leave", "out of the search, or back", "Back"),
        Action("sessions.list", "down", "list", "from the search to the list"),
    ),
    about="The saved conversations about this folder.",
)


SESSIONS_SEARCH_ACTIONS = ActionGroup(
    "The search",
    (Action("sessions.found", "enter", "submit", "keep what is searched for, and go to what matches", "To the list"),),
)
SESSION_ANSWER_ACTIONS = ActionGroup(
    "A name or a file that is asked for",
    (Action("sessions.answer", "enter", "submit", "keep the name, or write the file", "Keep it"),),
)


class SessionsOptions(OptionList):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (SESSIONS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class SessionsSearch(Input):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (SESSIONS_SEARCH_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class SessionAnswer(Input):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (SESSION_ANSWER_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class SessionsScreen(Page[str | None]):
    """Gives the id of the session to go on with, an empty text for a new one, None to stay."""

    DEFAULT_CSS = """
    SessionsScreen > #sessions-told { height: 1; padding: 0 1; background: $surface; text-style: bold; }
    SessionsScreen > Input, SessionsScreen > Input:focus { height: 1; border: none; padding: 0 1; }
    SessionsScreen > #sessions-answer, SessionsScreen > #sessions-answer:focus { display: none; }
    SessionsScreen.-answers > #sessions-answer { display: block; }
    SessionsScreen > OptionList, SessionsScreen > OptionList:focus {
        height: 1fr; border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
    }
    SessionsScreen.-low > KeyRow { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (SESSIONS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, session: Session, is_busy: Callable[[], bool]) -> None:
        """`is_busy` says whether a turn runs: then no other session can be gone on with."""
        super().__init__()
        self._session = session
        self._list = session.sessions
        self._is_busy = is_busy
        self._found: list[SessionSummary] = []
        self._shown: list[SessionSummary] = []
        self._is_loaded = False
        self._asks: Literal["name", "file"] = "name"
        self._asked_about: SessionSummary | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether all sessions were read."""
        return self._is_loaded

    @property
    def shown_titles(self) -> list[str]:
        """The titles of the sessions that match, in order."""
        return [each.title for each in self._shown]

    def compose(self) -> ComposeResult:
        yield Static(id="sessions-told", markup=False)
        yield SessionsSearch(placeholder="/ searches names, prompts, answers and commands", id="sessions-search")
        yield SessionsOptions(id="sessions-list", markup=False)
        yield SessionAnswer(id="sessions-answer")
        yield KeyRow()

    def on_mount(self) -> None:
        self._options.focus()
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        self._show()

    def on_descendant_focus(self) -> None:
        self._name_keys()

    def _name_keys(self) -> None:
        """What Enter and Escape do depends on what is typed, and where."""
        search, row = self.query_one(SessionsSearch), self.query_one(KeyRow)
        enter, escape = SESSIONS_SEARCH_ACTIONS.actions[0].label, "Back"
        if self.has_class("-answers"):
            enter, escape = ("Keep it", "Drop it") if self._asks == "name" else ("Write", "Drop it")
        elif search.has_focus or search.value:
            escape = "End search"
        row.label("submit", enter)
        row.label("leave", escape)

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _current(self) -> SessionSummary | None:
        place = self._options.highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    # Reading, off the UI thread.

    @work(thread=True, exclusive=True, group="sessions")
    def _load(self, told: str = "") -> None:
        found: list[SessionSummary] = []
        try:
            for summary in self._list.summaries(is_worker_cancelled):
                found.append(summary)
                if len(found) % _SESSIONS_AT_ONCE == 0:
                    app_of(self).call_later(self._loaded, list(found), told, False)
        except OSError as error:
            told = f"The sessions cannot be read: {reason_of(error)}."
        if not is_worker_cancelled():
            app_of(self).call_later(self._loaded, found, told, True)

    def _loaded(self, found: list[SessionSummary], told: str, is_all: bool) -> None:
        if self.is_attached:
            self._found, self._is_loaded = found, is_all
            self._show(told)

    @work(thread=True, group="change")
    def _change(self, change: Callable[[], str]) -> None:
        """Do something to a session, then read all of them again; what came of it stands above them."""
        try:
            told = change()
        except SessionError as error:
            told = str(error)
        except OSError as error:
            told = f"That did not work: {reason_of(error)}."
        app_of(self).call_later(self._load, told)

    # Showing.

    def _show(self, told: str = "") -> None:
        chosen = self._current
        words = self.query_one("#sessions-search", Input).value
        self._shown = [each for each in self._found if each.matches(words)]
        width = max(self.size.width - 4, 10)
        self._options.clear_options()
        self._options.add_options(Option(self._row(each, width)) for each in self._shown)
        places = [number for number, each in enumerate(self._shown) if chosen and each.session_id == chosen.session_id]
        if self._shown:
            self._options.highlighted = places[0] if places else 0
        self._tell(told or self._counts(words))

    def _counts(self, words: str) -> str:
        if not self._is_loaded and not self._found:
            return "Reading the sessions of this folder …"
        if not self._found:
            return "No session of this folder yet: each begins with its first prompt or command and is saved by itself."
        count = counted(len(self._found), "session")
        return f"{len(self._shown)} of {count}" if words else f"{count} of this folder"

    def _row(self, each: SessionSummary, width: int) -> Content:
        states = {
            "this one": each.session_id == self._session.session_id,
            "open elsewhere": each.is_in_use and each.session_id != self._session.session_id,
            "cut off": each.is_interrupted,
            "a copy": bool(each.forked_from),
            "cannot be read": bool(each.problem),
        }
        state = ", ".join(name for name, holds in states.items() if holds)
        turns = counted(each.turn_count, "turn")
        facts = (state, f"{turns:>9}", moment(each.last_used))
        return list_row(each.title, [fact for fact in facts if fact], width, style="bold" if each.name else "")

    def _tell(self, told: str) -> None:
        self.query_one("#sessions-told", Static).update(safe_text(told, single_line=True))

    # What the person does.

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.action_go_on()

    def action_go_on(self) -> None:
        """Go on with the session under the cursor."""
        current = self._current
        if current is None:
            return
        if current.problem:
            self._tell(current.problem)
        elif current.session_id == self._session.session_id:
            self.dismiss(None)
        elif self._may_change():
            self.dismiss(current.session_id)

    def action_new(self) -> None:
        if self._may_change():
            self.dismiss("")

    def _may_change(self) -> bool:
        if self._is_busy():
            self._tell("A turn is running here; Esc twice stops it, then another session can go on.")
        return not self._is_busy()

    def action_search(self) -> None:
        self.query_one("#sessions-search", Input).focus()

    def action_list(self) -> None:
        self._options.focus()

    @on(Input.Changed, "#sessions-search")
    def _search(self) -> None:
        self._show()
        self._name_keys()

    @on(Input.Submitted, "#sessions-search")
    def _searched(self, message: Input.Submitted) -> None:
        """What was searched for stays, and the keys go to the sessions that match."""
        message.stop()
        self._options.focus()

    def action_rename(self) -> None:
        if current := self._current:
            # Without a name of its own it goes by its first prompt.
            self._ask("name", current, " ".join((current.name or current.title).split()), "a name; empty takes it back")

    def action_export(self) -> None:
        from punie_tui.app.session_export import offered_file

        if current := self._current:
            self._ask_file(current, offered_file(self._session.workspace.root, current.session_id))

    def _ask_file(self, about: SessionSummary, file: Path) -> None:
        self._ask("file", about, str(file), "a file, .md or .html, or a folder")

    def _ask(self, what: Literal["name", "file"], about: SessionSummary, value: str, hint: str) -> None:
        self._asks, self._asked_about = what, about
        self.add_class("-answers")
        answer = self.query_one("#sessions-answer", Input)
        answer.placeholder, answer.value = hint, typeable(value)
        answer.focus()
        self._tell(
            "Name the session; Enter keeps it."
            if what == "name"
            else "Export to this file or folder; .html for a page. Enter writes."
        )

    @on(Input.Submitted, "#sessions-answer")
    def _answered(self, message: Input.Submitted) -> None:
        message.stop()
        about, answer = self._asked_about, message.value
        self._close_answer()
        if about and self._asks == "name":
            self._change(lambda: self._rename(about, answer))
        elif about and answer.strip():
            self._change(lambda: self._export(about, Path(answer.strip())))

    def action_fork(self) -> None:
        if current := self._current:
            self._change(lambda: self._fork(current))

    def action_delete(self) -> None:
        """Ask, then delete the session under the cursor."""
        current = self._current
        if current is None:
            return
        if current.session_id == self._session.session_id:
            self._tell("This session is open here; begin another one first (N).")
            return

        def answer(is_wanted: bool | None) -> None:
            if is_wanted:
                self._change(lambda: self._remove(current))

        title = current.title if len(current.title) <= 200 else f"{current.title[:199]}…"
        # Sessions may bear the same name.
        which = f"{counted(current.turn_count, 'turn')}, {moment(current.last_used)}"
        question = f"Delete the session “{title}” ({which}) for good?"
        app_of(self).push_screen(ConfirmScreen(question, "delete it"), answer)

    def action_help(self) -> None:
        show_keys(self)

    def action_leave(self) -> None:
        """Out of what is typed, out of the search, or back."""
        search = self.query_one("#sessions-search", Input)
        if self.has_class("-answers"):
            self._close_answer()
            self._show()
        elif search.value or search.has_focus:
            search.value = ""
            self._options.focus()
        else:
            self.dismiss(None)

    def _close_answer(self) -> None:
        self.remove_class("-answers")
        self._options.focus()

    # What is done to a session, off the UI thread; each says what came of it.

    def _rename(self, about: SessionSummary, name: str) -> str:
        if about.session_id == self._session.session_id:
            self._session.rename(name)
        else:
            self._list.rename(self._list.find(about.session_id), name)
        return "Named." if name.strip() else "It has no name of its own any more."

    def _fork(self, about: SessionSummary) -> str:
        fork = self._list.fork(self._list.find(about.session_id))
        title = about.title if len(about.title) <= 60 else f"{about.title[:59]}…"
        self._list.rename(fork, f"{title} (fork)")
        return f"Copied: {fork.stem}."

    def _remove(self, about: SessionSummary) -> str:
        self._list.remove(self._list.find(about.session_id))
        return f"Deleted: {about.title}."

    def _export(self, about: SessionSummary, named: Path, *, may_replace: bool = False) -> str:
        from punie_tui.app.session_export import export_target, export_text, format_of

        file = export_target(named, about.session_id)
        if file.exists() and not may_replace:
            app_of(self).call_later(self._ask_to_replace, about, file)
            return ""
        record = read_record(self._list.find(about.session_id))
        replace_file(file, export_text(record, about.title, format_of(file)).encode("utf-8"))
        return f"Written: {file}"

    def _ask_to_replace(self, about: SessionSummary, file: Path) -> None:
        """Without a yes the person is asked for another file."""

        def answer(is_wanted: bool | None) -> None:
            if is_wanted:
                self._change(lambda: self._export(about, file, may_replace=True))
            else:
                self._ask_file(about, file)

        if self.is_attached:
            app_of(self).push_screen(ConfirmScreen(f"{file} is there already. Write over it?", "write over it"), answer)
