"""A view of one file at a line, and the way into the person's own editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Selection

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.file_edit_work import FileEditWork
from punie_tui.app.key_map import key_shown, keys_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.syntax_colours import colour_syntax
from punie_tui.app.text_search import Match, TextSearch
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.search_row import SearchRow

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tools.tool import ToolContext

_MOST_BYTES = 2_000_000
# To parse more holds up the keys: 2 MB of Python take most of a second.
MOST_COLOURED = 200_000
LANGUAGES = {
    ".py": "python",
    ".pyi": "python",
    ".md": "markdown",
    ".toml": "toml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sh": "bash",
    ".js": "javascript",
    ".css": "css",
    ".html": "html",
    ".sql": "sql",
    ".rs": "rust",
    ".go": "go",
}


_MATCHES = "next match, match before"
_LEAVE = Action("viewer.leave", "escape", "leave", "end the search, or back", "Back", has_priority=True)
_SEARCH = Action("viewer.search", "slash", "search", "search as you type", "Search")
_NEXT_MATCH = Action("viewer.next_match", "n", "match(1)", "next match", line=_MATCHES)
_MATCH_BEFORE = Action("viewer.match_before", "N", "match(-1)", "match before", line=_MATCHES)
VIEWER_ACTIONS = ActionGroup(
    "The file",
    (
        _LEAVE,
        Action("viewer.back", "q", "dismiss", "back"),
        Action("viewer.edit", "e", "edit", "edit it in $VISUAL or $EDITOR; /undo takes that back", "Edit"),
        Action("viewer.blame", "b", "show_history(True)", "blame: which commit each line comes from", "Blame"),
        Action("viewer.history", "H", "show_history(False)", "history: the commits of the file", "History"),
        Action("viewer.keys", "question_mark,f1", "help", "these keys", "Keys"),
    ),
)
_TEXT_ACTIONS = ActionGroup(
    "The text",
    (
        *movement(("cursor_down", "cursor_up", "cursor_page_down", "cursor_page_up", "first_line", "last_line")),
        _SEARCH,
        _NEXT_MATCH,
        _MATCH_BEFORE,
    ),
)


class FileText(TextArea):
    """Read only, moved in by the keys of every list, and searched."""

    ACTIONS: ClassVar[ActionGroups] = (_TEXT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Told(Message):
        """A sentence on the search; safe text, empty where there is nothing to say."""

        sentence: str

    def __init__(self, text: str, language: str | None, search_row: SearchRow) -> None:
        super().__init__(text, language=language, read_only=True, show_line_numbers=True, soft_wrap=False, theme="css")
        self._search_row = search_row
        self._search: TextSearch | None = None
        self._match: int | None = None
        self._began = (0, 0)

    @property
    def is_searched(self) -> bool:
        """Whether there are words to go on to."""
        return self._search is not None

    def on_key(self, event: events.Key) -> None:
        self._search_row.hear(event, keys_of(self, _SEARCH), self.action_search)

    def action_search(self) -> None:
        """Let the person type what is looked for from here on."""
        self._began = self.selection.start
        self._search_row.begin()

    def search(self, words: str) -> None:
        """Go to the first place from the beginning on where the words stand."""
        self._search, self._match = TextSearch(words), None
        if words:
            self._search_all(self._search)
        else:
            self._go_back()
            self.post_message(self.Told(""))

    def end_search(self, *, goes_back: bool) -> None:
        """Stay where the search led, or go back to where it began."""
        self._search = None
        if goes_back:
            self._go_back()
        else:
            self.move_cursor(self.selection.start)
        self.post_message(self.Told(""))

    def action_match(self, step: int) -> None:
        """The next place where the words stand, or the one before; around the ends."""
        if self._search and self._search.matches:
            start, end = sorted((self.selection.start, self.selection.end))
            search = self._search
            self._match = search.onwards(Match(*end)) if step > 0 else search.backwards(Match(*start))
            self._show_match(search)

    @work(thread=True, exclusive=True, group="search")
    def _search_all(self, search: TextSearch) -> None:
        matches = search.find(self.document.lines, is_worker_cancelled)
        if not is_worker_cancelled():
            app_of(self).call_later(self._found, search, matches)

    def _found(self, search: TextSearch, matches: Sequence[Match]) -> None:
        if self._search is search:
            search.matches = [*matches]
            self._match = search.onwards(Match(*self._began))
            self._show_match(search)

    def _show_match(self, search: TextSearch) -> None:
        if self._match is None:
            self._go_back()
        else:
            match = search.matches[self._match]
            spans = search.spans(self.document.get_line(match.index))
            end = next(end for start, end in spans if start == match.start)
            self.move_cursor((match.index, end), center=True)
            self.selection = Selection((match.index, match.start), (match.index, end))
        following, before, leave = (key_shown(self, action) for action in (_NEXT_MATCH, _MATCH_BEFORE, _LEAVE))
        self.post_message(self.Told(search.told(self._match, f"{following} next, {before} before", f"{leave} ends")))

    def _go_back(self) -> None:
        if self.selection != Selection.cursor(self._began):
            self.move_cursor(self._began, center=True)

    def action_first_line(self) -> None:
        self.move_cursor((0, 0))

    def action_last_line(self) -> None:
        self.move_cursor(self.document.end)


class FileViewerScreen(Page[None]):
    """Opens the file when it is mounted; what cannot be shown is said in one line."""

    DEFAULT_CSS = """
    FileViewerScreen > #file-name {
        height: 1; padding: 0 1; background: $surface; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis;
    }
    FileViewerScreen > TextArea, FileViewerScreen > TextArea:focus { border: none; padding: 0; height: 1fr; }
    """
    ACTIONS: ClassVar[ActionGroups] = (VIEWER_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(
        self, root: Path, path: str, line: int | None = None, *, open_context: Callable[[], ToolContext]
    ) -> None:
        """`open_context` is for what the person changes by hand."""
        super().__init__()
        self._root = root
        self._path = path
        self._line = line or 1
        self._work = FileEditWork(self, open_context, self._tell, self._read_again)

    def compose(self) -> ComposeResult:
        text, problem = _read(self._root, self._path)
        place = f"{self._path}:{self._line}" if self._line > 1 else self._path
        yield Static(
            safe_text(place if not problem else f"{self._path}: {problem}", single_line=True),
            id="file-name",
            markup=False,
        )
        search_row = SearchRow()
        yield FileText(text, language_of(self._path, text), search_row)
        yield search_row
        yield KeyRow()

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        colour_syntax(area)
        area.focus()
        area.move_cursor((min(self._line, area.document.line_count) - 1, 0), center=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is typed to search for leaves nothing."""
        return action != "leave" or not any(row.is_typing for row in self.query(SearchRow))

    def action_leave(self) -> None:
        """Out of the search, else out of the file."""
        text = self.query_one(FileText)
        if text.is_searched:
            text.end_search(goes_back=False)
        else:
            self.dismiss()

    def on_search_row_changed(self, message: SearchRow.Changed) -> None:
        self.query_one(FileText).search(message.words)

    def on_search_row_left(self, message: SearchRow.Left) -> None:
        text = self.query_one(FileText)
        if not message.is_kept:
            text.end_search(goes_back=True)
        text.focus()

    def on_file_text_told(self, message: FileText.Told) -> None:
        self.query_one(SearchRow).tell(message.sentence)

    def action_help(self) -> None:
        show_keys(self)

    def action_edit(self) -> None:
        """Open the file in the person's own editor where the cursor is."""
        self._line = self.query_one(TextArea).cursor_location[0] + 1
        self._work.edit(self._path, self._line)

    def _read_again(self) -> None:
        text, _ = _read(self._root, self._path)
        area = self.query_one(FileText)
        if area.is_searched:
            area.end_search(goes_back=False)
        area.load_text(text)
        area.move_cursor((min(self._line, area.document.line_count) - 1, 0), center=True)

    def _tell(self, sentence: str) -> None:
        self.query_one("#file-name", Static).update(sentence)

    def action_show_history(self, is_blame: bool) -> None:
        from punie_tui.app.screens.file_history import FileHistoryScreen

        line = self.query_one(TextArea).cursor_location[0] + 1
        app_of(self).push_screen(FileHistoryScreen(self._root, self._path, is_blame=is_blame, line=line))


def language_of(path: str, text: str) -> str | None:
    """Whose colours the text gets, if it is not too long for any."""
    return LANGUAGES.get(Path(path).suffix) if len(text) <= MOST_COLOURED else None


def _read(root: Path, path: str) -> tuple[str, str]:
    """The file's safe text, or why there is none."""
    from punie_tools.errors import ToolError
    from punie_tools.workspace import Workspace

    try:
        file = Workspace.at(root).resolve(path)
        if not file.is_file():
            return "", "is no file"
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except ToolError as error:
        return "", str(error)
    except OSError as error:
        return "", f"cannot be read ({error.strerror})"
    if b"\0" in data[:8192]:
        return "", "is a binary file"
    note = "shows its first 2 MB" if len(data) > _MOST_BYTES else ""
    return safe_text(data[:_MOST_BYTES].decode("utf-8", "replace")), note
