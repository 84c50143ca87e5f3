"""Files of a tree by directory handles: no link that is put in a path's way can lead a read or a write outside."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from punie_tools.errors import ToolError
from punie_tools.spelling import spelled

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class FileImage:
    """What a file holds, and its permissions."""

    data: bytes
    mode: int


class TreeAccess:
    """Reads and replaces files below a root. Paths are relative, with `/`, and hold no links when they are used."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str, limit: int) -> FileImage | None:
        """The file, or None if there is none. Raises ToolError for what is no file, or larger than the limit."""
        try:
            with self._parent(path) as (folder, name):
                descriptor = os.open(name, _READ_FLAGS, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refusal(path, error) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise ToolError(f"{spelled(path)} is no file any more.")
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit + 1)
            if len(data) > limit:
                raise ToolError(f"{spelled(path)} is too large to edit: more than {limit:,} bytes.")
            return FileImage(data, stat.S_IMODE(status.st_mode))

    def write(self, path: str, image: FileImage, *, is_new: bool) -> None:
        """Put the file in its place as a whole: whoever looks sees the old one or the new one. Raises ToolError.

        A new file takes the place of nothing: one that somebody else made meanwhile is kept, and an error.
        """
        try:
            with self._parent(path, make_folders=is_new) as (folder, name):
                temporary = f".punie-{uuid4().hex[:12]}.tmp"
                try:
                    _write_temporary(folder, temporary, name, image)
                    _put_in_place(folder, temporary, name, is_new=is_new)
                finally:
                    with suppress(FileNotFoundError):
                        os.unlink(temporary, dir_fd=folder)
                _flush(folder)
        except FileExistsError:
            raise ToolError(f"{spelled(path)} was made by somebody else meanwhile.") from None
        except OSError as error:
            raise _refusal(path, error) from None

    def remove(self, path: str) -> None:
        """Remove the file; the folders that are empty then stay. Raises ToolError."""
        try:
            with self._parent(path) as (folder, name):
                os.unlink(name, dir_fd=folder)
                _flush(folder)
        except OSError as error:
            raise _refusal(path, error) from None

    @contextmanager
    def _parent(self, path: str, *, make_folders: bool = False) -> Generator[tuple[int, str]]:
        """A handle of the folder that the file lies in, reached without following a link, and the file's name."""
        *folders, name = PurePosixPath(path).parts
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                if make_folders:
                    with suppress(FileExistsError):
                        os.mkdir(folder, dir_fd=handle)
                below = os.open(folder, _FOLDER_FLAGS, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle, name
        finally:
            os.close(handle)


def _write_temporary(folder: int, temporary: str, name: str, image: FileImage) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:
        with suppress(FileNotFoundError, PermissionError):
            # Only root can keep somebody else's ownership; for everybody else the file becomes theirs.
            owner = os.stat(name, dir_fd=folder, follow_symlinks=False)
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.fchmod(file.fileno(), image.mode)
        file.write(image.data)
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(folder: int, temporary: str, name: str, *, is_new: bool) -> None:
    if is_new:
        # Unlike a rename a link fails if the name is taken.
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        return
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise OSError(errno.ELOOP, "it is no file any more")
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _flush(folder: int) -> None:
    """Make the new directory entry last; some file systems refuse this, and then there is nothing to do."""
    with suppress(OSError):
        os.fsync(folder)


def _refusal(path: str, error: OSError) -> ToolError:
    if error.errno == errno.ELOOP:
        return ToolError(f"{spelled(path)} is a link, or lies behind one, that was not there before; nothing was done.")
    return ToolError(f"{spelled(path)} cannot be written: {(error.strerror or str(error)).lower()}.")
