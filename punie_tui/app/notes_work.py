"""What the person does with project notes in the app: a draft under review, and their own editor on a note."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from punie_tools.errors import ToolError
from punie_tools.safe_text import safe_text
from punie_tui.app.screen_work import ScreenWork
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tools.changes.change_set import FileChange
    from punie_tools.changes.text_edit import DecodedText
    from punie_tools.changes.tree_access import FileImage
    from punie_tools.tool import ToolContext

_GROUP = "notes"


class NotesWork(ScreenWork):
    """One for a screen. `note` shows a sentence; `changed` is called when a note is no longer as it was."""

    def __init__(
        self,
        screen: Screen[None],
        open_context: Callable[[], ToolContext],
        note: Callable[[str], None],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(screen, _GROUP, note)
        self._open_context = open_context
        self._changed = changed

    def draft(self) -> None:
        """Show what a draft would add, hunk by hunk."""
        self._begin(self._draft)

    def edit(self, path: str) -> None:
        """Open a note, a path from the workspace, in the person's own editor."""
        if path.startswith("../"):
            self._note(f"{path} stands above this folder; edit it there, or start punie there.")
        else:
            self._begin(lambda: self._read(path))

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

    def _read(self, path: str) -> None:
        from punie_tools.changes.file_edit import current_image, path_in_tree
        from punie_tools.changes.text_edit import DecodedText

        context = self._open_context()
        inside = path_in_tree(context, path)
        image = current_image(context, inside)
        if image is None:
            raise ToolError(f"There is no {path} any more.")
        decoded = DecodedText.of(inside, image.data)
        self._on_screen(lambda: self._edit(inside, image, decoded))

    def _edit(self, path: str, before: FileImage, decoded: DecodedText) -> None:
        """The editor has the terminal meanwhile."""
        from punie_tools.changes.change_set import FileChange
        from punie_tools.changes.text_edit import with_line_ends
        from punie_tools.changes.tree_access import FileImage
        from punie_tui.app.own_editor import EditorError, edit_text

        text = with_line_ends(decoded.text, "\n")
        try:
            with app_of(self._screen).suspend():
                edited = edit_text(text, os.environ, name=os.path.basename(path))  # noqa: PTH119 - of a path as text
            if edited == text.removesuffix("\n"):
                self._note(f"{path} is as it was.")
                return
            data = decoded.encoded(with_line_ends(f"{edited}\n" if edited else "", decoded.line_end))
        except SuspendNotSupported:
            self._note("An editor cannot be opened in this terminal.")
        except (EditorError, ToolError) as error:
            self._note(safe_text(str(error), single_line=True))
        else:
            change = FileChange(path, before, FileImage(data, before.mode))
            self._begin(lambda: self._write(change))

    def _write(self, change: FileChange) -> None:
        from punie_tools.changes.file_edit import make_changes

        make_changes(self._open_context(), [change])
        self._tell(f"{'Changed' if change.before else 'Wrote'} {change.path}; /undo takes it back.")
        self._on_screen(self._changed)
