"""From a key to its letter on the terminal, while a model streams, with nothing and with much above."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
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
_SECONDS_UNTIL_IT_STREAMS = 1.0


def key_to_paint(
    folder: Path, home: Path, kinds: tuple[str, ...], keys: int, lengths: tuple[int, ...], runs: int
) -> Iterator[Figure]:
    """For each kind of text the median of the runs' medians, and the 99th percentile of all keys, in milliseconds.

    The runs are interleaved: each is one of the bare Textual program, and one of each kind with each length above.
    What a key costs in the bare program it costs in any, on this machine as it is now.
    """
    bare: list[list[float]] = []
    timed: dict[tuple[str, int], list[list[float]]] = {(kind, lines): [] for kind in kinds for lines in lengths}
    for _ in range(runs):
        with start("punie_tui.bench.bare_streaming", folder=folder, home=home) as program:
            bare.append(_timed_keys(program, keys))
        for (kind, lines), found in timed.items():
            with start("punie_tui.bench.streaming_app", kind, str(lines), folder=folder, home=home) as program:
                found.append(_timed_keys(program, keys))
    yield Figure("key to paint, bare program, median", _middle(bare), "ms")
    yield Figure("key to paint, bare program, 99 of 100", _late(bare), "ms")
    for (kind, lines), found in timed.items():
        yield Figure(f"key to paint, {kind}, median", _middle(found), "ms", None if lines else 8.0, lines)
        yield Figure(f"key to paint, {kind}, 99 of 100", _late(found), "ms", None if lines else 33.0, lines)
        if lines:
            times = _middle(found) / _middle(timed[kind, lengths[0]])
            yield Figure(f"key to paint, {kind}, with lines above", times, "times", 1.3, lines)


def _middle(runs: list[list[float]]) -> float:
    return 1000 * median(median(seconds) for seconds in runs)


def _late(runs: list[list[float]]) -> float:
    seconds = sorted(chain.from_iterable(runs))
    return 1000 * seconds[ceil(0.99 * len(seconds)) - 1]


def _timed_keys(app: ProgramOnTerminal, keys: int) -> list[float]:
    """Seconds from each key to its letter, once text streams."""
    app.wait_for(READY)
    app.type_in("go\r")
    app.written_in(_SECONDS_UNTIL_IT_STREAMS)
    return list(_seconds_of_keys(app, keys))


def _seconds_of_keys(app: ProgramOnTerminal, keys: int) -> Iterator[float]:
    for number in range(keys):
        letter = chr(_FIRST_LETTER + number)
        app.type_in(letter)
        yield app.wait_for(letter)
        app.written_in(_SECONDS_BETWEEN_KEYS)
        if number % 20 == 19:
            # The prompt stays short, so that all keys cost the same.
            app.type_in("\x15")
            app.written_in(_SECONDS_BETWEEN_KEYS)
