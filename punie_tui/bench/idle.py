"""What the app does while nobody does anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure
from punie_tui.bench.program_on_terminal import ProgramOnTerminal

_SECONDS_OF_START = 5.0
# After a key.
_SECONDS_OF_BLINKS = 9.0


def idle(folder: Path, home: Path, seconds: float) -> Iterator[Figure]:
    """Share of one processor core, and bytes written a second, while the cursor blinks and when it has stopped."""
    with start("punie_tui", folder=folder, home=home) as app:
        app.wait_for("ask mode")
        app.written_in(min(_SECONDS_OF_START, seconds))
        app.type_in("x")
        blinking, _ = _share_and_bytes(app, min(_SECONDS_OF_BLINKS, seconds))
        app.written_in(min(_SECONDS_OF_BLINKS, seconds))
        idle, written = _share_and_bytes(app, seconds)
    yield Figure("idle, of a core, while the cursor blinks", blinking, "%")
    yield Figure("idle, of a core", idle, "%", 0.3)
    yield Figure("idle, written", written, "bytes/s")


def _share_and_bytes(app: ProgramOnTerminal, seconds: float) -> tuple[float, float]:
    before, begun = app.processor_seconds, time.perf_counter()
    written = app.written_in(seconds)
    taken, passed = app.processor_seconds - before, time.perf_counter() - begun
    return 100 * taken / passed, written / passed
