"""Running a tool in tests as everybody runs it: by name, with keyword arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder to work on."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def run_tool(root: Path) -> Callable[..., Any]:
    """Run a tool on `root`, or on another folder given as `at`."""

    def run(name: str, *, at: Path | None = None, **arguments: object) -> Any:
        return find_tool(name).run(ToolContext(Workspace.at(at or root)), arguments)

    return run
