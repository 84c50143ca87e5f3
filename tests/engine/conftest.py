"""Tiny models, built once a test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from punie_tui.engine.mlx_engine import MlxEngine
from tests.engine import tiny_models

OpenTiny = Callable[..., MlxEngine]


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build a model directory, or give back the one built with the same arguments."""
    root = tmp_path_factory.mktemp("models")
    built: dict[str, Path] = {}

    def build(*arguments: str, **options: object) -> Path:
        key = repr((arguments, sorted(options.items())))
        if key not in built:
            built[key] = tiny_models.build_model(root / f"tiny-{len(built)}", *arguments, **options)
        return built[key]

    return build


@pytest.fixture
def open_tiny(tiny_directory: Callable[..., Path]) -> Iterator[OpenTiny]:
    """Open an engine on a tiny model; closed when the test is over."""
    opened: list[MlxEngine] = []

    def open_model(*arguments: str, **options: object) -> MlxEngine:
        opened.append(MlxEngine(tiny_directory(*arguments, **options)))
        return opened[-1]

    yield open_model
    for engine in opened:
        engine.close()
