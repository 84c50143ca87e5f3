"""Who may do what: a call that edits or runs is allowed by a policy, by `--yes`, or by the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from punie_tools.tool import Risk


class Policy(StrEnum):
    """What is allowed without asking, beside reading."""

    READ_ONLY = "read only"
    ASK = "ask"
    ACCEPT_EDITS = "accept edits"
    ALLOW_ALL = "allow all"


@dataclass(frozen=True)
class ApprovalQuestion:
    """A call that waits; `detail` is the whole command or diff."""

    call_id: str
    tool: str
    risk: Risk
    detail: str


@dataclass(frozen=True)
class Decision:
    """The answer; `by` names who gave it, `reason` why a call was denied (the model gets to read it)."""

    is_allowed: bool
    by: str = ""
    reason: str = ""


class Approver(Protocol):
    """Decides on calls that edit or run. `standing_decision` is immediate; `ask` may block until the person answers."""

    def standing_decision(self, tool: str, risk: Risk) -> Decision | None:
        """Allow or deny without asking anybody; None when the person has to be asked."""
        ...

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        """Ask the person; called on the turn thread after `approval_requested` was told."""
        ...
