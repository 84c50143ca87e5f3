"""Small real projects with an environment of their own, and a look at what a tool left behind in them."""

from __future__ import annotations

import importlib.metadata
import os
import venv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

_PACKAGES_OF_PYTEST = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "pytest-xdist", "execnet")


@pytest.fixture
def write(root: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Create files below `root`, and return it."""

    def write_all(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write_all


@pytest.fixture
def environment(root: Path) -> Path:
    """A real virtual environment in the project, with pytest and xdist linked from that of these tests."""
    return make_environment(root)


def make_environment(root: Path) -> Path:
    folder = root / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    for distribution in map(importlib.metadata.distribution, _PACKAGES_OF_PYTEST):
        for name in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
            (site_packages / name).symlink_to(str(distribution.locate_file(name)))
    return folder


@pytest.fixture
def run_trusted(root: Path) -> Callable[..., Any]:
    """Run a tool on `root` as a folder that the person trusts."""

    def run(name: str, **arguments: object) -> Any:
        return find_tool(name).run(ToolContext(Workspace.at(root, is_trusted=True)), arguments)

    return run


@pytest.fixture
def files_of(root: Path) -> Callable[[], dict[str, bytes]]:
    """Every file below `root` with its content, to see that nothing was written."""
    return partial(files_below, root)


def files_below(root: Path) -> dict[str, bytes]:
    paths = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
    return {str(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}
