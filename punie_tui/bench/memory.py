"""Memory: of the lines of a transcript, and of the app with the embedded model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure
from punie_tui.bench.streamed_texts import READY

_MEGABYTE = 1 << 20


def memory_of_lines(folder: Path, home: Path, lines: int) -> Iterator[Figure]:
    """What a thousand lines add, from two apps that differ in nothing else."""
    sizes: list[int] = []
    for count in (0, lines):
        with start("punie_tui.bench.streaming_app", "paragraphs", str(count), folder=folder, home=home) as app:
            app.wait_for(READY)
            app.written_in(0.5)
            sizes.append(app.resident_bytes)
    added = (sizes[1] - sizes[0]) / _MEGABYTE / lines * 1000
    yield Figure("memory of 1,000 lines", added, "MB", 0.5, lines)


def memory_with_nano(folder: Path, home: Path) -> Iterator[Figure]:
    """After one request that it answered without a language server."""
    with start("punie_tui", folder=folder, home=home) as app:
        app.wait_for("ask mode")
        app.type_in('search for "TODO"\r')
        app.wait_for("TODO")
        app.wait_for("ready")
        app.written_in(0.5)
        yield Figure("memory with nano loaded", app.resident_bytes / _MEGABYTE, "MB", 130.0)
