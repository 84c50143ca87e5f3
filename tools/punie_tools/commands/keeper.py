"""Runs a program and stays the ancestor of all that it starts, so that nothing of it can get away and live on.

Run as a file, with nothing but the standard library: `keeper.py PROGRAM ARGUMENT …`. Linux only: a process that loses
its parent becomes a child of the keeper, whatever session it is in and whatever its environment says. The keeper ends
with the program's exit code, or 128 and the number of the signal that ended it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_BE_A_SUBREAPER = 36


def _main() -> None:
    ctypes.CDLL(None).prctl(_BE_A_SUBREAPER, 1, 0, 0, 0)
    try:
        program = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    except OSError as error:
        sys.stderr.write(f"The command was not started: {error}.\n")
        os._exit(125)
    status = _wait_for(program)
    _end_what_is_left()
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _wait_for(program: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == program:
            return status


def _end_what_is_left() -> None:
    """Children of a killed child become the keeper's, until there are none."""
    while True:
        for child in _children():
            try:
                os.kill(child, signal.SIGKILL)
            except OSError:
                continue
        try:
            os.wait()
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return


def _children() -> list[int]:
    own = str(os.getpid())
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == own]  # noqa: PTH208 - quick


def _parent(process: str) -> str:
    """The fourth field of `stat`; the second, the name, may hold anything but ends at the last bracket."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 - started without the time that pathlib takes
            return file.read().rpartition(b")")[2].split()[1].decode()
    except OSError:
        return ""


if __name__ == "__main__":
    _main()
