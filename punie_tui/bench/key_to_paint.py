"""From a key to its letter on the terminal, while a model streams, with nothing and with much above."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from statistics import median

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure
from punie_tui.bench.program_on_terminal import ProgramOnTerminal
from punie_tui.bench.streamed_texts import READY

_FIRST_LETTER = 0x4E00
"""Letters that nothing else writes, another one each time."""
_SECONDS_BETWEEN_KEYS = 0.11


def key_to_paint(
    folder: Path, home: Path, kinds: tuple[str, ...], keys: int, lengths: tuple[int, ...]
) -> Iterator[Figure]:
    """Median and 99th percentile for each kind of text, in milliseconds; and against the empty transcript.

    Those of a bare Textual program come first: what a key costs in any program, on this machine as it is now.
    """
    with start("punie_tui.bench.bare_streaming", folder=folder, home=home) as bare:
        bare.wait_for(READY)
        middle, late = _median_and_late(bare, keys)
    yield Figure("key to paint, bare program, median", middle, "ms")
    yield Figure("key to paint, bare program, 99 of 100", late, "ms")
    for kind in kinds:
        empty = 0.0
        for lines in lengths:
            with start("punie_tui.bench.streaming_app", kind, str(lines), folder=folder, home=home) as app:
                app.wait_for(READY)
                middle, late = _median_and_late(app, keys)
            yield Figure(f"key to paint, {kind}, median", middle, "ms", None if lines else 8.0, lines)
            yield Figure(f"key to paint, {kind}, 99 of 100", late, "ms", None if lines else 33.0, lines)
            if lines:
                yield Figure(f"key to paint, {kind}, with lines above", middle / empty, "times", 1.3, lines)
            else:
                empty = middle


def _median_and_late(app: ProgramOnTerminal, keys: int) -> tuple[float, float]:
    seconds = sorted(_timed_keys(app, keys))
    return 1000 * median(seconds), 1000 * seconds[ceil(0.99 * len(seconds)) - 1]


def _timed_keys(app: ProgramOnTerminal, keys: int) -> Iterator[float]:
    app.type_in("go\r")
    app.written_in(1.0)
    for number in range(keys):
        letter = chr(_FIRST_LETTER + number)
        app.type_in(letter)
        yield app.wait_for(letter)
        app.written_in(_SECONDS_BETWEEN_KEYS)
        if number % 20 == 19:
            # The prompt stays short, so that all keys cost the same.
            app.type_in("\x15")
            app.written_in(_SECONDS_BETWEEN_KEYS)
