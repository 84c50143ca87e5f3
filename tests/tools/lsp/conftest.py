"""A warm language server on a small project."""

from __future__ import annotations

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


@pytest.fixture
def run_warm(root: Path, language_server: LanguageServer) -> Callable[..., Any]:
    """Run a tool with the warm server."""

    def run(name: str, **arguments: object) -> Any:
        context = ToolContext(Workspace.at(root), language_server=language_server)
        return find_tool(name).run(context, arguments)

    return run
