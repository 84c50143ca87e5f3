"""Parent of the app: restores the terminal if the app dies of a signal, and offers to go on with the session.

Metal's out-of-memory is an abort in C++ that no thread of the app survives, hence a process of its own. It forks
before anything heavy is imported: that costs a millisecond where a second interpreter would cost fifty.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

# Leave the alternate screen, show the cursor, end mouse, focus and paste reports and keyboard protocols, and put the
# title back.
_RESET_SCREEN = (
    b"\x1b[<u\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l"
    b"\x1b[?1049l\x1b[?25h\x1b[0m\x1b[23;0t\r\n"
)
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


RunApp = Callable[[list[str]], int]


def supervise(run_app: RunApp, app_arguments: Sequence[str]) -> int:
    """Run the app in a child on this terminal until it ends by itself; returns its exit code."""
    attributes = termios.tcgetattr(sys.stdin)
    arguments = list(app_arguments)
    while True:
        status = _run_child(run_app, arguments)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
        killer = signal.Signals(os.WTERMSIG(status))
        is_there = _restore_terminal(attributes)
        if killer in (*_PASSED_ON, signal.SIGINT) or not is_there or not _wants_to_resume(killer):
            return 128 + killer
        # The last one counts, whichever session was asked for at first: the one that died was written last.
        arguments = [*app_arguments, "--resume"]


def _restore_terminal(attributes: list[Any]) -> bool:
    """Whether the terminal is still there."""
    try:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, attributes)
        os.write(sys.stdout.fileno(), _RESET_SCREEN)
    except (OSError, termios.error):
        return False
    return True


def _run_child(run_app: RunApp, arguments: list[str]) -> int:
    """The wait status of one run. A stop (Ctrl+Z) of the app stops this process as well, so the shell gets its turn."""
    until_parent_ends, held_by_parent = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(held_by_parent)
        # `nohup` has it ignored.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        threading.Thread(target=_end_when_left, args=[until_parent_ends], daemon=True).start()
        _end_with(run_app, arguments)
    os.close(until_parent_ends)
    try:
        return _attend(child)
    finally:
        os.close(held_by_parent)


def _attend(child: int) -> int:
    with _signals({**dict.fromkeys(_PASSED_ON, _pass_on(child)), signal.SIGINT: signal.SIG_IGN}):
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                return status
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(child, signal.SIGCONT)


def _end_when_left(until_parent_ends: int) -> None:
    """End with a killed supervisor, and where the terminal goes without a hang-up, as it does to all but its session.

    The app would wait for keys for ever, and as nothing is ever to be read, busily. macOS tells nothing of a terminal
    here: there only a hang-up and the supervisor's end count.
    """
    ends = select.poll()
    ends.register(until_parent_ends, select.POLLIN)
    ends.register(sys.stdin.fileno(), 0)
    is_left = False
    while not is_left:
        for file, event in ends.poll():
            if file == until_parent_ends or event & select.POLLHUP:
                is_left = True
            else:
                # Such a terminal cannot be polled.
                ends.unregister(file)
    os.kill(os.getpid(), signal.SIGHUP)


def _end_with(run_app: RunApp, arguments: list[str]) -> NoReturn:
    """Become the app. Ends without waiting for threads of libraries that do not stop."""
    code = 1
    try:
        code = run_app(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        logging.getLogger(__name__).exception("the app failed")
        sys.stderr.write("punie: the app ended by a bug of its own; the log holds the details.\n")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _pass_on(child: int) -> Callable[[int, FrameType | None], None]:
    def handler(number: int, _frame: FrameType | None) -> None:
        os.kill(child, number)

    return handler


class _signals:  # noqa: N801 - reads as a statement
    """Signal handlers for the time of a `with` block."""

    def __init__(self, handlers: dict[signal.Signals, Callable[[int, FrameType | None], None] | signal.Handlers]):
        self._handlers = handlers

    def __enter__(self) -> None:
        self._previous = {number: signal.signal(number, handler) for number, handler in self._handlers.items()}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def _wants_to_resume(killer: signal.Signals) -> bool:
    sys.stderr.write(f"punie's app ended unexpectedly ({killer.name}). The session is saved. Go on with it? [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")
