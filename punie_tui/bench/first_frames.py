"""The first frame, in small trees and in large ones, against that of a bare Textual program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure

# Without its first letter, on which the cursor may stand.
_MARK = "sk about this project"
_FILES_IN_A_FOLDER = 100


def first_frames(place: Path, home: Path, runs: int, sizes: tuple[int, ...]) -> Iterator[Figure]:
    """Medians of interleaved runs after one that does not count; ratios to the bare program and to the smallest."""
    folders = {size: _tree(place / f"tree-{size}", size) for size in sizes}
    bare: list[float] = []
    punie: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(runs + 1):
        bare.append(_seconds("punie_tui.bench.bare", folders[sizes[0]], home))
        for size, folder in folders.items():
            punie[size].append(_seconds("punie_tui", folder, home))
    smallest = median(punie[sizes[0]][1:])
    yield Figure("first frame, bare program", median(bare[1:]), "s")
    yield Figure("first frame", smallest, "s", None, sizes[0])
    yield Figure("first frame, against a bare program", smallest / median(bare[1:]), "times", 1.3, sizes[0])
    for size in sizes[1:]:
        yield Figure("first frame", median(punie[size][1:]), "s", None, size)
        # A tenth is what runs of one and the same program differ by.
        yield Figure("first frame, against a small tree", median(punie[size][1:]) / smallest, "times", 1.1, size)


def _seconds(module: str, folder: Path, home: Path) -> float:
    with start(module, folder=folder, home=home) as program:
        return program.wait_for(_MARK)


def _tree(folder: Path, files: int) -> Path:
    for first in range(0, files, _FILES_IN_A_FOLDER):
        package = folder / f"part_{first // _FILES_IN_A_FOLDER}"
        package.mkdir(parents=True)
        for number in range(min(_FILES_IN_A_FOLDER, files - first)):
            (package / f"module_{number}.py").write_bytes(b"x = 1\n")
    return folder
