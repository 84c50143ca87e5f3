"""What the person does with git in the app: reviews by hunk and commits, read and carried out off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tools.git.tree_review import ReviewedPart, TreeReview
    from punie_tools.tool import ToolContext

_GROUP = "git"


class GitWork:
    """One for a screen. `note` shows a sentence; `changed` is called when the repository is no longer as it was."""

    def __init__(
        self,
        screen: Screen[None],
        open_context: Callable[[], ToolContext],
        note: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._open_context = open_context
        self._note = note
        self._changed = changed

    def review(self, part: ReviewedPart) -> None:
        """Show what is there to review, if anything is."""
        self._begin(lambda: self._read(part))

    def commit(self) -> None:
        """Ask for the message of what is staged, with a draft of it."""
        self._begin(lambda: self._draft(says_nothing=False))

    def _begin(self, work: Callable[[], None]) -> None:
        """On a thread; what fails there becomes one sentence."""

        def guarded() -> None:
            try:
                work()
            except ToolError as error:
                self._tell(str(error))

        self._screen.run_worker(guarded, thread=True, exclusive=True, group=_GROUP)

    def _read(self, part: ReviewedPart) -> None:
        from punie_tools.git.tree_review import read_tree_review

        reviewed = read_tree_review(self._open_context(), part)
        if reviewed.review.files:
            self._on_screen(lambda: self._show(reviewed))
            return
        nothing = "Nothing is staged." if part == "staged" else "The working tree holds nothing that is not staged."
        left_out = f" Not shown: {'; '.join(reviewed.left_out[:3])}." if reviewed.left_out else ""
        self._tell(nothing + left_out)

    def _show(self, reviewed: TreeReview) -> None:
        from punie_tui.app.screens.tree_review import StagedReviewScreen, TreeReviewScreen

        def carry_out(is_wanted: bool | None) -> None:
            if is_wanted:
                self._begin(lambda: self._apply(reviewed))

        screen = TreeReviewScreen if reviewed.part == "unstaged" else StagedReviewScreen
        app_of(self._screen).push_screen(screen(reviewed), carry_out)

    def _apply(self, reviewed: TreeReview) -> None:
        self._tell(reviewed.apply())
        self._on_screen(self._changed)
        self._draft(says_nothing=True)

    def _draft(self, *, says_nothing: bool) -> None:
        from punie_tools.git.commit_message import draft_message
        from punie_tools.git.tree_review import read_tree_review

        staged = read_tree_review(self._open_context(), "staged")
        files = staged.review.files
        if not files and not staged.left_out:
            if not says_nothing:
                self._tell("Nothing is staged: r in the repo panel stages by hunk.")
            return
        drafted = draft_message([file.change for file in files])
        count = len(files) + len(staged.left_out)
        self._on_screen(lambda: self._ask_message(safe_text(drafted), f"{count} file{'s' * (count > 1)} staged"))

    def _ask_message(self, draft: str, staged: str) -> None:
        from punie_tui.app.screens.tree_review import CommitScreen

        def keep(message: str | None) -> None:
            if message is not None:
                self._begin(lambda: self._commit(message))

        app_of(self._screen).push_screen(CommitScreen(draft, staged), keep)

    def _commit(self, message: str) -> None:
        from punie_tools.git.git_commit import git_commit

        self._tell(git_commit(self._open_context(), message).summary)
        self._on_screen(self._changed)

    def _tell(self, sentence: str) -> None:
        self._on_screen(lambda: self._note(safe_text(sentence, single_line=True)))

    def _on_screen(self, step: Callable[[], None]) -> None:
        """Unless the app ended meanwhile."""
        if self._screen.is_running:
            app_of(self._screen).call_later(step)
