"""What an engine is told of the working tree beside the conversation."""

from __future__ import annotations

from punie_tools.registry import TOOLS
from punie_tools.symbols.tree_names import TreeNameReader
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import TurnLimits, request_for
from punie_tui.engine.scripted import ScriptedEngine


def request_on(root, names):
    bench = ToolBench(
        Workspace.at(root),
        {tool.name: tool for tool in TOOLS},
        PolicyApprover(Policy.ASK, is_trusted=False),
        names=names,
    )
    conversation = Conversation()
    conversation.add_prompt("go")
    return request_for(conversation, ScriptedEngine([]), bench, TurnLimits())


def test_engine_reads_the_names_of_the_tree_and_knows_what_is_held_to_them(tmp_path) -> None:
    (tmp_path / "ledger.py").write_text("class Ledger: ...\n", encoding="utf-8")
    request = request_on(tmp_path, TreeNameReader(tmp_path))
    names = request.read_names()
    assert names is not None
    assert names.paths == ("ledger.py",)
    assert "Ledger" in (names.words or ())
    held = {tool.name: tool.held for tool in request.tools}
    assert (held["hover"], held["write_file"]) == ({"symbol": "symbol", "path": "path"}, {})
    assert request.program_syntax is not None
    assert not request.program_syntax.is_whole("x = = 1")


def test_without_a_tree_nothing_is_held(tmp_path) -> None:
    assert request_on(tmp_path, None).read_names() is None
