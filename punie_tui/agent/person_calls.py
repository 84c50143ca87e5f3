"""A tool run because the person pressed a key for it: theirs to ask for, so nobody is asked whether it may run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from pydantic import BaseModel

from punie_tools.tool import Risk, Tool
from punie_tui.agent.approval import ApprovalQuestion, Approver, Decision
from punie_tui.agent.events import Event
from punie_tui.agent.known_results import KnownResults
from punie_tui.agent.tool_step import Outcome, ToolBench, perform_call
from punie_tui.agent.turn import new_turn_id
from punie_tui.engine.protocol import ToolCall

NOT_TRUSTED = "This folder is not trusted, so nothing of it runs. Ctrl+T trusts it."


def _no_event(_event: Event) -> None:
    """Nobody watches."""


def _no_part(_part: BaseModel) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class CallWatch:
    """Who watches a call, and stops it by setting `cancelled`. Both callbacks come on threads of the call."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    on_event: Callable[[Event], None] = _no_event
    on_part: Callable[[BaseModel], None] = _no_part


class PersonCalls:
    """Runs tools for the person, beside whatever turn is running; each call is a turn of its own for undo."""

    def __init__(self, bench: ToolBench, known: KnownResults) -> None:
        """`bench` is what the session's turns use; its approver tells the mode, and asks in a review.

        `known` is told each result.
        """
        self._known = known
        self._bench = replace(bench, approver=PersonApprover(bench.approver))
        self._numbers = count(1)

    def run(self, tool: str | Tool, arguments: Mapping[str, object], watch: CallWatch) -> Outcome:
        """Run it to its end on the calling thread; never raises. One that no model is offered is given itself."""
        changes = self._bench.changes.for_turn(new_turn_id()) if self._bench.changes else None
        bench = replace(self._bench, cancelled=watch.cancelled, changes=changes, on_part=watch.on_part)
        name = tool if isinstance(tool, str) else tool.name
        if isinstance(tool, Tool):
            bench = replace(bench, tools={**bench.tools, name: tool})
        outcome = perform_call(ToolCall(f"person-{next(self._numbers)}", name, arguments), bench, watch.on_event)
        self._known.note(outcome.result)
        return outcome


class PersonApprover:
    """Edits come as a review, unless the mode lets them pass; code of the repository waits for the folder's trust."""

    def __init__(self, approver: Approver) -> None:
        self._approver = approver

    def standing_decision(self, tool: str, risk: Risk, *, is_confined: bool = False) -> Decision | None:
        if risk is Risk.READS:
            return Decision(is_allowed=True, by="person")
        if risk is Risk.EDITS:
            granted = self._approver.standing_decision(tool, risk, is_confined=is_confined)
            return Decision(is_allowed=True, by="person", wants_review=not (granted and granted.is_allowed))
        if self.is_folder_trusted():
            return Decision(is_allowed=True, by="person")
        return Decision(is_allowed=False, by="policy", reason=f"{self.trust_lapse} {NOT_TRUSTED}".strip())

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        return self._approver.remembered_decision(question)

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        # The person asked for the call: there is no question that its review could lead back to.
        return self._approver.ask(replace(question, can_be_reviewed=False), is_cancelled)

    @property
    def is_stepping(self) -> bool:
        """What the person asks for themselves needs no pause."""
        return False

    def is_folder_trusted(self) -> bool:
        return self._approver.is_folder_trusted()

    @property
    def trust_lapse(self) -> str:
        return self._approver.trust_lapse
