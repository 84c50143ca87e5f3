"""What a safetensors file says at its beginning, read without any of its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast


def read_header(file: Path) -> tuple[dict[str, Any], int]:
    """The tensors by name, `__metadata__` among them, and where the weights begin. Raises ValueError and OSError."""
    with file.open("rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        if size > file.stat().st_size:
            raise ValueError(f"{file} is no safetensors file.")
        found: object = json.loads(opened.read(size))
    if not isinstance(found, dict):
        raise ValueError(f"{file} is no safetensors file.")
    return cast("dict[str, Any]", found), 8 + size
