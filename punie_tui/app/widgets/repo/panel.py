"""The repo panel: branch, changed files, recent commits and the file tree, kept true while files change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import TREE_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.messages import OpenFile, OpenHistory, ShowRevision, WorkspaceChanged
from punie_tui.app.widgets.repo.state import ChangedPath, FolderEntry, RecentCommit, RepoState, read_folder, read_state
from punie_tui.app.widgets.repo.touched import TouchedFiles
from punie_tui.app.workspace_watch import OpenWatch, WorkspaceWatch

if TYPE_CHECKING:
    from punie_tools.git.tree_review import ReviewedPart
    from punie_tui.agent.events import Event

_MOST_CHANGES = 200


@dataclass(frozen=True)
class _Entry:
    """What a node stands for; a folder's children are read when it is opened."""

    path: str = ""
    is_folder: bool = False
    revision: str = ""
    is_staged: bool = False


REPO_ACTIONS = ActionGroup(
    "Repo",
    (
        Action("repo.open", "enter", "select_cursor", "open the file, or what a commit changed", "Open"),
        Action("repo.fold", "space", "toggle_node", "fold and unfold", "Fold"),
        Action("repo.search", "slash", "search", "open a file or a symbol by name", "Search"),
        Action(
            "repo.review",
            "r",
            "review('unstaged')",
            "review the working tree: stage, take back by hunk",
            "Review",
            letter="d",
        ),
        Action(
            "repo.review_staged",
            "s",
            "review('staged')",
            "review what is staged: unstage by hunk",
            "Staged",
            letter="D",
        ),
        Action("repo.commit", "c", "commit", "commit what is staged", "Commit", letter="C"),
        Action("repo.blame", "b", "show_history(True)", "blame: which commit each line comes from", "Blame"),
        Action("repo.history", "H", "show_history(False)", "history: the commits of the file", "History"),
        *movement(TREE_CALLS),
    ),
    about="The branch, what changed since the last commit, and the files.",
)


