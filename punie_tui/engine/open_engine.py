"""From what a person calls a model to the engine that runs it."""

from __future__ import annotations

import os
from pathlib import Path

from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.model_thread import MODEL_THREAD, ModelThread
from punie_tui.engine.models import NANO, resolve_model
from punie_tui.engine.multi_intent_engine import MultiIntentEngine
from punie_tui.engine.protocol import Engine
from punie_tui.engine.routed_engine import RoutedEngine


def open_engine(model: str, *, route_above: float | None = None) -> Engine:
    """The engine for `nano`, a directory, a hub id or a server's address; loads nothing yet. Raises EngineError.

    With `route_above`, nano stands in front of a model that writes, for the calls that it is surer of than that.
    """
    if route_above is None or model == NANO:
        return _open(model, MODEL_THREAD)
    # On a thread of its own the bigger model loads and replies while nano answers.
    engine = _open(model, ModelThread())
    return RoutedEngine(_open(NANO, MODEL_THREAD), engine, route_above) if engine.writes_answers else engine


def _open(model: str, thread: ModelThread) -> Engine:
    if model.startswith(("http://", "https://")):
        from punie_tui.engine.openai_engine import KEY_VARIABLE, OpenAIEngine

        return OpenAIEngine(model, os.environ.get(KEY_VARIABLE, ""))
    directory = resolve_model(model)
    is_path = model != NANO and Path(model).expanduser().is_dir()
    engine = MlxEngine(directory, directory.resolve().name if is_path else model, thread)
    return engine if engine.writes_answers else MultiIntentEngine(engine)
