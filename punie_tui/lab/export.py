"""Make a trained checkpoint the embedded model: weights, tokenizer, configuration, and a card of measured numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punie_tui.engine.nano.classifiers import FILE_NAME

_FILES = ("model.safetensors", FILE_NAME, "config.json", "tokenizer.json", "tokenizer_config.json")
LARGEST = 16 * 1024 * 1024


class ExportError(Exception):
    """A checkpoint cannot be shipped; the text says why."""


def export(checkpoint: Path, destination: Path, card: Mapping[str, Any]) -> int:
    """Copy the checkpoint; returns its bytes. Raises ExportError and then leaves the destination as it was."""
    if missing := [name for name in _FILES if not (checkpoint / name).is_file()]:
        raise ExportError(f"{checkpoint} is no checkpoint: {missing[0]} is missing.")
    size = sum((checkpoint / name).stat().st_size for name in _FILES)
    if size > LARGEST:
        raise ExportError(f"{checkpoint} has {size} bytes; the package takes {LARGEST} at most.")
    destination.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(checkpoint / name, destination / name)
    (destination / "card.json").write_text(json.dumps(dict(card), indent=2) + "\n", encoding="utf-8")
    return size
