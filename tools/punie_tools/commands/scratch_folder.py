"""The temporary folder of one confined command, and what is left of those whose punie was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNFINISHED = "punie-new-"
_HELD = "punie-sandbox-run-"


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A new folder, removed at the end. It is locked for as long as this process lives, and never seen unlocked."""
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED))
    descriptor = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY)
    # Where the file system has no locks, nobody gets one to remove the folder either.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    folder = unfinished.rename(unfinished.with_name(unfinished.name.replace(_UNFINISHED, _HELD)))
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(descriptor)


def remove_left_folders() -> None:
    """Remove those of this user that no living process holds; what cannot be removed stays."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_HELD}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_uid == os.getuid():
                    _remove(folder)
            finally:
                os.close(descriptor)


def _remove(folder: Path) -> None:
    """Also where a command took away its own right to write."""
    with suppress(OSError):
        folder.chmod(0o700)
        for place, folders, _ in os.walk(folder):
            for path in (Path(place, name) for name in folders):
                if not path.is_symlink():
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
