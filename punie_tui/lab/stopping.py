"""A stop in training: the step that is being made is finished and kept, so that the same command goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

IsStopped = Callable[[], bool]
"""Asked after each step, and while a model is evaluated."""


class StoppedError(Exception):
    """The run was stopped and has kept all of `step`; of several processes the first one tells it."""

    def __init__(self, step: int, *, is_first: bool = True) -> None:
        super().__init__(f"stopped at step {step}")
        self.step = step
        self.is_first = is_first


def never_stopped() -> bool:
    """For runs that end by themselves."""
    return False


def kept_step(directory: Path) -> int | None:
    """From which step the run in `directory` would go on; None where it has kept nothing yet."""
    try:
        return int(json.loads((directory / "place.json").read_text(encoding="utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
