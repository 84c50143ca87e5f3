"""The repo panel: branch, changed files, and the file tree, kept true while files change."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
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
from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.widgets.messages import OpenFile, WorkspaceChanged
from punie_tui.app.workspace_watch import WorkspaceWatch

if TYPE_CHECKING:
    from punie_tools.git.git_status import GitStatusResult
    from punie_tools.git.tree_review import ReviewedPart

_MOST_CHANGES = 200
_MOST_ENTRIES = 500
_MARKS = {
    "modified": "M",
    "added": "A",
    "deleted": "D",
    "renamed": "R",
    "copied": "C",
    "type_changed": "T",
    "conflicted": "!",
    "untracked": "?",
}


@dataclass
class _Entry:
    """What a node stands for; a folder's children are read when it is opened."""

    path: str = ""
    is_folder: bool = False


@dataclass
class RepoState:
    """One reading of the repository, made off the UI thread; strings are safe text."""

    headline: str
    changes: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])
    """Mark, path, whether it is staged."""


REPO_ACTIONS = ActionGroup(
    "Repo",
    (
        Action("repo.open", "enter", "select_cursor", "open the file", "Open"),
        Action("repo.fold", "space", "toggle_node", "fold and unfold", "Fold"),
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
            "review what is staged, unstage by hunk",
            "Staged",
            letter="D",
        ),
        Action("repo.commit", "c", "commit", "commit what is staged", "Commit", letter="C"),
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
    class StateRead(Message):
        """A new reading is there."""

        state: RepoState

    def __init__(self, root: Path, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(Text("repo"), _Entry(), id=id)
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = False
        self.state: RepoState | None = None
        self._folder = root
        self._watch = WorkspaceWatch(root, self._files_changed)
        self._changes: TreeNode[_Entry]
        self._files: TreeNode[_Entry]

    def action_review(self, part: ReviewedPart) -> None:
        self.post_message(self.ReviewWanted(part))

    def action_commit(self) -> None:
        self.post_message(self.CommitWanted())

    def on_mount(self) -> None:
        self.root.expand()
        self._changes = self.root.add(Text("…"), _Entry(), expand=True)
        self._files = self.root.add(Text("files"), _Entry("", is_folder=True))

    def on_unmount(self) -> None:
        self._watch.stop()

    def begin(self) -> None:
        """Start to watch and to read; the screen calls it after its first frame."""
        self._watch.start()
        self.refresh_state()

    def refresh_state(self) -> None:
        """Read the repository again, off the UI thread, and the opened folders."""
        self._read_state()
        for node in _opened_folders(self._files):
            self._fill(node)

    def _files_changed(self, paths: frozenset[str]) -> None:
        """Called on the watching thread."""
        if self.is_running:
            app_of(self).call_later(self.refresh_state)
            self.post_message(WorkspaceChanged(paths))

    @work(thread=True, exclusive=True, group="repo-state")
    def _read_state(self) -> None:
        state = read_state(self._folder)
        if not is_worker_cancelled():
            self.post_message(self.StateRead(state))

    def on_repo_panel_state_read(self, message: StateRead) -> None:
        message.stop()
        self.state = state = message.state
        self._changes.set_label(Text(state.headline, style="bold"))
        self._changes.remove_children()
        for mark, path, is_staged in state.changes[:_MOST_CHANGES]:
            label = Text.assemble((f"{mark} ", "bold"), safe_text(path, single_line=True), no_wrap=True)
            if is_staged:
                label.append("  staged", "italic")
            self._changes.add_leaf(label, _Entry(path))
        if len(state.changes) > _MOST_CHANGES:
            self._changes.add_leaf(Text(f"… {len(state.changes) - _MOST_CHANGES} more", style="italic"), _Entry())

    def on_tree_node_expanded(self, message: Tree.NodeExpanded[_Entry]) -> None:
        if message.node.data and message.node.data.is_folder:
            self._fill(message.node)

    def on_tree_node_selected(self, message: Tree.NodeSelected[_Entry]) -> None:
        message.stop()
        entry = message.node.data
        if entry and entry.path and not entry.is_folder:
            self.post_message(OpenFile(entry.path))
        else:
            message.node.toggle()

    def _fill(self, node: TreeNode[_Entry]) -> None:
        """Make a folder's children what the disk says, keeping those that stay (and what is opened below them)."""
        assert node.data is not None
        wanted = _entries(self._folder, node.data.path)
        present = [child.data.path for child in node.children if child.data]
        if present == [entry.path for entry in wanted]:
            return
        opened = {child.data.path for child in node.children if child.data and child.is_expanded}
        node.remove_children()
        for entry in wanted:
            name = Text(safe_text(Path(entry.path).name, single_line=True), no_wrap=True)
            if entry.is_folder:
                node.add(name.append("/"), entry, expand=entry.path in opened)
            else:
                node.add_leaf(name, entry)


def read_state(root: Path) -> RepoState:
    """The branch and the changed files, or one line that says why there are none. Not for the UI thread."""
    from punie_tools.errors import ToolError
    from punie_tools.git.git_status import git_status
    from punie_tools.tool import ToolContext
    from punie_tools.workspace import Workspace

    try:
        status = git_status(ToolContext(Workspace.at(root)))
    except (ToolError, OSError) as error:
        return RepoState(safe_text(str(error), single_line=True))
    return RepoState(_headline(status), [(_MARKS[file.status], file.path, file.staged) for file in status.files])


def _headline(status: GitStatusResult) -> str:
    state = "clean" if status.is_clean else f"{len(status.files)} changed"
    return safe_text(f"{status.branch}  {state}", single_line=True)


def _opened_folders(node: TreeNode[_Entry]) -> list[TreeNode[_Entry]]:
    if not node.is_expanded:
        return []
    below = [opened for child in node.children for opened in _opened_folders(child)]
    return [node, *below] if node.data and node.data.is_folder else below


def _entries(root: Path, folder: str) -> list[_Entry]:
    """Folders first, then files, by name; what cannot be read is empty."""
    try:
        with os.scandir(root / folder) as found:
            entries = [
                _Entry(f"{folder}/{entry.name}" if folder else entry.name, entry.is_dir(follow_symlinks=False))
                for entry in found
                if entry.name != ".git"
            ]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.path.lower()))[:_MOST_ENTRIES]
