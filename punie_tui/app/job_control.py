"""Being stopped and going on by signals of a shell, between two steps of the event loop and never amid one."""

from __future__ import annotations

import asyncio
import signal


def follow_job_control() -> None:
    """Let the loop call what the driver does at SIGTSTP and SIGCONT.

    By itself Python calls it wherever the main thread is, also within the queue that the driver's goodbye has to go
    through: the app would wait for its own lock for ever.
    """
    for number in (signal.SIGTSTP, signal.SIGCONT):
        handler = signal.getsignal(number)
        if callable(handler):  # a driver without a terminal has none
            asyncio.get_running_loop().add_signal_handler(number, handler, number, None)
