"""The file that a session is written to: an event a line, each written whole, by one program at a time.

What cannot be written, because the disk is full or the folder read-only, waits in memory and is written as soon as
that works; the session goes on meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from io import FileIO
from pathlib import Path

from punie_tools.errors import reason_of
from punie_tui.agent.events import Event, SessionStarted, TurnFinished, event_line

_STAMP = "%Y%m%d-%H%M%S-%f"
# Whoever looks whether a session is in use holds it for a moment.
_LOCK_TRIES = 5
_SECONDS_BETWEEN_TRIES = 0.02


class SessionInUseError(Exception):
    """Another program writes this session."""


def sessions_folder(state_directory: Path, workspace: Path) -> Path:
    """The folder of a workspace's sessions: its name, and a digest that keeps namesakes apart."""
    digest = sha256(os.fsencode(workspace)).hexdigest()[:12]
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in workspace.name)[:40]
    return state_directory / "sessions" / f"{name}-{digest}"


def session_files(folder: Path) -> list[Path]:
    """A folder's session files in the order in which they were started; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")
    except OSError:
        return []


def is_in_use(path: Path) -> bool:
    """Whether a program, this one included, has the session open for writing."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class SessionLog:
    """Appends events to one file, from any thread, and holds its lock. `problem` says why some wait, if so."""

    def __init__(self, path: Path, *, is_new: bool = False) -> None:
        """Open a session to go on with it. Raises SessionInUseError; what else is wrong stands in `problem`."""
        self.path = path
        self.problem = ""
        self._is_new = is_new
        self._file: FileIO | None = None
        self._is_torn = False
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._is_closed = False
        self._write_waiting()

    @classmethod
    def create(cls, folder: Path, started: SessionStarted) -> SessionLog:
        """Start a new session file, named so that names sort by age."""
        log = cls(folder / f"{_stamp_after(folder)}.jsonl", is_new=True)
        log.append(started)
        return log

    @property
    def session_id(self) -> str:
        """The name by which the person can ask for the session."""
        return self.path.stem

    def append(self, event: Event) -> None:
        """Write the event, after those that still wait. Does not raise."""
        self.append_line(event_line(event).encode("utf-8", "backslashreplace"))
        if isinstance(event, TurnFinished) and (file := self._file) is not None:
            # A turn outlives a power cut too; an event only a crash, as syncing each would hold up the model.
            # Another thread may have closed it.
            with suppress(OSError, ValueError):
                os.fsync(file.fileno())
            self._stay_last()

    def append_line(self, line: bytes) -> None:
        """Write a line, without its end, as it stands in another session. Does not raise."""
        self._write_behind_waiting(line + b"\n")

    def try_again(self) -> None:
        """Write what waits, if that works by now. Does not raise."""
        self._write_behind_waiting()

    def _write_behind_waiting(self, *lines: bytes) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._waiting += lines
            try:
                self._write_waiting()
            except SessionInUseError:
                self.problem = "another punie has it open"

    def waiting_lines(self) -> list[bytes]:
        """The lines that are not in the file yet."""
        return list(self._waiting)

    def close(self) -> None:
        """Let other programs have the session; nothing is written after this."""
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._stay_last()
                self._file.close()
                self._file = None

    def _stay_last(self) -> None:
        """Where the clock has jumped back, other sessions seem to have been used after this one."""
        with suppress(OSError):
            others = (path.stat().st_mtime_ns for path in session_files(self.path.parent) if path != self.path)
            if (newest := max(others, default=0)) > time.time_ns():
                os.utime(self.path, ns=(newest + 1, newest + 1))

    def _write_waiting(self) -> None:
        try:
            self._file = file = self._file or self._open()
            while self._waiting:
                self._write(file, self._waiting[0])
                self._waiting.popleft()
            self.problem = ""
        except OSError as error:
            self.problem = reason_of(error)

    def _write(self, file: FileIO, line: bytes) -> None:
        """All of the line. Of one that does not fit nothing stays, or at least the next one begins on its own."""
        data = b"\n" + line if self._is_torn else line
        self._is_torn = True
        written = file.write(data) or 0
        if written < len(data):
            with suppress(OSError):
                file.truncate(os.fstat(file.fileno()).st_size - written)
                self._is_torn = data is not line
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_torn = False

    def _open(self) -> FileIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._create() if self._is_new else FileIO(self.path, "ab")
        try:
            _lock(file)
            self._is_torn = not self._is_new and _ends_mid_line(self.path)
        except BaseException:
            file.close()
            raise
        return file

    def _create(self) -> FileIO:
        """The file under its name, or under the next one where another program was quicker."""
        while True:
            try:
                file = FileIO(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600), "ab")
            except FileExistsError:
                self.path = self.path.with_stem(_stamp_after(self.path.parent))
                continue
            self._is_new = False
            return file


def _lock(file: FileIO) -> None:
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_SECONDS_BETWEEN_TRIES)
        except OSError:
            # A file system without locks: then two programs cannot be told apart, and each line stays whole still.
            return
        else:
            return
    raise SessionInUseError


def _stamp_after(folder: Path) -> str:
    """The time, or a moment after the newest session where the clock has jumped back."""
    now = datetime.now().strftime(_STAMP)
    newest = max((path.stem for path in session_files(folder)), default="")
    if now > newest:
        return now
    try:
        return (datetime.strptime(newest, _STAMP) + timedelta(microseconds=1)).strftime(_STAMP)
    except ValueError:
        # A file that somebody named otherwise.
        return now


def _ends_mid_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
