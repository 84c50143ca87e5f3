"""Ctrl+C, a terminal that closes and SIGTERM while a model is trained: one line, and the run can go on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType

from punie_tui.commands.terminal import print_error
from punie_tui.lab.network import place_among_processes
from punie_tui.lab.stopping import IsStopped, StoppedError, kept_step

_INTERRUPTED = 130
_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOT_UNDER_A_LAUNCHER = (signal.SIGTERM,)
"""It ends by this signal what waits for the part of a process that has gone, and waits for that itself."""


def train_until_stopped(directory: Path, train: Callable[[IsStopped], None]) -> int:
    """Run `train`, which asks after each step whether to stop: 0, or 130 once a line has said where the run stands."""
    with _StopSignals() as is_stopped:
        try:
            train(is_stopped)
            return 0
        except StoppedError as stopped:
            if stopped.is_first:
                print_error(f"Stopped at step {stopped.step}; the same command goes on from there.")
        except KeyboardInterrupt:
            step = kept_step(directory)
            if step is None:
                print_error("Stopped with no step kept; the same command begins anew.")
            else:
                print_error(f"Stopped at once; the same command goes on from step {step}, the last one kept.")
    return _INTERRUPTED


class _StopSignals:
    """Whether one has come. A second one, and one that comes before anybody has asked, stops at once instead."""

    def __init__(self) -> None:
        self._is_asked = False
        self._has_come = False

    def __call__(self) -> bool:
        self._is_asked = True
        return self._has_come

    def __enter__(self) -> _StopSignals:
        self._previous = {number: signal.signal(number, self._note) for number in _STOPPING_SIGNALS if _is_ours(number)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._has_come or not self._is_asked:
            raise KeyboardInterrupt
        self._has_come = True


def _is_ours(number: signal.Signals) -> bool:
    if number == signal.SIGHUP:
        # What `nohup` has made deaf to a closing terminal stays so.
        return signal.getsignal(number) is not signal.SIG_IGN
    _, processes = place_among_processes()
    return processes == 1 or number not in _NOT_UNDER_A_LAUNCHER
