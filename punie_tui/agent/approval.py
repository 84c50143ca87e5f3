"""Who may do what: a call that edits or runs is allowed by a policy, by trust in the folder, or by the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from punie_tools.tool import Risk
from punie_tui.agent.approval_store import ApprovalStore

RUNS_TESTS = frozenset({"pytest_run", "pytest_affected"})
"""The tools that a trusted folder may use without asking; a question about them can be answered with trust."""


class Policy(StrEnum):
    """What is allowed without asking, beside reading."""

    READ_ONLY = "read only"
    ASK = "ask"
    ACCEPT_EDITS = "accept edits"
    ALLOW_ALL = "allow all"


@dataclass(frozen=True)
class ApprovalQuestion:
    """A call that waits for the person; `detail` is the whole command or diff."""

    call_id: str
    tool: str
    risk: Risk
    detail: str


@dataclass(frozen=True)
class Decision:
    """The answer: `by` names who gave it, `reason` says why a call was denied (the model gets to read it)."""

    is_allowed: bool
    by: str = ""
    reason: str = ""


AskPerson = Callable[[ApprovalQuestion, Callable[[], bool]], Decision]


class Approver(Protocol):
    """Decides on calls that edit or run."""

    def standing_decision(self, tool: str, risk: Risk) -> Decision | None:
        """Allow or deny without asking anybody; None when the person has to be asked."""
        ...

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        """What the person said once and for all about exactly this call; None if nothing."""
        ...

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        """Ask the person. Called on the turn's threads after `approval_requested` was told; may block."""
        ...


class PolicyApprover:
    """Applies a policy and the folder's trust first, and asks the person for the rest.

    Without `ask_person` (no terminal) what would be asked is denied. `policy` and `is_trusted` may be changed
    between calls, when the person changes their mind.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        is_trusted: bool,
        ask_person: AskPerson | None = None,
        policy_name: str = "policy",
        store: ApprovalStore | None = None,
    ) -> None:
        self._store = store
        self.policy = policy
        self.is_trusted = is_trusted
        self._ask_person = ask_person
        self._policy_name = policy_name

    def standing_decision(self, tool: str, risk: Risk) -> Decision | None:
        if risk is Risk.READS:
            return Decision(is_allowed=True, by="policy")
        if self.policy is Policy.READ_ONLY:
            return Decision(is_allowed=False, reason=f"{tool} {risk.value}, and the policy is read only")
        if self.policy is Policy.ALLOW_ALL or (self.policy is Policy.ACCEPT_EDITS and risk is Risk.EDITS):
            return Decision(is_allowed=True, by=self._policy_name)
        if tool in RUNS_TESTS and self.is_trusted:
            return Decision(is_allowed=True, by="trust")
        if self._ask_person is None:
            return Decision(
                is_allowed=False,
                reason=f"{tool} needs an approval and there is no terminal to ask on; `--yes` allows it",
            )
        return None

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        if self._store and self._store.holds(question.tool, question.detail):
            return Decision(is_allowed=True, by="always")
        return None

    def remember(self, question: ApprovalQuestion) -> None:
        """Allow exactly this call from now on. Raises OSError."""
        if self._store:
            self._store.add(question.tool, question.detail)

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        if self._ask_person is None:
            return Decision(is_allowed=False, reason="nobody can be asked")
        return self._ask_person(question, is_cancelled)
