"""Training data for models with a chat template, from phrasings: each turn is run on a real small repository."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.session_record import SessionRecord
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import run_turn
from punie_tui.engine.nano.format import read_call
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import Call
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.lab.collect import Collected, collect
from punie_tui.lab.examples import Example, UnsayableError, make_example
from punie_tui.lab.phrasings import Phrasing
from punie_tui.lab.redaction import Redactor
from punie_tui.lab.staging import stage


def build_chat(phrasings: Sequence[Phrasing], seed: int) -> Iterator[Collected]:
    """Endless examples, two or more of a turn: each step of calls, and the answer after their results.

    What no tool is called for is left to the model, and turns whose calls failed are left out, as are those that a
    sandbox would be needed for where there is none. The same seed gives the same requests.
    """
    rng = random.Random(seed)
    usable = [phrasing for phrasing in phrasings if phrasing.calls and not phrasing.history]
    while True:
        for phrasing in rng.sample(usable, len(usable)):
            try:
                example = make_example(phrasing, rng)
            except UnsayableError:
                continue
            yield from _played(example, phrasing.source)


def _played(example: Example, name: str) -> Iterator[Collected]:
    calls = _calls(example)
    with tempfile.TemporaryDirectory(prefix="punie-stage-") as folder:
        root = Path(folder).resolve()
        stage(root, calls)
        workspace = Workspace.at(root)
        server = LanguageServer(workspace)
        approver = PolicyApprover(Policy.SANDBOX, is_trusted=True, policy_name="lab")
        bench = ToolBench(workspace, {tool.name: tool for tool in TOOLS}, approver, language_server=server)
        made = tuple(ToolCall(f"call_{place}", tool, arguments) for place, (tool, arguments) in enumerate(calls))
        engine = ScriptedEngine([made], writes_answers=False)
        try:
            events = list(run_turn(example.request, engine, Conversation(), bench))
        finally:
            server.close()
        # The folder's name is of this run alone.
        yield from collect(name, SessionRecord(events), Redactor(root, {}))


def _calls(example: Example) -> list[Call]:
    """As the tools want them: the label itself holds choices and names of programs."""
    view = RequestView(example.request, example.history, lambda path: False)
    found = [read_call(view, f"{part}</tool_call>") for part in example.reply.split("</tool_call>") if part]
    return [call for call in found if call is not None]
