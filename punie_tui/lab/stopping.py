"""A stop in training: the step that is being made is finished and kept, so that the same command goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from punie_tui.lab.weight_files import read_header

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


STATE = "state.safetensors"
"""What a run needs to go on: its weights, and in the same file its place, so that neither is ever without the other."""


def place_as_metadata(place: Mapping[str, Any]) -> dict[str, str]:
    """How a run's place is written beside its weights."""
    return {"format": "mlx", "place": json.dumps(place)}


def read_place(directory: Path) -> Mapping[str, Any] | None:
    """Where the run in `directory` was; None where it has kept nothing yet. Raises what a broken file raises."""
    try:
        header, _ = read_header(directory / STATE)
    except FileNotFoundError:
        return None
    return cast("Mapping[str, Any]", json.loads(header["__metadata__"]["place"]))


def kept_step(directory: Path) -> int | None:
    """From which step the run in `directory` would go on; None where it has kept nothing that can be read."""
    try:
        place = read_place(directory)
        return None if place is None else int(place["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
