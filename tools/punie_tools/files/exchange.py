"""Two files of a folder change places at once: what was in a file's place till then can still be looked at."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable

_SWAP = 2
_NOT_POSSIBLE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)


def exchange(folder: int, first: str, second: str) -> bool:
    """False, and nothing done, where the system or the file system cannot. Raises OSError."""
    if _RENAME is None:
        return False
    if _RENAME(folder, os.fsencode(first), folder, os.fsencode(second), _SWAP) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_POSSIBLE:
        return False
    raise OSError(number, os.strerror(number))


def _rename_function() -> Callable[[int, bytes, int, bytes, int], int] | None:
    name = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (OSError, AttributeError):
        return None
    function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    function.restype = ctypes.c_int
    return function


_RENAME = _rename_function()
