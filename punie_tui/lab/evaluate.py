"""Scoring a model on a suite: on its first reply, or with `run` on real turns to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from punie_tools.code.sandbox import observe_program
from punie_tools.tool import Tool, ToolError, ToolResult
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import ToolDenied, ToolFailed, ToolRequested, TurnFinished
from punie_tui.agent.tool_step import Outcome, ToolBench
from punie_tui.agent.turn import TurnLimits, request_for, run_turn
from punie_tui.engine.protocol import Engine, EngineError, ToolCall
from punie_tui.lab.plausible import plausible_result
from punie_tui.lab.suite import Case, Observed, ObservedCall, why_not_passed, why_not_said


@dataclass(frozen=True)
class CaseResult:
    """What became of a case; `reason` is empty when it passed."""

    case: Case
    reason: str
    calls: tuple[ObservedCall, ...]
    seconds: float


def evaluate(
    cases: Sequence[Case], engine: Engine, bench: ToolBench, limits: TurnLimits, *, is_run: bool = False
) -> Iterator[CaseResult]:
    """Score the cases one after the other. Each has a seed of its own, counted up from the limits' seed."""
    score = _run_to_end if is_run else _first_reply
    for number, case in enumerate(cases):
        started = time.monotonic()
        observed, reason = score(case, engine, bench, replace(limits, seed=limits.seed + number))
        if observed.calls or not reason:  # else it says why there are none
            reason = why_not_passed(case.expect, _with_defaults(observed, bench.tools)) or reason
        yield CaseResult(case, reason, observed.calls, time.monotonic() - started)


def _first_reply(case: Case, engine: Engine, bench: ToolBench, limits: TurnLimits) -> tuple[Observed, str]:
    conversation = _with_history(case, bench.tools)
    conversation.add_prompt(case.prompt)
    # The paths of a case are of no tree, whichever one this is run in.
    request = replace(request_for(conversation, engine, bench, limits), path_meant=_means_no_path)
    calls: list[ToolCall] = []
    try:
        calls += (delta for delta in engine.generate(request, lambda: False) if isinstance(delta, ToolCall))
    except EngineError as error:
        return _observe([], bench.tools), f"failed reply: {error}"
    return _observe(calls, bench.tools), ""


def _means_no_path(_path: str) -> str | None:
    return None


def _run_to_end(case: Case, engine: Engine, bench: ToolBench, limits: TurnLimits) -> tuple[Observed, str]:
    conversation = _with_history(case, bench.tools)
    calls: list[ToolCall] = []
    reason = ""
    for event in run_turn(case.prompt, engine, conversation, bench, limits):
        match event:
            case ToolRequested(parent_call_id=None):
                calls.append(ToolCall(event.call_id, event.tool, event.arguments))
            case ToolFailed():
                reason = f"failed call: {event.tool}: {event.error}"
            case ToolDenied():
                reason = f"denied call: {event.reason}"
            case TurnFinished(reason="failed"):
                reason = reason or f"failed turn: {event.answer}"
            case TurnFinished():
                reason = reason or why_not_said(case.expect, event.answer)
            case _:
                pass
    return _observe(calls, bench.tools), reason


def _observe(calls: Sequence[ToolCall], tools: Mapping[str, Tool]) -> Observed:
    """The calls, and those that their programs make when they run on plausible stand-ins for the tools."""
    observed: list[ObservedCall] = []
    fields_read: set[str] = set()
    for call in calls:
        observed.append(ObservedCall(call.tool, dict(call.arguments)))
        if call.tool == "execute_code":
            program = observe_program(str(call.arguments.get("code", "")), _stand_ins(tools, observed))
            fields_read |= program.fields_read
    return Observed(tuple(observed), frozenset(fields_read))


def _stand_ins(
    tools: Mapping[str, Tool], observed: list[ObservedCall]
) -> dict[str, tuple[Tool, Callable[[Mapping[str, Any]], ToolResult]]]:
    def stand_in(tool: Tool) -> Callable[[Mapping[str, Any]], ToolResult]:
        def answer(arguments: Mapping[str, Any]) -> ToolResult:
            observed.append(ObservedCall(tool.name, dict(arguments)))
            return plausible_result(tool, tool.validate(arguments))

        return answer

    return {name: (tool, stand_in(tool)) for name, tool in tools.items() if name != "execute_code"}


def _with_history(case: Case, tools: Mapping[str, Tool]) -> Conversation:
    conversation = Conversation()
    for number, turn in enumerate(case.history):
        conversation.add_prompt(turn.prompt)
        calls = tuple(
            ToolCall(f"h{number}.{index}", call.tool, call.arguments) for index, call in enumerate(turn.calls)
        )
        conversation.add_reply("", calls)
        results = [_plausible_outcome(call, tools) for call in calls]
        for outcome in results:
            conversation.add_outcome(outcome)
        conversation.add_reply("\n".join(outcome.result.summary for outcome in results if outcome.result), ())
    return conversation


def _plausible_outcome(call: ToolCall, tools: Mapping[str, Tool]) -> Outcome:
    tool = tools.get(call.tool)
    if tool is None:
        return Outcome(call, error=f"There is no tool {call.tool!r}.")
    return Outcome(call, result=plausible_result(tool, call.arguments))


def _with_defaults(observed: Observed, tools: Mapping[str, Tool]) -> Observed:
    """The calls with every argument that they left to its default."""
    return replace(observed, calls=tuple(_completed(call, tools) for call in observed.calls))


def _completed(call: ObservedCall, tools: Mapping[str, Tool]) -> ObservedCall:
    tool = tools.get(call.tool)
    if tool is None:
        return call
    try:
        return ObservedCall(call.tool, tool.validate(call.arguments))
    except ToolError:
        return call
