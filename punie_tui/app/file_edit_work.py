"""What the person does to a file of the tree in an editor of their own."""

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

_GROUP = "own-edits"


class FileEditWork(ScreenWork):
    """One for a screen. `note` shows a sentence; `changed` is called when a file is no longer as it was.

    `keep` gets what was done to it, as of all work of a screen.
    """

    def __init__(
        self,
        screen: Screen[None],
        open_context: Callable[[], ToolContext],
        note: Callable[[str], None],
        changed: Callable[[], object] = lambda: None,
        keep: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        super().__init__(screen, _GROUP, note, keep)
        self._open_context = open_context
        self._changed = changed

    def edit(self, path: str, line: int = 1) -> None:
        """Open a file, a path from the workspace, in the person's own editor."""
        self._begin(lambda: self._read(path, line))

    def _read(self, path: str, line: int) -> None:
        from punie_tools.changes.file_edit import current_image, path_in_tree
        from punie_tools.changes.text_edit import DecodedText

        context = self._open_context()
        inside = path_in_tree(context, path)
        image = current_image(context, inside)
        if image is None:
            raise ToolError(f"There is no {path} any more.")
        decoded = DecodedText.of(inside, image.data)
        self._on_screen(lambda: self._edit(inside, image, decoded, line))

    def _edit(self, path: str, before: FileImage, decoded: DecodedText, line: int) -> None:
        """The editor has the terminal meanwhile."""
        from punie_tools.changes.change_set import FileChange
        from punie_tools.changes.text_edit import with_line_ends
        from punie_tools.changes.tree_access import FileImage
        from punie_tui.app.own_editor import EditorError, edit_text

        text = with_line_ends(decoded.text, "\n")
        try:
            with app_of(self._screen).suspend():
                edited = edit_text(text, os.environ, name=os.path.basename(path), line=line)  # noqa: PTH119
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
        self._tell_done(f"{'Changed' if change.before else 'Wrote'} {change.path}; /undo takes it back.")
        self._on_screen(self._changed)
