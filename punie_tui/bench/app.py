"""Speed of the app against a bare Textual program, in interleaved runs."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from statistics import median

from punie_tui.bench.first_frame import seconds_to_first_frame

MARK = b"Ask about this project"


@dataclass(frozen=True)
class FirstFrames:
    """Medians in seconds, and their ratio."""

    runs: int
    punie_seconds: float
    bare_seconds: float

    @property
    def ratio(self) -> float:
        return self.punie_seconds / self.bare_seconds


def measure_first_frame(folder: str, runs: int) -> FirstFrames:
    """The median first frame of both programs, one warm-up each. Raises FirstFrameError."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PUNIE_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        punie = [sys.executable, "-P", "-m", "punie_tui"]
        bare = [sys.executable, "-P", "-m", "punie_tui.bench.bare"]
        pairs = [
            (
                seconds_to_first_frame(punie, MARK, environment),
                seconds_to_first_frame(bare, MARK, environment),
            )
            for _ in range(runs + 1)
        ][1:]
    return FirstFrames(runs, median(pair[0] for pair in pairs), median(pair[1] for pair in pairs))
