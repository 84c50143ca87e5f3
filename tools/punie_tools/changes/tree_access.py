"""Files of a tree by directory handles: no link that is put in a path's way can lead a read or a write outside."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from punie_tools.errors import ToolError, reason_of
from punie_tools.files.atomic import flush_folder
from punie_tools.files.exchange import exchange
from punie_tools.files.temporary_files import temporary_file, temporary_name
from punie_tools.spelling import spelled

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class FileImage:
    """What a file holds, and its permissions."""

    data: bytes
    mode: int


class _ChangedMeanwhileError(Exception):
    """The file is not what the change was made for."""


class TreeAccess:
    """Reads and replaces files below a root. Paths are relative, with `/`, and hold no links when they are used."""

    def __init__(self, root: Path, *, swap: Callable[[int, str, str], bool] = exchange) -> None:
        """`swap` lets two files change places, or returns False where the system cannot."""
        self._root = root
        self._swap = swap

    def read(self, path: str, limit: int) -> FileImage | None:
        """The file, or None if there is none. Raises ToolError for what is no file, or larger than the limit."""
        try:
            with self._parent(path) as (folder, name):
                image = _image_at(folder, name, limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refusal(path, error, "read") from None
        if image is None:
            raise ToolError(f"{spelled(path)} is no file any more; nothing was done.")
        if len(image.data) > limit:
            raise ToolError(f"{spelled(path)} is too large to edit: more than {limit:,} bytes.")
        return image

    def write(self, path: str, image: FileImage, before: FileImage | None) -> None:
        """Put the file in its place as a whole: whoever looks sees the old one or the new one. Raises ToolError.

        It takes the place of `before` alone: what somebody else made or wrote meanwhile stays, and is an error.
        """
        try:
            with self._parent(path, make_folders=before is None) as (folder, name):
                with temporary_file(folder) as (file, temporary):
                    _fill(file, folder, name, image)
                    if before is None:
                        # Unlike a rename a link fails if the name is taken.
                        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
                    else:
                        self._replace(folder, temporary, name, before)
                flush_folder(folder)
        except FileExistsError:
            raise ToolError(f"{spelled(path)} was made by somebody else meanwhile.") from None
        except _ChangedMeanwhileError:
            raise _changed_meanwhile(path) from None
        except OSError as error:
            raise _refusal(path, error, "written") from None

    def remove(self, path: str, before: FileImage) -> None:
        """Remove the file if it still is `before`; the folders that are empty then stay. Raises ToolError."""
        try:
            with self._parent(path) as (folder, name):
                with temporary_name(folder) as temporary:
                    _move_away(folder, name, temporary, before)
                flush_folder(folder)
        except _ChangedMeanwhileError:
            raise _changed_meanwhile(path) from None
        except OSError as error:
            raise _refusal(path, error, "removed") from None

    def missing_folders(self, path: str) -> tuple[str, ...]:
        """The folders that writing the file will make, the outermost first."""
        parents = [parent.as_posix() for parent in reversed(PurePosixPath(path).parents)][1:]
        there = 0
        with suppress(OSError):
            while there < len(parents):
                with self._parent(parents[there]) as (folder, name):
                    os.stat(name, dir_fd=folder, follow_symlinks=False)
                there += 1
        return tuple(parents[there:])

    def remove_empty_folders(self, folders: Iterable[str]) -> None:
        """Remove those that hold nothing; what somebody has put into one stays, and so does the folder."""
        for path in sorted(set(folders), key=lambda path: path.count("/"), reverse=True):
            with suppress(OSError), self._parent(path) as (folder, name):
                os.rmdir(name, dir_fd=folder)
                flush_folder(folder)

    def _replace(self, folder: int, temporary: str, name: str, before: FileImage) -> None:
        """What is in the place at that very moment must be `before`; else it comes back."""
        placed = _inode(folder, temporary)
        if _image_at(folder, name, len(before.data)) != before:
            raise _ChangedMeanwhileError
        if not self._swap(folder, temporary, name):
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        elif not _is(folder, temporary, before):
            held = _inode(folder, temporary)
            # Again as long as somebody puts yet another file there: the newest of theirs belongs there.
            while self._swap(folder, temporary, name) and (taken := _inode(folder, temporary)) != placed:
                placed, held = held, taken
            raise _ChangedMeanwhileError

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
                below = _opened_folder(handle, folder)
                os.close(handle)
                handle = below
            yield handle, name
        finally:
            os.close(handle)


def _opened_folder(above: int, name: str) -> int:
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=above)
    except NotADirectoryError:
        # Linux says so of a link as well.
        if stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def _image_at(folder: int, name: str, limit: int) -> FileImage | None:
    """None for what is no file; of a larger one a byte more than the limit. Raises OSError."""
    descriptor = os.open(name, _READ_FLAGS, dir_fd=folder)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return FileImage(file.read(limit + 1), stat.S_IMODE(status.st_mode))


def _fill(file: IO[bytes], folder: int, name: str, image: FileImage) -> None:
    with suppress(FileNotFoundError, PermissionError):
        # Only root can keep somebody else's ownership; for everybody else the file becomes theirs.
        owner = os.stat(name, dir_fd=folder, follow_symlinks=False)
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    os.fchmod(file.fileno(), image.mode)
    file.write(image.data)
    file.flush()
    os.fsync(file.fileno())


def _move_away(folder: int, name: str, temporary: str, before: FileImage) -> None:
    """Only what has left its place can no longer be replaced: what then is not `before` comes back."""
    if _image_at(folder, name, len(before.data)) != before:
        raise _ChangedMeanwhileError
    os.rename(name, temporary, src_dir_fd=folder, dst_dir_fd=folder)
    if not _is(folder, temporary, before):
        _put_back(folder, temporary, name)
        raise _ChangedMeanwhileError


def _put_back(folder: int, temporary: str, name: str) -> None:
    """Unless somebody has made yet another file there: then that one, the newest, stays."""
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError:
        # It is a folder, or the file system has no links.
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _inode(folder: int, name: str) -> int:
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino


def _is(folder: int, name: str, before: FileImage) -> bool:
    try:
        return _image_at(folder, name, len(before.data)) == before
    except OSError:
        return False


def _changed_meanwhile(path: str) -> ToolError:
    return ToolError(f"{spelled(path)} was changed by somebody else meanwhile; nothing was done.")


def _refusal(path: str, error: OSError, done: str) -> ToolError:
    if error.errno == errno.ELOOP:
        return ToolError(f"{spelled(path)} is a link, or lies behind one, that was not there before; nothing was done.")
    return ToolError(f"{spelled(path)} cannot be {done}: {reason_of(error)}.")
