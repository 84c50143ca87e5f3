"""What the app does while nobody does anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure
from punie_tui.bench.program_on_terminal import ProgramOnTerminal
from punie_tui.bench.written_cells import written_cells

_SECONDS_OF_START = 5.0
_SECONDS_OF_A_KEY = 1.0
# Of the ten after a key.
_SECONDS_OF_BLINKS = 8.0
_SECONDS_UNTIL_NO_BLINK = 4.0


def idle(folder: Path, home: Path, seconds: float) -> Iterator[Figure]:
    """Share of one processor core, and bytes written a second, while the cursor blinks and when it has stopped.

    While it blinks its own cell is all that may be written to: the app leaves the terminal's cursor there.
    """
    with start("punie_tui", folder=folder, home=home) as app:
        app.wait_for("ask mode")
        app.written_in(min(_SECONDS_OF_START, seconds))
        app.type_in("x")
        _, cursor = written_cells(app.written_in(_SECONDS_OF_A_KEY))
        blinking, blinks = _share_and_written(app, min(_SECONDS_OF_BLINKS, seconds))
        app.written_in(min(_SECONDS_UNTIL_NO_BLINK, seconds))
        idle, written = _share_and_written(app, seconds)
    beside = written_cells(blinks)[0] - {cursor}
    yield Figure("idle, of a core, while the cursor blinks", blinking, "%")
    yield Figure("idle, written while the cursor blinks", len(blinks) / min(_SECONDS_OF_BLINKS, seconds), "bytes/s")
    yield Figure("idle, cells written beside the cursor's", len(beside), "cells", 0.0)
    yield Figure("idle, of a core", idle, "%", 0.3)
    yield Figure("idle, written", len(written) / seconds, "bytes/s", 0.0)


def _share_and_written(app: ProgramOnTerminal, seconds: float) -> tuple[float, bytes]:
    before, begun = app.processor_seconds, time.perf_counter()
    written = app.written_in(seconds)
    taken, passed = app.processor_seconds - before, time.perf_counter() - begun
    return 100 * taken / passed, written
