"""Training data for models with a chat template: JSON lines of messages and tools, as mlx_lm trains on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.engine.protocol import Message, ToolCall, ToolSpec

_ROLES = ("system", "user", "assistant", "tool")


class ChatDataError(Exception):
    """A file of chat examples cannot be used; the text names file and line."""


@dataclass(frozen=True)
class ChatExample:
    """A conversation whose last message is the reply to learn; `source` is its file and line."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    source: str


def read_chat_examples(path: Path) -> list[ChatExample]:
    """All of them. Raises ChatDataError for a missing file, a broken line or a file without any."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ChatDataError(f"There is no {path}; training needs train.jsonl and valid.jsonl there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChatDataError(f"{path} cannot be read: {error}") from None
    examples: list[ChatExample] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                examples.append(_parse(cast("Mapping[str, Any]", json.loads(line)), f"{path}:{number}"))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                raise ChatDataError(f"{path}:{number}: {reason}") from None
    if not examples:
        raise ChatDataError(f"{path} holds no example.")
    return examples


def _parse(record: Mapping[str, Any], source: str) -> ChatExample:
    messages = tuple(_messages(cast("Sequence[Mapping[str, Any]]", record["messages"])))
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise ValueError("the last message has to be the assistant's, after another one")
    functions = [cast("Mapping[str, Any]", tool["function"]) for tool in record.get("tools") or ()]
    tools = [
        ToolSpec(str(function["name"]), str(function.get("description", "")), function.get("parameters") or {})
        for function in functions
    ]
    return ChatExample(messages, tuple(tools), source)


def _messages(written: Sequence[Mapping[str, Any]]) -> Iterator[Message]:
    last_calls: tuple[ToolCall, ...] = ()
    for number, message in enumerate(written):
        if (role := message["role"]) not in _ROLES:
            raise ValueError(f"there is no role {role!r}")
        calls = tuple(
            _call(cast("Mapping[str, Any]", call["function"]), f"{number}.{place}")
            for place, call in enumerate(message.get("tool_calls") or ())
        )
        answered, last_calls = (last_calls[:1], last_calls[1:]) if role == "tool" else ((), calls)
        yield Message(
            role=role,
            content=str(message.get("content") or ""),
            calls=calls,
            # Results stand in the order of their calls; files written by others carry no ids, or ids of their own.
            call_id=answered[0].id if answered else "",
            tool=answered[0].tool if answered else str(message.get("name", "")),
        )


def _call(function: Mapping[str, Any], call_id: str) -> ToolCall:
    arguments = function["arguments"]
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    return ToolCall(call_id, str(function["name"]), cast("Mapping[str, Any]", arguments))
