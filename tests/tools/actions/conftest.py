"""A warm language server on a small project, as the symbol tools have it."""

from __future__ import annotations

from tests.tools.lsp.conftest import language_server, run_warm

__all__ = ["language_server", "run_warm"]