class RepoPanel(Tree[_Entry]):
    """Changed files first, then the tree; Enter opens a file."""

    DEFAULT_CSS = """
    RepoPanel { background: $background; padding: 0 1; scrollbar-size: 1 1; }
    """
    ACTIONS: ClassVar[ActionGroups] = (REPO_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class ReviewWanted(Message):
        """The person wants to go through the working tree, or through what is staged."""

        part: ReviewedPart

    class CommitWanted(Message):
        """The person wants to commit what is staged."""

    @dataclass
    class NothingToDo(Message):
        """A key does nothing on this row; `why` is a sentence of safe text."""

        why: str

    class SearchWanted(Message):
        """The person wants to open a file or a symbol by its name."""

    class PollingBegan(Message):
        """The system watches no more; see `is_polling`."""

    @dataclass
    class BranchRead(Message):
        """The branch, as safe text, whenever it is another one; empty without a repository."""

        branch: str

    @dataclass
    class StateRead(Message):
        """A new reading is there, with the folders that were open when it began."""

        state: RepoState
        folders: Sequence[tuple[TreeNode[_Entry], list[FolderEntry], int]]

    def __init__(
        self,
        root: Path,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        open_watch: OpenWatch | None = None,
    ) -> None:
        super().__init__(Text("repo"), _Entry(), id=id)
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = False
        self.state: RepoState | None = None
        self._folder = root
        self._watch = (open_watch or WorkspaceWatch)(root, self._files_changed)
        self._has_told_polling = False
        self._touched = TouchedFiles()
        self._is_reading = False
        self._is_stale = False
        self._changes: TreeNode[_Entry]
        self._commits: TreeNode[_Entry]
        self._files: TreeNode[_Entry]

    @property
    def is_polling(self) -> bool:
        """Whether git is asked on a clock, as the system cannot watch so many files."""
        return self._watch.is_polling

    def action_review(self, part: ReviewedPart) -> None:
        self.post_message(self.ReviewWanted(part))

    def action_commit(self) -> None:
        self.post_message(self.CommitWanted())

    def action_search(self) -> None:
        self.post_message(self.SearchWanted())

    def action_show_history(self, is_blame: bool) -> None:
        entry = self.cursor_node.data if self.cursor_node else None
        if entry and entry.path and not entry.is_folder:
            self.post_message(OpenHistory(entry.path, is_blame))
            return
        what = "Blame tells each line of a file" if is_blame else "History tells the commits of a file"
        self.post_message(self.NothingToDo(f"{what}; the cursor is on {_told_row(entry)}."))

    def action_toggle_node(self) -> None:
        """Fold and unfold, or say that this row has nothing below it."""
        if self.cursor_node and not self.cursor_node.allow_expand:
            self.post_message(self.NothingToDo("There is nothing to fold: only folders and headings hold rows."))
        else:
            super().action_toggle_node()

    def on_mount(self) -> None:
        self.root.expand()
        self._changes = self.root.add(Text("…"), _Entry(), expand=True)
        self._commits = self.root.add(Text("recent commits"), _Entry())
        self._files = self.root.add(Text("files"), _Entry("", is_folder=True))

    def on_unmount(self) -> None:
        self._watch.stop()

    def on_resize(self) -> None:
        self._mark()

    def begin(self) -> None:
        """Start to watch and to read; the screen calls it after its first frame."""
        self._watch.start()
        self.refresh_state()

    def handle(self, event: Event) -> None:
        """Mark the files that a call read or changed."""
        if event.kind == "tool_finished" and self._touched.add(event):
            self._mark()

    def forget_calls(self) -> None:
        """Mark nothing, as before the first call."""
        self._touched.forget()
        self._mark()

    def refresh_state(self) -> None:
        """Read the repository and the opened folders again, off the UI thread; one reading at a time."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        self._read([(node, node.data.path) for node in _opened_folders(self._files) if node.data])

    def _files_changed(self, paths: frozenset[str]) -> None:
        """Called on the watching thread."""
        if self.is_running:
            app_of(self).call_later(self.refresh_state)
            if self.is_polling and not self._has_told_polling:
                self._has_told_polling = True
                self.post_message(self.PollingBegan())
            if paths:
                self.post_message(WorkspaceChanged(paths))

    @work(thread=True, group="repo-state")
    def _read(self, folders: Sequence[tuple[TreeNode[_Entry], str]]) -> None:
        read = [(node, *read_folder(self._folder, path)) for node, path in folders]
        self.post_message(self.StateRead(read_state(self._folder), read))

    def on_repo_panel_state_read(self, message: StateRead) -> None:
        message.stop()
        self._is_reading = False
        for node, entries, count in message.folders:
            self._fill(node, entries, count)
        if self.state != message.state:
            before, self.state = self.state, message.state
            self._show_state(message.state)
            if before is None or before.branch != message.state.branch:
                self.post_message(self.BranchRead(message.state.branch))
            if self.is_polling and before is not None:
                self.post_message(WorkspaceChanged(frozenset()))
        if self._is_stale:
            self.refresh_state()

    def _show_state(self, state: RepoState) -> None:
        self._changes.set_label(Text(state.headline, style="bold"))
        changes = [
            (_Entry(change.path, is_staged=change.is_staged), self._label_of_change(change))
            for change in state.changes[:_MOST_CHANGES]
        ]
        _list(self._changes, changes, left_out=len(state.changes) - _MOST_CHANGES)
        _list(self._commits, [(_Entry(revision=commit.hash), _label_of_commit(commit)) for commit in state.commits])

    def _label_of_change(self, change: ChangedPath) -> Text:
        """As much as there is room for: what is left out is whole words, first those that other places tell too."""
        label = Text.assemble((f"{change.mark} ", "bold"), safe_text(change.path, single_line=True), no_wrap=True)
        lines, staged, touched = change.lines, "staged" * change.is_staged, self._touched.told(change.path)
        room = self.scrollable_content_region.width - self.guide_depth - label.cell_len
        told = ((lines, staged, touched), (lines, staged), (staged,))
        shown = ["".join(f"  {each}" for each in words if each) for words in told]
        return label.append(next((each for each in shown if len(each) <= room), shown[-1]), "italic")

    def _label_of_entry(self, entry: _Entry) -> Text:
        name = f"{Path(entry.path).name}{'/' * entry.is_folder}"
        label = Text(safe_text(name, single_line=True), no_wrap=True)
        told = self._touched.told(entry.path, is_folder=entry.is_folder)
        return label.append(f"  {told}" if told else "", "italic")

    def _mark(self) -> None:
        """Label again what may have become touched."""
        if self.state:
            for node, change in zip(self._changes.children, self.state.changes, strict=False):
                if node.data and node.data.path:
                    node.set_label(self._label_of_change(change))
        for folder in _opened_folders(self._files):
            for node in folder.children:
                if node.data and node.data.path:
                    node.set_label(self._label_of_entry(node.data))

    def on_tree_node_expanded(self, message: Tree.NodeExpanded[_Entry]) -> None:
        if message.node.data and message.node.data.is_folder:
            self._read_opened(message.node, message.node.data.path)

    @work(thread=True, group="repo-folder")
    def _read_opened(self, node: TreeNode[_Entry], path: str) -> None:
        entries, count = read_folder(self._folder, path)
        if self.is_running:
            app_of(self).call_later(self._fill, node, entries, count)

    def on_tree_node_selected(self, message: Tree.NodeSelected[_Entry]) -> None:
        message.stop()
        entry = message.node.data
        if entry and entry.revision:
            self.post_message(ShowRevision(entry.revision))
        elif entry and entry.path and not entry.is_folder:
            self.post_message(OpenFile(entry.path))
        elif message.node.allow_expand:
            message.node.toggle()
        else:
            self.post_message(self.NothingToDo("Those are not listed; / finds any file by its name."))

    def _fill(self, node: TreeNode[_Entry], found: Sequence[FolderEntry], count: int) -> None:
        """Make a folder's children what the disk says, keeping those that stay (and what is opened below them)."""
        entries = [_Entry(entry.path, entry.is_folder) for entry in found]
        _list(node, [(entry, self._label_of_entry(entry)) for entry in entries], left_out=count - len(entries))


def _list(node: TreeNode[_Entry], wanted: Sequence[tuple[_Entry, Text]], *, left_out: int = 0) -> None:
    """Make the rows below a node these. Those that stay keep the cursor, and what is opened below them."""
    entries = [entry for entry, _ in wanted]
    here = [child.data for child in node.children]
    kept = set(here).intersection(entries)
    if [entry for entry in entries if entry in kept] != [entry for entry in here if entry in kept]:
        node.remove_children()
    for child in tuple(node.children):
        if child.data not in kept:
            child.remove()
    for place, (entry, label) in enumerate(wanted):
        if place < len(node.children) and node.children[place].data == entry:
            if node.children[place].label != label:
                node.children[place].set_label(label)
        else:
            node.add(label, entry, before=place, allow_expand=entry.is_folder)
    if left_out > 0:
        node.add_leaf(Text(f"… {left_out} more", style="italic"), _Entry())


def _label_of_commit(commit: RecentCommit) -> Text:
    return Text.assemble((f"{commit.hash[:8]} ", "bold"), safe_text(commit.subject, single_line=True), no_wrap=True)


def _told_row(entry: _Entry | None) -> str:
    """What a row is that is no file."""
    if entry and entry.revision:
        return "a commit: Enter shows what it changed"
    return "a folder" if entry and entry.path else "no file"


def _opened_folders(node: TreeNode[_Entry]) -> Iterator[TreeNode[_Entry]]:
    if node.is_expanded and node.data and node.data.is_folder:
        yield node
        for child in node.children:
            yield from _opened_folders(child)
