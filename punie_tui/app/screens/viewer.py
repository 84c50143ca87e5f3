"""A view of one file at a line, and the way into the person's own editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static, TextArea

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.file_edit_work import FileEditWork
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.syntax_colours import colour_syntax
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow

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


VIEWER_ACTIONS = ActionGroup(
    "The file",
    (
        Action("viewer.leave", "escape,q", "dismiss", "back", "Back", has_priority=True),
        Action("viewer.edit", "e", "edit", "edit it in $VISUAL or $EDITOR; /undo takes that back", "Edit"),
        Action("viewer.blame", "b", "show_history(True)", "blame: which commit each line comes from", "Blame"),
        Action("viewer.history", "H", "show_history(False)", "history: the commits of the file", "History"),
        Action("viewer.keys", "question_mark,f1", "help", "these keys", "Keys"),
    ),
)
_TEXT_ACTIONS = ActionGroup(
    "The text",
    movement(
        ("cursor_down", "cursor_up", "cursor_page_down", "cursor_page_up", "first_line", "last_line"),
        first="Top",
        last="End",
    ),
)


class FileText(TextArea):
    """Read only, and moved in by the keys of every list."""

    ACTIONS: ClassVar[ActionGroups] = (_TEXT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def action_first_line(self) -> None:
        self.move_cursor((0, 0))

    def action_last_line(self) -> None:
        self.move_cursor(self.document.end)


class FileViewerScreen(Screen[None]):
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
        yield FileText(
            text,
            language=language_of(self._path, text),
            read_only=True,
            show_line_numbers=True,
            soft_wrap=False,
            theme="css",
        )
        yield KeyRow()

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        colour_syntax(area)
        area.focus()
        area.move_cursor((min(self._line, area.document.line_count) - 1, 0), center=True)

    def action_help(self) -> None:
        show_keys(self)

    def action_edit(self) -> None:
        """Open the file in the person's own editor where the cursor is."""
        self._line = self.query_one(TextArea).cursor_location[0] + 1
        self._work.edit(self._path, self._line)

    def _read_again(self) -> None:
        text, _ = _read(self._root, self._path)
        area = self.query_one(TextArea)
        area.load_text(text)
        area.move_cursor((min(self._line, area.document.line_count) - 1, 0), center=True)

    def _tell(self, sentence: str) -> None:
        self.query_one("#file-name", Static).update(sentence)

    def action_show_history(self, is_blame: bool) -> None:
        from punie_tui.app.screens.file_history import FileHistoryScreen

        app_of(self).push_screen(FileHistoryScreen(self._root, self._path, is_blame=is_blame))


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
