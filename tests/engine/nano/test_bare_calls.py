"""What nano calls without a single argument, run by the real tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.registry import TOOLS
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.format import read_call, write_reply
from punie_tui.engine.nano.request_view import RequestView

BARE = [tool for tool, arguments in CATALOGUE.items() if not any(each.is_required for each in arguments.values())]
# Types and tests take seconds, and their own tests call them bare.
QUICK = sorted({*BARE} - {"typecheck", "pytest_run", "pytest_affected"})


@pytest.mark.parametrize("tool", QUICK)
def test_a_call_that_names_nothing_is_one_that_the_tool_takes(make_repository: Callable[..., Path], tool: str) -> None:
    root = make_repository({"a.py": "x = 1\n"})
    (root / "a.py").write_text("x = 2\n")
    view = RequestView("all of it", [], lambda path: False)
    call = read_call(view, write_reply(view, [(tool, {})]) or "")
    assert call is not None
    made = next(each for each in TOOLS if each.name == tool)
    made.run(ToolContext(Workspace.at(root)), call[1])
