"""The panes that show a session: what comes of it now, and what was kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from punie_tui.app.first_words import BEGINNINGS, first_words, interrupted_words, notes_words
from punie_tui.app.key_map import key_shown
from punie_tui.app.screens.main_actions import GO_ON
from punie_tui.app.textual_adapter import call_on_screen
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.events import Event
    from punie_tui.agent.session import Session
    from punie_tui.agent.session_list import SessionSummary
    from punie_tui.app.collector import Collector
    from punie_tui.app.replay import Replay
    from punie_tui.app.widgets.chat.chat import Chat
    from punie_tui.app.widgets.repo.panel import RepoPanel
    from punie_tui.app.widgets.trace.pane import TracePane


_ROWS_BESIDE_CHAT = 7
"""Its frame, or the tabs; the prompt, the status line and the keys."""
_ROWS_OF_PROMPT = 2
"""With the status line: where there are few rows nothing else stands beside the chat."""


class SessionPanes:
    """Chat, trace and repo of one screen."""

    def __init__(
        self, screen: Screen[None], folder: Path, chat: Chat, trace: TracePane, repo: RepoPanel, collector: Collector
    ) -> None:
        """`collector` is told when a session stands there."""
        self._screen = screen
        self._folder = folder
        self._chat = chat
        self._trace = trace
        self._repo = repo
        self._collector = collector
        self._session: Session | None = None
        self._replay: Replay | None = None
        self._notes_told: list[str] = []

    @property
    def is_replaying(self) -> bool:
        """Whether earlier parts of a session are still to be shown."""
        return self._replay is not None and not self._replay.is_done

    @property
    def offered(self) -> SessionSummary | None:
        """The session that a crash cut off, as long as nothing was asked in this one, which is another one."""
        session = self._session
        if session is None or session.interrupted is None or session.has_turns:
            return None
        return session.interrupted if session.interrupted.session_id != session.session_id else None

    def handle(self, event: Event) -> None:
        """Show what happened."""
        self._chat.handle(event)
        self._trace.handle(event)
        self._repo.handle(event)

    def draw(self, session: Session) -> None:
        """Show a session from its end, in place of what stands here."""
        from punie_tools.safe_text import safe_text
        from punie_tui.app.replay import Replay

        self._session = session
        self._screen.query_one(StatusLine).forget_usage()
        if self._replay:
            self._replay.stop()
            self._chat.transcript.clear()
            self._trace.forget_calls()
            self._repo.forget_calls()

        def show(event: Event) -> None:
            self.handle(event)
            if event.kind == "turn_finished":
                self._screen.query_one(StatusLine).show_usage(event.usage, session.engine.context_length)

        self._replay = Replay(self._screen, session.earlier_events, show, self._show_earlier, self._end_replay)
        self._replay.start()
        for notice in session.take_notices():
            self._chat.transcript.add("note", safe_text(notice, single_line=True))
        if session.engine.writes_answers:
            self._read_notes(session)
        self.show_first_words()

    def _show_earlier(self, events: Sequence[Event]) -> None:
        self._chat.show_earlier(events)
        self._trace.show_earlier(events)
        for event in events:
            self._repo.handle(event)

    def _end_replay(self) -> None:
        self._trace.show_all()
        self._collector.keep()

    def _read_notes(self, session: Session) -> None:
        """Off the UI thread: the first words tell of them when they are read."""

        def work() -> None:
            notes = session.read_notes()
            if notes.notes:
                call_on_screen(self._screen, lambda: self._take_notes(notes.summary))

        self._screen.run_worker(work, thread=True, exclusive=True, group="notes")

    def _take_notes(self, summary: str) -> None:
        self._notes_told = [notes_words(summary)]
        self.show_first_words()

    def show_first_words(self) -> None:
        """What stands in the chat as long as nothing was said."""
        key = key_shown(self._screen, GO_ON)
        offered = [interrupted_words(self.offered.title, key)] if self.offered else []
        told = [*self._notes_told, *offered]
        # Each has a blank line above it, and so has what is shown below them.
        words = first_words(self._folder, self._rows - 2 * len(told) - 2)
        self._chat.transcript.show_empty_state("\n\n".join([words, *told]), BEGINNINGS)

    @property
    def _rows(self) -> int:
        """Of the chat; it may not be laid out yet."""
        return self._screen.size.height - (_ROWS_OF_PROMPT if self._screen.has_class("-low") else _ROWS_BESIDE_CHAT)
