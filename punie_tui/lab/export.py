"""Make a trained checkpoint the embedded model: weights, tokenizer, configuration, and a card of measured numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from punie_tui.engine.model_directory import MORE_NETWORKS
from punie_tui.engine.nano.first_action import FILE_NAME

WEIGHTS = "model.safetensors"
CONFIGURATION = "config.json"
VOCABULARY = "tokenizer.json"
_FILES = (WEIGHTS, FILE_NAME, CONFIGURATION, VOCABULARY, "tokenizer_config.json")
LARGEST = 16 * 1024 * 1024


class ExportError(Exception):
    """A checkpoint cannot be shipped; the text says why."""


def export(checkpoint: Path, destination: Path, card: Mapping[str, Any], others: Sequence[Path] = ()) -> int:
    """Copy the checkpoint, and the weights of `others` that have their say beside it; returns the bytes of all.

    Raises ExportError and then leaves the destination as it was.
    """
    if missing := [name for name in _FILES if not (checkpoint / name).is_file()]:
        raise ExportError(f"{checkpoint} is no checkpoint: {missing[0]} is missing.")
    copies = {name: checkpoint / name for name in _FILES}
    for number, other in enumerate(others, 2):
        for name in (CONFIGURATION, VOCABULARY):
            if not (other / name).is_file() or (other / name).read_bytes() != (checkpoint / name).read_bytes():
                raise ExportError(f"{other} does not fit {checkpoint}: its {name} is another or missing.")
        copies[MORE_NETWORKS.replace("*", str(number))] = other / WEIGHTS
    size = sum(path.stat().st_size for path in copies.values())
    if size > LARGEST:
        raise ExportError(f"{checkpoint} has {size} bytes; the package takes {LARGEST} at most.")
    destination.mkdir(parents=True, exist_ok=True)
    for old in destination.glob(MORE_NETWORKS):
        old.unlink()
    for name, path in copies.items():
        shutil.copyfile(path, destination / name)
    (destination / "card.json").write_text(json.dumps(dict(card), indent=2) + "\n", encoding="utf-8")
    return size
