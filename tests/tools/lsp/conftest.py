"""A warm language server on a small project: one for each test, or one for all tests of a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.tools.lsp.fake_client import start_fake

__all__ = ["start_fake"]


@pytest.fixture
def language_server(root: Path) -> Iterator[LanguageServer]:
    server = LanguageServer(Workspace.at(root))
    yield server
    server.close()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """A server that stays warm from test to test, for those that do not ask how it starts."""
    folder = tmp_path_factory.mktemp("shared") / "workspace"
    folder.mkdir()
    server = LanguageServer(Workspace.at(folder))
    yield server
    server.close()


@pytest.fixture
def shared_folder(shared_server: LanguageServer) -> Path:
    """The server's folder, with nothing in it or beside it."""
    for path in (*shared_server.root.parent.iterdir(), *shared_server.root.iterdir()):
        if path == shared_server.root:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return shared_server.root


@pytest.fixture
def run_warm(root: Path, language_server: LanguageServer) -> Callable[..., Any]:
    """Run a tool with the warm server."""

    def run(name: str, **arguments: object) -> Any:
        context = ToolContext(Workspace.at(root), language_server=language_server)
        return find_tool(name).run(context, arguments)

    return run
