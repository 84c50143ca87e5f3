"""A small real project to debug, in an environment of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.tools.quality.conftest import environment as environment

Debug = Callable[..., Any]


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not in the tree."""
    return tmp_path_factory.mktemp("outside")


@pytest.fixture
def debug(root: Path, environment: Path) -> Debug:
    """Run a debugging tool on `root` as a folder that the person trusts."""

    def run(
        name: str, *, cancelled: threading.Event | None = None, confine_tests: bool = True, **arguments: object
    ) -> Any:
        workspace = Workspace.at(root, is_trusted=True, confine_tests=confine_tests)
        return find_tool(name).run(ToolContext(workspace, cancelled=cancelled or threading.Event()), arguments)

    return run
