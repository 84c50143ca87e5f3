"""What the person does with project notes in the app: a draft under review, and their own editor on a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from punie_tui.app.file_edit_work import FileEditWork
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from punie_tools.changes.change_set import FileChange


class NotesWork(FileEditWork):
    """Edits of notes, and a draft of them."""

    def draft(self) -> None:
        """Show what a draft would add, hunk by hunk."""
        self._begin(self._draft)

    def edit(self, path: str, line: int = 1) -> None:
        """A note may stand above the workspace, where nothing is written."""
        if path.startswith("../"):
            self._note(f"{path} stands above this folder; edit it there, or start punie there.")
        else:
            super().edit(path, line)

    def _draft(self) -> None:
        from punie_tui.agent.notes_draft import draft_notes

        change = draft_notes(self._open_context())
        if change.before == change.after:
            self._tell(f"{change.path} has all that a draft would say.")
        else:
            self._on_screen(lambda: self._review(change))

    def _review(self, change: FileChange) -> None:
        from punie_tools.changes.review import Review
        from punie_tui.app.screens.review import ReviewScreen

        review = Review([change])

        def carry_out(is_wanted: bool | None) -> None:
            if is_wanted and review.standing_changes:
                self._begin(lambda: self._write(review.standing_changes[0]))
            else:
                self._note("No notes were written.")

        app_of(self._screen).push_screen(ReviewScreen(review, "draft of notes"), carry_out)
