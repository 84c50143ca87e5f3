"""Training data for models with a chat template: JSON lines of messages and tools, as mlx_lm trains on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.engine.protocol import Message, ToolCall, ToolSpec

_ROLES = ("system", "user", "assistant", "tool")
_DEEPEST = 64
"""Levels of a line; templates write arguments and schemas by recursion, which ends somewhere."""
_LONGEST_SHOWN = 60


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
        # Not splitlines(): it also splits at characters that JSON has inside a text, such as U+2028.
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise ChatDataError(f"There is no {path}; training needs train.jsonl and valid.jsonl there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChatDataError(f"{path} cannot be read: {error}") from None
    examples: list[ChatExample] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                examples.append(_parse(_read_object(line), f"{path}:{number}"))
            except RecursionError:
                raise ChatDataError(f"{path}:{number}: it is nested too deeply") from None
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                raise ChatDataError(f"{path}:{number}: {reason}") from None
    if not examples:
        raise ChatDataError(f"{path} holds no example.")
    return examples


def _read_object(line: str) -> Mapping[str, Any]:
    level: list[object] = [json.loads(line)]
    found = _object("the line", level[0])
    if "\\ud" in line.lower():
        # JSON can spell half a pair of surrogates, and no tokenizer reads that.
        json.dumps(found, ensure_ascii=False).encode()
    for _ in range(_DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def _parse(record: Mapping[str, Any], source: str) -> ChatExample:
    messages = tuple(_messages(_list("'messages'", record["messages"])))
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise ValueError("the last message has to be the assistant's, after another one")
    functions = [_function(tool) for tool in _list("'tools'", record.get("tools") or [])]
    tools = [
        ToolSpec(
            _text("a tool's name", function["name"]),
            _text("a tool's description", function.get("description") or ""),
            _object("the parameters of a tool", function.get("parameters") or {}),
        )
        for function in functions
    ]
    return ChatExample(messages, tuple(tools), source)


def _messages(written: Sequence[object]) -> Iterator[Message]:
    last_calls: tuple[ToolCall, ...] = ()
    for number, each in enumerate(written):
        message = _object("a message", each)
        if (role := message["role"]) not in _ROLES:
            raise ValueError(f"there is no role {role!r}")
        calls = tuple(
            _call(_function(call), f"{number}.{place}")
            for place, call in enumerate(_list("'tool_calls'", message.get("tool_calls") or []))
        )
        answered, last_calls = (last_calls[:1], last_calls[1:]) if role == "tool" else ((), calls)
        yield Message(
            role=role,
            content=_text("a message's content", message.get("content") or ""),
            calls=calls,
            # Results stand in the order of their calls; files written by others carry no ids, or ids of their own.
            call_id=answered[0].id if answered else "",
            tool=answered[0].tool if answered else str(message.get("name", "")),
        )


def _call(function: Mapping[str, Any], call_id: str) -> ToolCall:
    arguments = function["arguments"]
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    return ToolCall(call_id, _text("a call's name", function["name"]), _object("the arguments of a call", arguments))


def _function(value: object) -> Mapping[str, Any]:
    """Calls and tools alike have what they are under `function`."""
    return _object("a function", _object("a call or a tool", value)["function"])


def _object(what: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object, not {_shown(value)}")
    return cast("Mapping[str, Any]", value)


def _list(what: str, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError(f"{what} must be a list, not {_shown(value)}")
    return cast("Sequence[object]", value)


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text, not {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} …"
