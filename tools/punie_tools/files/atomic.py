"""Replace a file as a whole: whoever reads it sees the old content or the new one, even after a crash."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write the data beside the file, flush it to disk, and put it in the file's place.

    Without `mode` an existing file keeps its own and a new one gets what the umask allows. A link stays a link: what
    it points to is replaced. Raises OSError, and then nothing has changed.
    """
    target = Path(os.path.realpath(path))
    existing = target.stat() if target.exists() else None
    temporary = target.with_name(f".punie-{uuid4().hex[:12]}.tmp")
    try:
        _write(temporary, data, existing, mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)


def _write(path: Path, data: bytes, existing: os.stat_result | None, mode: int | None) -> None:
    if mode is None and existing is not None:
        mode = stat.S_IMODE(existing.st_mode)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666 if mode is None else mode), "wb") as file:
        if existing is not None:
            # Only root can keep somebody else's ownership; for everybody else the file becomes theirs.
            with suppress(PermissionError):
                os.fchown(file.fileno(), existing.st_uid, existing.st_gid)
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new directory entry last; some file systems refuse this, and then there is nothing to do."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
