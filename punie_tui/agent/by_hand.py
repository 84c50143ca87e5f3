"""Calls that the person makes by hand, such as `/tests`: a turn without a model, which later turns know of."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from punie_tui.agent.calls_of_reply import run_calls
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, TokenUsage, TurnFinished, TurnStarted
from punie_tui.agent.person_calls import PersonApprover
from punie_tui.agent.tool_step import Outcome, ToolBench
from punie_tui.agent.turn import new_turn_id
from punie_tui.engine.protocol import ToolCall


def run_by_hand(
    prompt: str, calls: Sequence[ToolCall], model: str, conversation: Conversation, bench: ToolBench
) -> Iterator[Event]:
    """Run the calls as the person's own. Ends with exactly one `turn_finished`."""
    turn_id, started = new_turn_id(), time.monotonic()
    conversation.add_prompt(prompt)
    conversation.add_reply("", tuple(calls))

    def told() -> Iterator[Event]:
        yield TurnStarted(prompt=prompt, model=model, by_hand=True)
        outcomes: list[Outcome] = []
        for event in run_calls(calls, replace(bench, approver=PersonApprover(bench.approver))):
            if isinstance(event, list):
                outcomes = event
            else:
                yield event
        for outcome in outcomes:
            conversation.add_outcome(outcome)
        answer = "\n".join(each.result.summary if each.result else each.error for each in outcomes)
        conversation.add_reply(answer, ())
        is_failed = all(outcome.result is None for outcome in outcomes)
        reason = "stopped" if bench.cancelled.is_set() else "failed" if is_failed else "done"
        usage = TokenUsage(seconds=time.monotonic() - started)
        yield TurnFinished(reason=reason, answer="" if reason == "stopped" else answer, usage=usage)

    for event in told():
        yield event.model_copy(update={"turn_id": turn_id})
