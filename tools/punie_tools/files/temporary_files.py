"""Files that punie writes beside a file before they take its place, and what a killed writer leaves of them."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import IO
from uuid import uuid4

TEMPORARY_NAME = re.compile(r"\.punie-[0-9a-f]{12}\.tmp")
TEMPORARY_GLOB = f".punie-{'[0-9a-f]' * 12}.tmp"

_LOCK_ATTEMPTS = 100
_SECONDS_BETWEEN = 0.01


@contextmanager
def temporary_file(folder: int, mode: int = 0o600) -> Generator[tuple[IO[bytes], str]]:
    """A new file in the folder of a handle, and its name, as of `temporary_name`. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with temporary_name(folder) as name, os.fdopen(os.open(name, flags, mode, dir_fd=folder), "wb") as file:
        yield file, name


@contextmanager
def temporary_name(folder: int) -> Generator[str]:
    """A name in the folder of a handle that is free, and is free again at the end.

    Before, what dead writers left there is removed. Raises OSError.
    """
    _sweep(folder)
    name = f".punie-{uuid4().hex[:12]}.tmp"
    try:
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def sweep_folder(path: str | os.PathLike[str]) -> None:
    """Remove what dead writers left in a folder; what cannot be removed stays."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sweep(folder)
        finally:
            os.close(folder)


def is_temporary(path: str) -> bool:
    """Whether a path, with `/`, is that of such a file."""
    return TEMPORARY_NAME.fullmatch(path.rpartition("/")[2]) is not None


def _sweep(folder: int) -> None:
    """While a writer lives the folder is locked for others to sweep; afterwards this handle holds such a lock."""
    if _locked(folder, fcntl.LOCK_EX, attempts=1):
        with suppress(OSError):
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries if is_temporary(entry.name) and entry.is_file()]
            for name in names:
                os.unlink(name, dir_fd=folder)
    _locked(folder, fcntl.LOCK_SH, attempts=_LOCK_ATTEMPTS)


def _locked(folder: int, kind: int, *, attempts: int) -> bool:
    """False where another holds it too long, or the file system has no locks; no edit waits for that."""
    for attempt in range(attempts):
        if attempt:
            time.sleep(_SECONDS_BETWEEN)
        with suppress(OSError):
            fcntl.flock(folder, kind | fcntl.LOCK_NB)
            return True
    return False
