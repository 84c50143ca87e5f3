"""Memory: of the lines of a transcript, and of the app with the embedded model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure
from punie_tui.bench.streamed_texts import READY

_MEGABYTE = 1 << 20
_ANSWER = "1 line matches"
_SECONDS_TO_REST = 2.0


# The programs that a language server runs as have it in their command lines.
_LANGUAGE_SERVER = "langserver"


def memory_of_lines(folder: Path, home: Path, lines: int, runs: int) -> Iterator[Figure]:
    """What a thousand lines add, from two apps that differ in nothing else; medians of interleaved runs."""
    sizes: dict[int, list[int]] = {0: [], lines: []}
    for _ in range(runs):
        for count, found in sizes.items():
            with start("punie_tui.bench.streaming_app", "paragraphs", str(count), folder=folder, home=home) as app:
                app.wait_for(READY)
                app.written_in(0.5)
                found.append(app.resident_bytes)
    added = (median(sizes[lines]) - median(sizes[0])) / _MEGABYTE / lines * 1000
    yield Figure("memory of 1,000 lines", added, "MB", 0.5, lines)


def memory_with_nano(folder: Path, home: Path) -> Iterator[Figure]:
    """Of the app and all that it has started, after one request that nano routed, without a language server."""
    with start("punie_tui", folder=folder, home=home) as app:
        app.wait_for("ask mode")
        app.type_in('search for "TODO"\r')
        app.wait_for(_ANSWER)
        app.written_in(_SECONDS_TO_REST)
        size = app.bytes_of_tree(_LANGUAGE_SERVER)
        yield Figure("memory with nano loaded", size / _MEGABYTE, "MB", 130.0)
        yield Figure("memory with nano loaded, largest process alone", app.resident_bytes / _MEGABYTE, "MB")
