"""Several models on one suite, each in a process of its own so that its memory and loading time are its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, cast

from punie_tools.errors import ToolError
from punie_tools.process import run_process
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.models import resolve_model
from punie_tui.engine.protocol import EngineError

_LONGEST_SECONDS = 24 * 3600.0
_LONGEST_REPORT = 64 * 1024 * 1024


class CompareError(Exception):
    """A model cannot be scored; the text says which and why."""


@dataclass(frozen=True)
class Scored:
    """One model on the suite: shares from 0 to 1, times in seconds, sizes in bytes (None for a model elsewhere)."""

    model: str
    passed: int
    total: int
    by_category: Mapping[str, tuple[int, int]]
    weight_bytes: int | None
    peak_memory_bytes: int | None
    load_seconds: float
    median_seconds: float

    @property
    def share(self) -> float:
        """Of the cases, how many passed."""
        return self.passed / self.total

    def as_json(self) -> dict[str, Any]:
        """What `punie lab compare --json` prints of it."""
        return {
            "model": self.model,
            "passed": self.passed,
            "total": self.total,
            "score": self.share,
            "by_category": {name: {"passed": passed, "total": total} for name, (passed, total) in self.categories},
            "weight_bytes": self.weight_bytes,
            "peak_memory_bytes": self.peak_memory_bytes,
            "load_seconds": round(self.load_seconds, 3),
            "median_seconds": round(self.median_seconds, 4),
        }

    @property
    def categories(self) -> Sequence[tuple[str, tuple[int, int]]]:
        """Name, and passed of total."""
        return tuple(self.by_category.items())


@dataclass(frozen=True)
class Conditions:
    """What all models of a comparison are scored under."""

    suite: Path
    temperature: float = 0.0
    seed: int = 0


def compare(models: Sequence[str], conditions: Conditions, report: Callable[[str], None]) -> Iterator[Scored]:
    """Score the models one after the other; `report` gets each name before its turn. Raises CompareError."""
    # A model that is not there is told before the others take their minutes.
    sizes = [_weight_bytes(model) for model in models]
    for model, size in zip(models, sizes, strict=True):
        report(model)
        yield _score(model, size, conditions)


def _score(model: str, size: int | None, conditions: Conditions) -> Scored:
    command = [
        *(sys.executable, "-P", "-m", "punie_tui", "eval", str(conditions.suite), "--json", "--model", model),
        *("--temperature", str(conditions.temperature), "--seed", str(conditions.seed)),
    ]
    try:
        run = run_process(
            command,
            cwd=Path.cwd(),
            timeout=_LONGEST_SECONDS,
            environment=dict(os.environ),
            output_limit=_LONGEST_REPORT,
        )
    except ToolError as error:
        raise CompareError(f"{model}: {error}") from None
    if run.exit_code != 0:
        lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1].removeprefix("punie: ") if lines else f"ended with exit code {run.exit_code}"
        raise CompareError(f"{model}: {reason}")
    found = cast("dict[str, Any]", json.loads(run.stdout))
    return Scored(
        model=model,
        passed=found["passed"],
        total=found["total"],
        by_category={name: (counts["passed"], counts["total"]) for name, counts in found["by_category"].items()},
        weight_bytes=size,
        peak_memory_bytes=found["peak_memory_bytes"] if size is not None else None,
        load_seconds=found["load_seconds"],
        median_seconds=median(case["seconds"] for case in found["cases"]),
    )


def _weight_bytes(model: str) -> int | None:
    """None for a model on a server. Raises CompareError for one that is not there."""
    if model.startswith(("http://", "https://")):
        return None
    try:
        return inspect_directory(resolve_model(model)).weight_bytes
    except EngineError as error:
        raise CompareError(str(error)) from None
