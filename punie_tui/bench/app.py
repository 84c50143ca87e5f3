"""The bench of the app: which measurements there are, and how large each is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tui.bench.figure import Figure
from punie_tui.bench.first_frames import first_frames
from punie_tui.bench.idle import idle
from punie_tui.bench.key_to_paint import key_to_paint
from punie_tui.bench.memory import memory_of_lines, memory_with_nano
from punie_tui.bench.resumed_session import resumed_session
from punie_tui.bench.streamed_texts import TEXTS


@dataclass(frozen=True)
class Sizes:
    """How much is measured. The defaults are those of the goals; keys are counted a run."""

    runs: int = 9
    keys: int = 30
    kinds: tuple[str, ...] = tuple(TEXTS)
    lengths: tuple[int, ...] = (0, 1_000, 10_000, 100_000)
    trees: tuple[int, ...] = (100, 10_000, 100_000)
    lines_for_memory: int = 20_000
    lines_of_markdown: int = 200
    session_events: int = 50_000
    idle_seconds: float = 20.0

    @property
    def few_runs(self) -> int:
        """Of what takes long, or differs little from run to run."""
        return min(self.runs, 3)


QUICK = Sizes(
    runs=1,
    keys=2,
    kinds=("list",),
    lengths=(0, 20),
    trees=(3, 6),
    lines_for_memory=100,
    lines_of_markdown=20,
    session_events=60,
    idle_seconds=0.5,
)
"""Shows that all can be measured; the figures say nothing."""


def _markdown(_place: Path, _home: Path, sizes: Sizes) -> Iterator[Figure]:
    # The others start programs; only this one runs Textual in this process.
    from punie_tui.bench.markdown_time import markdown_time

    return markdown_time(sizes.lines_of_markdown, sizes.few_runs)


Measurement = Callable[[Path, Path, Sizes], Iterator[Figure]]
MEASUREMENTS: dict[str, Measurement] = {
    "first-frame": lambda place, home, sizes: first_frames(place, home, sizes.runs, sizes.trees),
    "key-to-paint": lambda place, home, sizes: key_to_paint(
        place, home, sizes.kinds, sizes.keys, sizes.lengths, sizes.runs
    ),
    "markdown": _markdown,
    "memory": lambda place, home, sizes: memory_of_lines(place, home, sizes.lines_for_memory, sizes.few_runs),
    "memory-nano": lambda place, home, _sizes: memory_with_nano(place, home),
    "idle": lambda place, home, sizes: idle(place, home, sizes.idle_seconds),
    "resume": lambda place, home, sizes: resumed_session(place, home, sizes.session_events, sizes.few_runs),
}


def measure_app(
    names: Sequence[str], sizes: Sizes, report: Callable[[str], None] = lambda text: None
) -> Iterator[Figure]:
    """The figures of these measurements, all without a name. Raises BenchProgramError."""
    for name in names or MEASUREMENTS:
        report(name)
        with tempfile.TemporaryDirectory(prefix="punie-bench-", ignore_cleanup_errors=True) as folder:
            place, home = Path(folder).resolve() / "tree", Path(folder).resolve() / "home"
            place.mkdir()
            (place / "notes.txt").write_text("TODO\n")
            yield from MEASUREMENTS[name](place, home, sizes)
