"""What the person does beside the turns, kept in the session's file, or in memory until the session has one."""

from __future__ import annotations

import threading

from punie_tui.agent.events import BesideTurnsEvent, PersonChangedFiles
from punie_tui.agent.session_log import SessionLog


class BesideTurns:
    """Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log: SessionLog | None = None
        self._early: list[BesideTurnsEvent] = []
        self._changed_files: set[str] = set()

    @property
    def early(self) -> list[BesideTurnsEvent]:
        """What was done before the session had a file, and is not in it yet."""
        with self._lock:
            return list(self._early)

    def go_to(self, log: SessionLog | None) -> None:
        """Keep what follows in another session, and forget what was done in one that never began."""
        with self._lock:
            self._log = log
            self._early.clear()

    def begin(self, log: SessionLog) -> None:
        """The session has a file now."""
        with self._lock:
            self._log = log
            for event in self._early:
                log.append(event)
            self._early.clear()

    def keep(self, event: BesideTurnsEvent) -> None:
        """Let whoever goes on with this session see it."""
        with self._lock:
            if self._log is None:
                self._early.append(event)
            else:
                self._log.append(event)

    def files_change(self, turn: str) -> None:
        """Files are about to be changed under this name of the journal; the first time, that is kept."""
        with self._lock:
            is_new = turn not in self._changed_files
            self._changed_files.add(turn)
        if is_new:
            self.keep(PersonChangedFiles(turn_id=turn))
