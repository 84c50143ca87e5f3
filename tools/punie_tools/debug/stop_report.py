"""A stop as the fields of a result: paths as the project names them, lines of source, texts within bounds."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from punie_tools.commands.change_watch import MOST_LISTED, CommandChanges
from punie_tools.commands.runner import CommandRun
from punie_tools.debug.breakpoints import Breakpoint
from punie_tools.debug.conversation import Conversation, SeenFrame, SeenValue, Stop
from punie_tools.debug.debug_result import DebugBreakpoint, DebugExpression, DebugFrame, DebugVariable
from punie_tools.workspace import Workspace

_LONGEST_LINE = 200
_LONGEST_TEXT = 2000


def run_fields(ran: CommandRun) -> dict[str, Any]:
    """The fields of a DebugResult that tell what held the program, and what it did to the tree."""
    changes = ran.changes or CommandChanges()
    return {
        "duration": round(ran.process.seconds, 3),
        "confined": ran.confinement.backend is not None,
        "sandbox": ran.confinement.name,
        "sandbox_reason": ran.confinement.reason,
        "put_back": ran.put_back,
        "changed_files": changes.files[:MOST_LISTED],
        "changed_count": len(changes.files),
        "not_journalled_count": len(changes.not_journalled),
    }


def stop_fields(conversation: Conversation, breakpoints: Sequence[Breakpoint], workspace: Workspace) -> dict[str, Any]:
    """The fields of a DebugResult that tell the stop; those of a program that never stopped without it."""
    stop = conversation.stop
    points = tuple(_breakpoint(point, stop, workspace) for point in breakpoints)
    if stop is None:
        kind = "deadline" if conversation.is_at_deadline else "finished"
        reason = "it cannot be stopped where it is" if conversation.is_at_deadline else ""
        return {"stopped": kind, "reason": reason, "breakpoints": points}
    return {
        "stopped": stop.kind,
        "reason": _reason(stop, points),
        "exception_type": stop.exception_type,
        "thread": stop.thread,
        "frames": tuple(_frame(frame, workspace) for frame in stop.frames),
        "locals": tuple(
            DebugVariable(name=value.name, type=value.type, value=_shortened(value.text)) for value in stop.locals
        ),
        "expressions": tuple(_expression(value) for value in stop.expressions),
        "breakpoints": points,
        "truncated": not stop.is_all,
        **_place(stop.frame, workspace),
    }


def _reason(stop: Stop, points: Sequence[DebugBreakpoint]) -> str:
    if stop.kind == "exception":
        name = stop.exception_type.rpartition(".")[2]
        return _shortened(f"{name}: {stop.message}" if stop.message else name)
    if stop.kind == "breakpoint":
        hit = next((point for point in points if point.is_hit), None)
        return f"breakpoint {hit.asked}{f' ({hit.note})' if hit.note else ''}" if hit else "breakpoint"
    return "it did not end in time"


def _place(frame: SeenFrame | None, workspace: Workspace) -> dict[str, Any]:
    if frame is None:
        return {}
    return {"file": _name(frame.file, workspace), "line": frame.line, "function": frame.function}


def _frame(frame: SeenFrame, workspace: Workspace) -> DebugFrame:
    return DebugFrame(
        function=frame.function,
        file=_name(frame.file, workspace),
        line=frame.line,
        source=_source(frame),
        is_project=frame.is_project,
        earlier_error=None if frame.earlier_error is None else _shortened(frame.earlier_error),
    )


def _source(frame: SeenFrame) -> str:
    linecache.checkcache(frame.file)
    return linecache.getline(frame.file, frame.line).strip()[:_LONGEST_LINE]


def _name(file: str, workspace: Workspace) -> str:
    path = Path(file)
    return workspace.relative(path) if path.is_relative_to(workspace.root) else file


def _breakpoint(point: Breakpoint, stop: Stop | None, workspace: Workspace) -> DebugBreakpoint:
    top = stop.frames[0] if stop and stop.kind == "breakpoint" and stop.frames else None
    is_hit = top is not None and (top.file, top.line) == (str(point.file), point.line)
    error = f"its condition raises {stop.condition_error}" if stop and is_hit and stop.condition_error else ""
    return DebugBreakpoint(
        asked=point.asked,
        file=workspace.relative(point.file),
        line=point.line,
        note="; ".join(note for note in (point.note, error) if note),
        is_hit=is_hit,
    )


def _expression(value: SeenValue) -> DebugExpression:
    text = _shortened(value.text)
    return DebugExpression(
        expression=value.name,
        type=value.type,
        value="" if value.is_error else text,
        error=text if value.is_error else "",
    )


def _shortened(text: str) -> str:
    """Cut in the child already where it is a value's; what an error says may be of any length."""
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
