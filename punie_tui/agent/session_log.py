"""Sessions on disk: events appended as JSON lines, each flushed, and read back even when the last line is torn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from punie_tui.agent.events import EVENT_ADAPTER, Event, SessionStarted


def sessions_folder(state_directory: Path, workspace: Path) -> Path:
    """The folder of a workspace's sessions: its name, and a digest that keeps namesakes apart."""
    digest = sha256(os.fsencode(workspace)).hexdigest()[:12]
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in workspace.name)[:40]
    return state_directory / "sessions" / f"{name}-{digest}"


class SessionLog:
    """Appends events to one file, a whole line at a time; a crash loses at most the line being written."""

    def __init__(self, path: Path) -> None:
        """Open for appending. A torn last line is closed first, so that the next event starts on its own."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file: BinaryIO = path.open("ab", buffering=0)
        if _ends_mid_line(path):
            self._file.write(b"\n")

    @classmethod
    def create(cls, folder: Path, started: SessionStarted) -> SessionLog:
        """Start a new session file, named after the time, so that names sort by age."""
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        log = cls(folder / f"{stamp}.jsonl")
        log.append(started)
        return log

    def append(self, event: Event) -> None:
        self._file.write(event.model_dump_json().encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        self._file.close()


def load_session(path: Path) -> list[Event]:
    """The events of a file. Lines that are torn, foreign or from a newer version are left out."""
    return list(_read_events(path))


def latest_session(folder: Path) -> Path | None:
    """The newest session file of a folder, None if there is none."""
    return max(folder.glob("*.jsonl"), default=None)


def _read_events(path: Path) -> Iterator[Event]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield EVENT_ADAPTER.validate_json(line)
            except ValidationError:
                continue


def _ends_mid_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
