"""Calls that the person makes by hand, such as `/tests`: a turn without a model, which later turns know of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from punie_tools.tool import Risk
from punie_tui.agent.approval import ApprovalQuestion, Decision
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, TokenUsage, TurnFinished, TurnStarted
from punie_tui.agent.tool_step import Outcome, ToolBench, run_calls
from punie_tui.agent.turn import new_turn_id
from punie_tui.engine.protocol import ToolCall


def run_by_hand(
    prompt: str, calls: Sequence[ToolCall], model: str, conversation: Conversation, bench: ToolBench
) -> Iterator[Event]:
    """Run the calls; nobody is asked, for they are the person's own. Ends with exactly one `turn_finished`."""
    turn_id, started = new_turn_id(), time.monotonic()
    conversation.add_prompt(prompt)
    conversation.add_reply("", tuple(calls))

    def told() -> Iterator[Event]:
        yield TurnStarted(prompt=prompt, model=model)
        outcomes: list[Outcome] = []
        for event in run_calls(calls, replace(bench, approver=_PersonsOwn())):
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


@dataclass(frozen=True)
class _PersonsOwn:
    """The approver of what the person does by hand."""

    def standing_decision(self, tool: str, risk: Risk, *, is_confined: bool = False) -> Decision | None:
        return Decision(is_allowed=True, by="person")

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        return Decision(is_allowed=True, by="person")

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        return Decision(is_allowed=True, by="person")
