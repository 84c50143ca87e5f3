"""Training data for models with a chat template, from phrasings: each turn is run on a real small repository."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.session_record import SessionRecord
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import run_turn
from punie_tui.engine.nano.answers import answer_sentence
from punie_tui.engine.nano.format import read_call
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import Call
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.lab.collect import Collected, collect
from punie_tui.lab.data_check import normalised
from punie_tui.lab.earlier_words import EarlierWords
from punie_tui.lab.examples import Example, UnsayableError, encode_filled, paths_named
from punie_tui.lab.phrasings import LabelledCall, Phrasing
from punie_tui.lab.redaction import Redactor
from punie_tui.lab.slots import fill
from punie_tui.lab.staging import stage

_OF_NANO_ALONE = "--model"
"""What names it sends the person to a bigger model, which a bigger model must not learn to say."""


@dataclass(frozen=True)
class _Turn:
    """What the person says, and the calls or else the words that it is answered with."""

    request: str
    calls: Sequence[Call]
    words: str = ""


def build_chat(
    phrasings: Sequence[Phrasing], earlier: Sequence[Phrasing], seed: int, taken: set[str]
) -> Iterator[Collected]:
    """Examples until nothing new can be said: each step of calls, and the answer after their results, or the words.

    Follow-ups come after their earlier turns, asked for in the words of `earlier` and played as well. Left out are
    requests that only a model that writes can answer, turns whose calls failed, those that a sandbox would be needed
    for where there is none, and whatever is in `taken`, to which all that is said is added. The same seed gives the
    same requests.
    """
    rng = random.Random(seed)
    words = EarlierWords(earlier)
    is_new = True
    while is_new:
        is_new = False
        for phrasing in rng.sample(phrasings, len(phrasings)):
            try:
                turns = _turns(phrasing, words, rng)
            except UnsayableError:
                continue
            said = "\n".join(normalised(turn.request) for turn in turns)
            if said not in taken:
                for example in _played(turns, phrasing.source):
                    taken.add(said)
                    is_new = True
                    yield example


def _turns(phrasing: Phrasing, words: EarlierWords, rng: random.Random) -> Sequence[_Turn]:
    """The earlier turns and the one to learn. Raises UnsayableError, also where no words fit."""
    request, values = fill(phrasing, rng)
    earlier = [_earlier(phrasing, turn, values, words, rng) for turn in phrasing.history]
    if phrasing.answer is None:
        return [*earlier, _calling(encode_filled(phrasing, request, values, knows_paths=True))]
    answer = answer_sentence(phrasing.answer, request)
    if _OF_NANO_ALONE in answer:
        raise UnsayableError(f"{phrasing.source}: only a model that writes can answer {request!r}")
    return [*earlier, _Turn(request, (), answer)]


def _earlier(
    phrasing: Phrasing,
    turn: tuple[LabelledCall, ...],
    values: Mapping[str, str],
    words: EarlierWords,
    rng: random.Random,
) -> _Turn:
    """The turn in the first words that nano's view takes for the same calls. Raises UnsayableError."""
    for request in words.of(turn, values, rng):
        asked = replace(phrasing, prompt=request, calls=turn, answer=None, history=())
        try:
            return _calling(encode_filled(asked, request, values, knows_paths=True))
        except UnsayableError:
            continue
    raise UnsayableError(f"{phrasing.source}: no words for the turn before")


def _calling(example: Example) -> _Turn:
    """With the calls as the tools want them: the label itself holds choices and names of programs."""
    known = paths_named(example.calls)
    view = RequestView(example.request, example.history, lambda path: path in known)
    found = [read_call(view, f"{part}</tool_call>") for part in example.reply.split("</tool_call>") if part]
    calls = [call for call in found if call is not None]
    if len(calls) < len(found):
        raise UnsayableError(f"{example.request!r} cannot be read back")
    return _Turn(example.request, calls)


def _played(turns: Sequence[_Turn], name: str) -> Iterator[Collected]:
    """The examples of the last turn; none where one before it went wrong."""
    with tempfile.TemporaryDirectory(prefix="punie-stage-") as folder:
        root = Path(folder).resolve()
        stage(root, [call for turn in turns for call in turn.calls])
        workspace = Workspace.at(root)
        server = LanguageServer(workspace)
        approver = PolicyApprover(Policy.SANDBOX, is_trusted=True, policy_name="lab")
        bench = ToolBench(workspace, {tool.name: tool for tool in TOOLS}, approver, language_server=server)
        engine = ScriptedEngine([_reply(turn, place) for place, turn in enumerate(turns)], writes_answers=False)
        conversation = Conversation()
        try:
            record = SessionRecord(
                event for turn in turns for event in run_turn(turn.request, engine, conversation, bench)
            )
        finally:
            server.close()
        if all(turn.end and turn.end.reason == "done" for turn in record.current_turns):
            last = f"{name}/{record.current_turns[-1].turn_id}/"
            # The folder's name is of this run alone.
            found = collect(name, record, Redactor(root, {}))
            yield from (example for example in found if example.name.startswith(last))


def _reply(turn: _Turn, place: int) -> Sequence[TextDelta | ToolCall]:
    if turn.words:
        return [TextDelta(turn.words)]
    return [ToolCall(f"call_{place}_{number}", tool, values) for number, (tool, values) in enumerate(turn.calls)]
