"""From sessions to training data: what a model was given in a turn that ended well, and what it replied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from punie_tools.registry import TOOLS
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.session_record import SessionRecord
from punie_tui.agent.turn import tool_specs
from punie_tui.engine.protocol import Message
from punie_tui.lab.redaction import Redactor

_CONTEXT = 8192


@dataclass(frozen=True)
class Collected:
    """One reply to learn. `record` is a line as `punie lab train --base` reads it; `name` stays the same each time."""

    name: str
    record: dict[str, Any]
    redactions: int

    @property
    def prompt(self) -> str:
        """The person's words that led to the reply."""
        return next(message["content"] for message in reversed(self.record["messages"]) if message["role"] == "user")

    @property
    def reply(self) -> str:
        """The calls, or else the text."""
        last = self.record["messages"][-1]
        calls = [call["function"] for call in last.get("tool_calls", ())]
        return "\n".join(f"{call['name']} {json.dumps(call['arguments'])}" for call in calls) or last["content"]


def collect(session_id: str, record: SessionRecord, redactor: Redactor) -> Iterator[Collected]:
    """The replies of turns that ended well, each after what the model was given; secrets are taken out of both."""
    tools = [tool.as_function for tool in tool_specs(TOOLS)]
    before: list[Message] = []
    for turn in record.current_turns:
        messages = Conversation.from_events(turn.events).messages
        if turn.end and turn.end.reason == "done" and not turn.started.by_hand:
            for place, message in enumerate(messages):
                if message.role == "assistant":
                    redactor.count = 0
                    given = _as_given([*before, *messages[:place]])
                    written = redactor.value([_written(each) for each in (*given, message)])
                    name = f"{session_id}/{turn.turn_id}/{place}"
                    yield Collected(name, {"messages": written, "tools": tools}, redactor.count)
        before += messages


def _as_given(messages: Sequence[Message]) -> Sequence[Message]:
    """As the model reads them in use: the system message first, and the newest turns that fit."""
    conversation = Conversation()
    conversation.messages = list(messages)
    return conversation.fitted(_CONTEXT)[0]


def _written(message: Message) -> dict[str, Any]:
    """Without the calls' ids, which say nothing and are others each time."""
    written: dict[str, Any] = {"role": message.role, "content": message.whole}
    if message.calls:
        written["tool_calls"] = [
            {"type": "function", "function": {"name": call.tool, "arguments": dict(call.arguments)}}
            for call in message.calls
        ]
    if message.tool:
        written["name"] = message.tool
    return written
