"""A message that the person began for a commit, kept outside the tree until they commit with it."""

from __future__ import annotations

import threading
from pathlib import Path

from punie_tools.errors import reason_of
from punie_tools.files.atomic import replace_file
from punie_tui.agent.session_log import sessions_folder


def kept_message_file(state_directory: Path, workspace: Path) -> Path:
    """Where the message of a workspace is kept."""
    return state_directory / "commit_messages" / f"{sessions_folder(state_directory, workspace).name}.txt"


class KeptMessage:
    """Told by one thread, written by any. What cannot be written is there until the program ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = ""
        self._unwritten: str | None = None

    def keep(self, text: str) -> None:
        """It is this now, in the file too after `write`; an empty text takes it away."""
        with self._lock:
            if text != self._known:
                self._known = self._unwritten = text

    def read(self) -> str:
        """What was kept last, by this program or another one; empty where nothing is, or it cannot be read."""
        with self._lock:
            if self._unwritten is None:
                try:
                    self._known = self._path.read_bytes().decode("utf-8", "replace")
                except OSError:
                    self._known = ""
            return self._known

    def write(self) -> str:
        """Write what has changed; why that does not work, as a sentence, or nothing."""
        with self._lock:
            if self._unwritten is None:
                return ""
            try:
                self._put(self._unwritten)
            except OSError as error:
                reason = reason_of(error)
                return f"Your message is kept until punie ends, but not longer: {reason}."
            self._unwritten = None
            return ""

    def _put(self, text: str) -> None:
        if text:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self._path, text.encode("utf-8", "backslashreplace"), 0o600)
        else:
            self._path.unlink(missing_ok=True)
