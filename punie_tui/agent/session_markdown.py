"""A session as a Markdown document: prompts, calls with their summaries and diffs, and answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from punie_tools.safe_text import safe_text
from punie_tui.agent.events import (
    Event,
    PersonActed,
    PersonRan,
    TextStreamed,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnStarted,
    TurnSteered,
)
from punie_tui.agent.session_record import SessionRecord

_ENDINGS = {"stopped": "Stopped.", "limit": "Stopped at a limit."}


def session_markdown(record: SessionRecord, title: str) -> str:
    """The current turns; text of the person, files and tools cannot become Markdown of its own."""
    parts = [f"# {_escaped(safe_text(title, single_line=True))}"]
    if record.started:
        about = f"{record.started.workspace}, {record.started.model}, {record.started.time:%Y-%m-%d %H:%M}"
        parts.append(_escaped(safe_text(about, single_line=True)))
    parts += _parts(record.before)
    for number, turn in enumerate(record.current_turns, 1):
        parts += [f"## {number}", *_parts(turn.events)]
    return "\n\n".join(parts) + "\n"


def _parts(events: Iterable[Event]) -> Iterator[str]:
    calls: dict[str, ToolRequested] = {}
    streamed = ""
    for event in events:
        match event:
            case TurnStarted():
                yield _quoted(event.prompt)
            case TurnSteered():
                streamed = ""
                yield _quoted(event.text)
            case TextStreamed():
                # In several pieces where the person did something meanwhile.
                streamed += event.text
                yield safe_text(event.text).strip("\n")
            case ToolRequested():
                streamed = ""
                calls[event.call_id] = event
            case ToolFinished():
                yield f"{_call(calls.get(event.call_id), event.tool)} — {_line(event.summary)}"
                if diff := _diff(event.result):
                    yield _fenced(diff, "diff")
            case ToolFailed() | ToolDenied():
                reason = event.error if isinstance(event, ToolFailed) else f"not run: {event.reason}"
                yield f"{_call(calls.get(event.call_id), '')} — {_line(reason)}"
            case TurnFinished():
                if event.answer and event.answer != streamed:
                    yield _fenced(event.answer)
                if ending := _ENDINGS.get(event.reason):
                    yield f"*{ending}*"
            case PersonActed():
                yield f"*{_line(event.text)}*"
            case PersonRan():
                yield f"- {_code(safe_text(f'! {event.command}', single_line=True))}"
                if event.output:
                    yield _fenced(event.output)
                if event.ending:
                    yield f"*{_line(event.ending)}*"
            case _:
                pass


def _quoted(text: str) -> str:
    return "\n".join(f"> {_escaped(line)}".rstrip() for line in safe_text(text).split("\n"))


def call_text(tool: str, arguments: Mapping[str, object]) -> str:
    """A call as a line of text: safe to show, long values shortened."""
    shown = ", ".join(f"{name}={_shortened(repr(value))}" for name, value in arguments.items())
    return safe_text(f"{tool}({shown})", single_line=True)


def _call(request: ToolRequested | None, tool: str) -> str:
    return f"- {_code(call_text(request.tool, request.arguments) if request else safe_text(tool, single_line=True))}"


def _code(text: str) -> str:
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _diff(result: Mapping[str, Any]) -> str:
    diff = result.get("diff")
    return diff if isinstance(diff, str) else ""


def _fenced(text: str, language: str = "") -> str:
    text = safe_text(text).strip("\n")
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _line(text: str) -> str:
    return _escaped(safe_text(" ".join(text.split()), single_line=True))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|&~])", r"\\\1", text)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
