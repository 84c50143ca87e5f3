"""One warm language server for all tests of a file, each of which gets its folder empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.lsp.language_server import LanguageServer
from tests.tools.lsp.conftest import run_warm, shared_folder, shared_server

__all__ = ["run_warm", "shared_folder", "shared_server"]


@pytest.fixture
def root(shared_folder: Path) -> Path:
    return shared_folder


@pytest.fixture
def language_server(shared_server: LanguageServer) -> LanguageServer:
    return shared_server
