"""Tools as the functions of a program: called by name, with keyword and positional arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from punie_tools.code.monty_adapter import run_code
from punie_tools.errors import ToolError
from punie_tools.tool import Tool, ToolResult


@dataclass(frozen=True)
class ObservedProgram:
    """Which attributes of results a program read until its end or its `error`."""

    fields_read: frozenset[str]
    error: str


def tool_function(tool: Tool, call: Callable[[Mapping[str, Any]], ToolResult]) -> Callable[..., ToolResult]:
    """A function with the tool's arguments; those that were given reach `call` by name."""

    def function(*args: object, **kwargs: object) -> ToolResult:
        return call(_named(tool, args, kwargs))

    return function


def observe_program(
    code: str, stand_ins: Mapping[str, tuple[Tool, Callable[[Mapping[str, Any]], ToolResult]]]
) -> ObservedProgram:
    """Run a program on stand-ins for the tools and see what it reads; a failing program is observed until it fails."""
    fields_read: set[str] = set()
    functions = {name: tool_function(tool, call) for name, (tool, call) in stand_ins.items()}
    finished = run_code(code, functions, on_attribute=lambda _result, name: fields_read.add(name))
    return ObservedProgram(frozenset(fields_read), finished.error)


def _named(tool: Tool, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    names = list(tool.arguments_type.model_fields)
    if len(args) > len(names):
        raise ToolError(f"{tool.name} takes at most {len(names)} arguments, not {len(args)}.")
    by_position = dict(zip(names, args, strict=False))
    if twice := [name for name in by_position if name in kwargs]:
        raise ToolError(f"{tool.name}: argument {twice[0]!r} is given twice.")
    return {**by_position, **kwargs}
