"""Replace a file as a whole: whoever reads it sees the old content or the new one, even after a crash."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from punie_tools.files.temporary_files import temporary_file


def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write the data beside the file, flush it to disk, and put it in the file's place.

    Without `mode` an existing file keeps its own and a new one gets what the umask allows. A link stays a link: what
    it points to is replaced. Raises OSError, and then nothing has changed.
    """
    target = Path(os.path.realpath(path))
    existing = target.stat() if target.exists() else None
    if mode is None and existing is not None:
        mode = stat.S_IMODE(existing.st_mode)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with temporary_file(folder, 0o666 if mode is None else mode) as (file, name):
            _write(file, data, existing, mode)
            os.rename(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        flush_folder(folder)
    finally:
        os.close(folder)


def flush_folder(folder: int) -> None:
    """Make a new directory entry last; some file systems refuse this, and then there is nothing to do."""
    with suppress(OSError):
        os.fsync(folder)


def _write(file: IO[bytes], data: bytes, existing: os.stat_result | None, mode: int | None) -> None:
    if existing is not None:
        # Only root can keep somebody else's ownership; for everybody else the file becomes theirs.
        with suppress(PermissionError):
            os.fchown(file.fileno(), existing.st_uid, existing.st_gid)
    if mode is not None:
        os.fchmod(file.fileno(), mode)
    file.write(data)
    file.flush()
    os.fsync(file.fileno())
