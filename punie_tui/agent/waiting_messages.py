"""The messages that wait while a turn runs, kept in the session's file so that no crash and no quit loses one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from punie_tui.agent.events import MessageQueued, QueueChanged
from punie_tui.agent.session_log import SessionLog


class WaitingMessages:
    """What waits is told by one thread, and written by any: the last word counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log: SessionLog | None = None
        self._wanted: tuple[MessageQueued, ...] = ()
        self._written: tuple[str, ...] = ()
        self._known: set[str] = set()

    def go_to(
        self, log: SessionLog | None, messages: Sequence[MessageQueued] = (), staying: Sequence[MessageQueued] = ()
    ) -> None:
        """Write another session from now on, in whose file these wait; in the one before `staying` do, and no other."""
        self.keep(staying)
        self.write()
        with self._lock:
            self._log = log
            self._written = tuple(message.message_id for message in messages)
            self._known = set(self._written)
            self._wanted = tuple(messages)

    def keep(self, messages: Sequence[MessageQueued]) -> bool:
        """These wait now; whether the file says otherwise, until `write`."""
        self._wanted = tuple(messages)
        return self._log is not None and tuple(message.message_id for message in messages) != self._written

    def begin(self, log: SessionLog) -> None:
        """The session has a file now, in which nothing waits yet."""
        with self._lock:
            self._log = log
        self.write()

    def write(self) -> None:
        """Write what has changed; without a file, or where none waits and none did, nothing."""
        with self._lock:
            log = self._log
            wanted = self._wanted
            names = tuple(message.message_id for message in wanted)
            if log is None or names == self._written:
                return
            for message in wanted:
                if message.message_id not in self._known:
                    log.append(message)
                    self._known.add(message.message_id)
            log.append(QueueChanged(waiting=list(names)))
            self._written = names
