"""The screens that open over the main one. Tests and findings are made once, and kept with what they know and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from punie_tui.app.textual_adapter import app_of, keep_screen
from punie_tui.app.widgets.messages import WorkspaceChanged

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.session import Session
    from punie_tui.app.screens.findings import FindingsScreen
    from punie_tui.app.screens.tests import ReviewHunks, TestsScreen


class OtherScreens:
    """Opens them on one session. `send` hands a request to the model."""

    def __init__(self, screen: Screen[None], session: Session, folder: Path, send: Callable[[str], None]) -> None:
        self._screen = screen
        self._session = session
        self._folder = folder
        self._send = send
        self._tests: TestsScreen | None = None
        self._findings: FindingsScreen | None = None

    def show_tests(self, *, ask_trust: Callable[[], None], review: ReviewHunks) -> None:
        """`ask_trust` lets the person trust the folder, `review` shows the last turn with notes beside its hunks."""
        from punie_tui.app.screens.tests import TestsScreen
        from punie_tui.app.widgets.repo.panel import RepoPanel

        if self._tests is None:
            self._tests = TestsScreen(
                self._session,
                self._folder,
                ask_trust=ask_trust,
                send=self._send,
                review=review,
                is_polling=lambda: self._screen.query_one(RepoPanel).is_polling,
            )
            keep_screen(app_of(self._screen), self._tests, "tests")
        app_of(self._screen).push_screen("tests")

    def show_findings(self) -> None:
        """What pyright and ruff find."""
        from punie_tui.app.screens.findings import FindingsScreen

        if self._findings is None:
            self._findings = FindingsScreen(self._session, self._folder, send=self._send)
            keep_screen(app_of(self._screen), self._findings, "findings")
        app_of(self._screen).push_screen("findings")

    def show_file(self, path: str, line: int | None) -> None:
        """A file of the workspace, to be read."""
        from punie_tui.app.screens.viewer import FileViewerScreen

        open_context = self._session.context_of_person
        app_of(self._screen).push_screen(FileViewerScreen(self._folder, path, line, open_context=open_context))

    def show_notes(self) -> None:
        """The project's notes in force."""
        from punie_tui.app.screens.notes import NotesScreen

        app_of(self._screen).push_screen(NotesScreen(self._session))

    def workspace_changed(self, paths: frozenset[str]) -> None:
        """What changed, by absolute paths; none where only polling tells that some may have."""
        if self._findings and self._findings.is_running:
            self._findings.workspace_changed()
        if self._tests and self._tests.is_running:
            self._tests.workspace_changed(paths)
        for screen in app_of(self._screen).screen_stack[1:]:
            screen.post_message(WorkspaceChanged(paths))

    def trust_changed(self) -> None:
        """The folder is trusted, or no longer."""
        if self._tests:
            self._tests.session_changed()
