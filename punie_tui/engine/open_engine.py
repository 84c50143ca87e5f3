"""From what a person calls a model to the engine that runs it."""

from __future__ import annotations

from pathlib import Path

from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.models import NANO, resolve_model
from punie_tui.engine.protocol import Engine


def open_engine(model: str) -> Engine:
    """The engine for `nano`, a directory, a hub id or a server's address; loads nothing yet. Raises EngineError."""
    if model.startswith(("http://", "https://")):
        from punie_tui.engine.openai_engine import OpenAIEngine

        return OpenAIEngine(model)
    directory = resolve_model(model)
    is_path = model != NANO and Path(model).expanduser().is_dir()
    return MlxEngine(directory, model_name=directory.resolve().name if is_path else model)
