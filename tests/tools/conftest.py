"""Running a tool in tests as everybody runs it: by name, with keyword arguments."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace


def make_undecodable(folder: Path) -> Path:
    r"""Make `caf\xe9.py`, whose name is no UTF-8; skips the test where the file system refuses such names."""
    path = folder / os.fsdecode(b"caf\xe9.py")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system takes no such name")
    return path


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
