"""execute_code: a small Python program that calls the other tools and works on their results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError, computed_field

from punie_tools.errors import ToolDeniedError, ToolError
from punie_tools.sentences import counted, first_of, shortened
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult

if TYPE_CHECKING:
    from punie_tools.code.monty_adapter import FinishedProgram

VALUE_LIMIT = 256 * 1024

_SHOWN = 200
_LINE_SHOWN = 80


class ProgramCall(BaseModel):
    """A call that the program made; `success` is false if it failed or was denied, and `error` then says why.

    `truncated` says that its result held only a part of what there is.
    """

    model_config = ConfigDict(frozen=True)

    tool: str
    arguments: dict[str, JsonValue]
    success: bool
    error: str = ""
    is_denied: bool = False
    truncated: bool = False


class ExecuteCodeResult(ToolResult):
    """`value` is that of the last expression, if JSON can hold it; `truncated` says that output or value was cut."""

    output: str
    value: JsonValue = None
    calls: tuple[ProgramCall, ...] = ()
    duration: float
    truncated: bool = False

    @computed_field
    @property
    def summary(self) -> str:
        lines = self.output.strip().splitlines()
        if len(lines) == 1:
            told = f"The program printed: {shortened(lines[0], _SHOWN)}"
        elif lines:
            first = first_of([shortened(line, _LINE_SHOWN) for line in lines[:4]], 4, total=len(lines))
            told = f"The program printed {len(lines)} lines: {first}"
        elif self.value is not None:
            told = f"The program gave: {_shortened(json.dumps(self.value, ensure_ascii=False))}"
        else:
            told = "The program printed nothing"
        about = [counted(len(self.calls), "call"), *_told_denials(self.calls), *_told_parts(self.calls)]
        return f"{told} ({'; '.join(about)})."


def execute_code(context: ToolContext, code: str) -> ExecuteCodeResult:
    """Run a Python program in which every other tool is a function that returns its result object.

    For example `result = ruff_check(path="src"); print(len([v for v in result.violations if v.fixable]))`.
    The program has no files, network or packages of its own; print() and the last expression are its answer. Results
    are frozen: change a copy of a list.
    """
    # Imported here: the sandbox takes long to import, and the registry imports this file.
    from punie_tools.code.monty_adapter import run_code
    from punie_tools.code.sandbox import tool_function
    from punie_tools.code.stubs import stub_of
    from punie_tools.lsp.language_server import language_server_of
    from punie_tools.registry import TOOLS

    started = time.monotonic()
    calls: list[ProgramCall] = []
    callable_tools = tuple(tool for tool in TOOLS if tool.name != TOOL.name)
    # Several calls of one program may want a language server; it starts when the first of them does.
    with language_server_of(context) as server:
        shared = replace(context, language_server=server)
        functions = {tool.name: tool_function(tool, _recorded(shared, tool, calls)) for tool in callable_tools}
        finished = run_code(code, functions, cancelled=context.cancelled, stub=stub_of(callable_tools))
    if finished.error:
        raise ToolError(_failure(finished, calls)) from finished.cause
    value, is_value_cut = _json_value(finished.value)
    return ExecuteCodeResult(
        output=finished.output,
        value=value,
        calls=tuple(calls),
        duration=time.monotonic() - started,
        truncated=finished.is_output_cut or is_value_cut,
    )


def _recorded(context: ToolContext, tool: Tool, calls: list[ProgramCall]) -> Callable[[Mapping[str, Any]], ToolResult]:
    """Calls the tool on the program's behalf, approved and told of by whoever runs this program."""

    def call(arguments: Mapping[str, Any]) -> ToolResult:
        context.raise_if_cancelled()
        context.report_progress(len(calls), None, tool.name)
        validated = tool.validate(arguments)
        given = {name: validated[name] for name in arguments}
        try:
            result = context.call_tool(tool.name, given) if context.call_tool else tool.run(context, given)
        except ToolError as error:
            is_denied = isinstance(error, ToolDeniedError)
            calls.append(
                ProgramCall(tool=tool.name, arguments=given, success=False, error=str(error), is_denied=is_denied)
            )
            raise
        is_part = bool(getattr(result, "truncated", False))
        calls.append(ProgramCall(tool=tool.name, arguments=given, success=True, truncated=is_part))
        return result

    return call


def _failure(finished: FinishedProgram, calls: Sequence[ProgramCall]) -> str:
    """Why there is no result, and what was denied besides the call that the program ended at."""
    if not finished.was_started:
        return f"The program was not run: {finished.error}"
    denied = [call for call in calls if call.is_denied]
    if isinstance(finished.cause, ToolDeniedError):
        # The program ended there, and its error says so.
        denied.pop()
    return f"The program failed{''.join(f' after {told}' for told in _told_denials(denied))}: {finished.error}"


def _told_denials(calls: Sequence[ProgramCall]) -> list[str]:
    """A clause, or none where nothing was denied."""
    count = sum(call.is_denied for call in calls)
    return [f"{counted(count, 'call')} {'was' if count == 1 else 'were'} denied"] if count else []


def _told_parts(calls: Sequence[ProgramCall]) -> list[str]:
    """A clause, or none where all was read: what a program counted of a part is no count of the whole."""
    names = dict.fromkeys(call.tool for call in calls if call.truncated)
    return [f"{' and '.join(names)} gave only a part of what there is"] if names else []


def _json_value(value: object) -> tuple[JsonValue, bool]:
    """The value as JSON, None for what JSON cannot hold, and whether it was too large to be handed on."""
    try:
        converted = _json_adapter().validate_python(_plain(value))
        return (None, True) if len(json.dumps(converted, allow_nan=False)) > VALUE_LIMIT else (converted, False)
    except (ValidationError, ValueError, RecursionError):
        return None, False


@cache
def _json_adapter() -> TypeAdapter[JsonValue]:
    """Made on first use: the registry imports this file, and this takes long."""
    return TypeAdapter(JsonValue)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {key if isinstance(key, str) else str(key): _plain(item) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Set):
        return sorted((_plain(item) for item in cast("Set[object]", value)), key=repr)
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def preview(_context: ToolContext, code: str) -> str:
    """The program as it is."""
    return code


# Each call that the program makes has a risk and an approval of its own; the program itself reaches nothing.
TOOL = Tool(execute_code, risk=Risk.READS, preview=preview)
