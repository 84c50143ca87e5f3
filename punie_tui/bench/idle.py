"""What the app does while nobody does anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure


def idle(folder: Path, home: Path, seconds: float) -> Iterator[Figure]:
    """Share of one processor core, and bytes written a second: those of the cursor that blinks."""
    with start("punie_tui", folder=folder, home=home) as app:
        app.wait_for("ask mode")
        app.written_in(min(5.0, seconds))
        before, begun = app.processor_seconds, time.perf_counter()
        written = app.written_in(seconds)
        taken, passed = app.processor_seconds - before, time.perf_counter() - begun
    yield Figure("idle, of a core", 100 * taken / passed, "%", 0.3)
    yield Figure("idle, written", written / passed, "bytes/s")
