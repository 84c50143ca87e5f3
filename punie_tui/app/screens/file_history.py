"""Which commits made a file, kept true: line by line, or one below the other; Enter shows what a commit changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.widgets import Static

from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.textual_adapter import app_of, call_on_screen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.messages import ShowRevision, WorkspaceChanged
from punie_tui.app.widgets.outline import Outline, OutlineRow, outline_actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

_MOST_COMMITS = 200

COMMITS_LIST_ACTIONS = outline_actions(
    "The list", Action("history.show", "enter", "choose", "show what the commit changed", "Show")
)
FILE_HISTORY_ACTIONS = ActionGroup(
    "The file's commits",
    (
        Action("history.blame", "b", "switch(True)", "blame: which commit each line comes from", "Blame"),
        Action("history.commits", "H", "switch(False)", "history: the commits of the file", "History"),
        Action("history.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("history.leave", "escape,q", "dismiss", "back", "Back"),
    ),
)


class CommitsOutline(Outline):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (COMMITS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class FileHistoryScreen(Page[None]):
    """Reads git off the UI thread; what cannot be told is said in its heading."""

    DEFAULT_CSS = """
    FileHistoryScreen > #history-heading { height: 1; padding: 0 1; background: $surface; text-style: bold; }
    FileHistoryScreen > Outline { height: 1fr; }
    """
    ACTIONS: ClassVar[ActionGroups] = (FILE_HISTORY_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, root: Path, path: str, *, is_blame: bool, line: int = 1) -> None:
        """`line` is where blame begins."""
        super().__init__()
        self._line = line
        self._root = root
        self._path = path
        self._is_blame = is_blame
        self._revisions: dict[str, str] = {}
        self._newest_reading = 0
        self._is_reading = False
        self._is_stale = False
        self.is_read = False

    def compose(self) -> ComposeResult:
        yield Static(id="history-heading", markup=False)
        yield CommitsOutline(id="history-outline")
        yield KeyRow()

    def on_mount(self) -> None:
        self.query_one(Outline).focus()
        self.action_switch(self._is_blame)

    def action_switch(self, is_blame: bool) -> None:
        """To the lines, or to the commits."""
        self._is_blame, self.is_read = is_blame, False
        self._tell("…")
        self._begin_to_read()

    @on(WorkspaceChanged)
    def _note_change(self) -> None:
        self._is_stale = True
        self._read_if_stale()

    def on_screen_resume(self) -> None:
        """What changed while another screen stood above is read now."""
        self._read_if_stale()

    def _read_if_stale(self) -> None:
        """Once what is being read is there; while another screen stands above, nobody looks."""
        if self._is_stale and self.is_current and not self._is_reading:
            self._begin_to_read()

    def action_help(self) -> None:
        show_keys(self)

    @on(Outline.Chosen)
    def _show_revision(self) -> None:
        row = self.query_one(Outline).current
        revision = self._revisions.get(row.key, "") if row else ""
        if revision.strip("0"):
            # The main screen is the lowest one, and has what is needed to review a revision.
            app_of(self).screen_stack[0].post_message(ShowRevision(revision, self._path))
        elif revision:
            self._tell("that line is not committed yet")

    def _begin_to_read(self) -> None:
        """What was asked for before is not waited for any more."""
        self._newest_reading += 1
        self._is_reading, self._is_stale = True, False
        self._read(self._newest_reading, self._is_blame)

    @work(thread=True, group="history")
    def _read(self, reading: int, is_blame: bool) -> None:
        from punie_tools.errors import ToolError

        try:
            found, told = (_blamed if is_blame else _commits)(self._root, self._path)
        except ToolError as error:
            found, told = [], str(error)
        call_on_screen(self, lambda: self._take(reading, found, told))

    def _take(self, reading: int, found: Sequence[tuple[str, OutlineRow]], told: str) -> None:
        if reading == self._newest_reading:
            self._is_reading = False
            self._show(found, told)
            self._read_if_stale()

    def _show(self, found: Sequence[tuple[str, OutlineRow]], told: str) -> None:
        """In place of what was there; the cursor stays on its commit, or line, and in sight."""
        self._revisions = {row.key: revision for revision, row in found}
        outline = self.query_one(Outline)
        outline.show([row for _, row in found])
        if self._is_blame and not self.is_read:
            outline.go_to(str(self._line))
        elif row := outline.current:
            outline.go_to(row.key)
        self._tell(told)
        self.is_read = True

    def _tell(self, told: str) -> None:
        kind = "blame" if self._is_blame else "history"
        heading = safe_text(f"{self._path}  {kind}: {told}", single_line=True)
        self.query_one("#history-heading", Static).update(heading)


def _blamed(root: Path, path: str) -> tuple[list[tuple[str, OutlineRow]], str]:
    from punie_tools.git.git_blame import git_blame
    from punie_tools.tool import ToolContext
    from punie_tools.workspace import Workspace

    result = git_blame(ToolContext(Workspace.at(root)), path)
    rows: list[tuple[str, OutlineRow]] = []
    for line in result.lines:
        about = f"{line.origin(12)} {line.date[:10]} {line.line:>5} "
        text = safe_text(line.text, single_line=True)
        row = OutlineRow(str(line.line), 0, ((safe_text(about, single_line=True), "muted"), (text, "")))
        rows.append((line.hash, row))
    return rows, f"{counted(len(rows), 'line')}{', the first of more' * result.truncated}"


def _commits(root: Path, path: str) -> tuple[list[tuple[str, OutlineRow]], str]:
    from punie_tools.git.git_log import git_log
    from punie_tools.tool import ToolContext
    from punie_tools.workspace import Workspace

    result = git_log(ToolContext(Workspace.at(root)), path, _MOST_COMMITS)
    rows: list[tuple[str, OutlineRow]] = []
    for commit in result.commits:
        subject = safe_text(commit.message.split("\n", 1)[0], single_line=True)
        about = safe_text(f"{commit.author[:16]} {commit.date[:10]}", single_line=True)
        row = OutlineRow(commit.hash, 0, ((f"{commit.hash[:8]} ", "strong"), (subject, "")), about)
        rows.append((commit.hash, row))
    told = f"the newest {_MOST_COMMITS} commits" if len(rows) == _MOST_COMMITS else counted(len(rows), "commit")
    return rows, told
