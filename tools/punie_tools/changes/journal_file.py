"""The file that a journal is written in: a record a line, added to as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from punie_tools.changes.tree_access import FileImage
from punie_tools.files.atomic import replace_file
from punie_tools.spelling import spelled, unspelled


class ImageName(BaseModel):
    """What a file held, by its digest, and its permissions."""

    model_config = ConfigDict(frozen=True)

    digest: str
    mode: int

    @classmethod
    def of(cls, image: FileImage | None) -> ImageName | None:
        """None where there is no file."""
        return None if image is None else cls(digest=hashlib.sha256(image.data).hexdigest(), mode=image.mode)


class JournalRecord(BaseModel):
    """A line of the journal: a change that is about to be made, or a turn that was taken back or made again.

    `made_folders` are those that were not there before the change. `is_by_product`: something that ran left it, and
    nobody asked for it.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["changed", "undone", "redone"]
    turn: str
    time: float
    path: str = ""
    before: ImageName | None = None
    after: ImageName | None = None
    made_folders: tuple[str, ...] = ()
    is_by_product: bool = False

    def line(self) -> bytes:
        """With names that are no text spelled out."""
        folders = tuple(map(spelled, self.made_folders))
        named = self.model_copy(update={"path": spelled(self.path), "made_folders": folders})
        return (json.dumps(named.model_dump(exclude_none=True, exclude_defaults=True)) + "\n").encode("ascii")

    @classmethod
    def of_line(cls, line: bytes) -> JournalRecord:
        """Raises ValidationError for a line that is torn, or from a newer punie."""
        record = cls.model_validate_json(line)
        folders = tuple(map(unspelled, record.made_folders))
        return record.model_copy(update={"path": unspelled(record.path), "made_folders": folders})


class JournalFile:
    """Its writers hold the journal's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def records(self) -> list[JournalRecord]:
        """All whole lines; one that is torn, or from a newer punie, counts as not there. Raises OSError."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        records: list[JournalRecord] = []
        for line in lines:
            with suppress(ValidationError):
                records.append(JournalRecord.of_line(line))
        return records

    def append(self, records: Iterable[JournalRecord]) -> int:
        """One write, flushed; returns how long the file was before. Raises OSError, and then it is as it was.

        After a crash a line is there as a whole, or torn at the end, where it counts as not there.
        """
        data = b"".join(record.line() for record in records)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            length = file.seek(0, os.SEEK_END)
            if length and os.pread(file.fileno(), 1, length - 1) != b"\n":
                data = b"\n" + data
            try:
                while data:
                    data = data[os.write(file.fileno(), data) :]
                os.fsync(file.fileno())
            except BaseException:
                os.ftruncate(file.fileno(), length)
                raise
        return length

    def cut(self, length: int) -> None:
        """Forget what was appended since the file was so long. Needs no space on the disk. Raises OSError."""
        os.truncate(self._path, length)

    def replace(self, records: Iterable[JournalRecord]) -> None:
        """Raises OSError, and then it is as it was."""
        replace_file(self._path, b"".join(record.line() for record in records), 0o600)
