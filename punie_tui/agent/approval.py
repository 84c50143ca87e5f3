"""Who may do what: a call that edits or runs is allowed by a policy, by trust in the folder, or by the person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.revealed_text import revealed_text
from punie_tools.tool import Risk
from punie_tui.agent.approval_store import ApprovalStore
from punie_tui.agent.trust import FolderTrust

RUNS_TESTS = frozenset({"pytest_run", "pytest_affected"})
"""The tools that a trusted folder may use without asking; a question about them can be answered with trust."""


STOPPED = "stopped"
"""The reason of a denial because the turn was stopped before the person answered."""

_LOG = logging.getLogger(__name__)


class Policy(StrEnum):
    """What is allowed without asking, beside reading; each allows more than the one before."""

    PLAN = "plan"
    ASK = "ask"
    ACCEPT_EDITS = "accept edits"
    SANDBOX = "all in sandbox"
    ALLOW_ALL = "allow all"


class Always(StrEnum):
    """What "always" means as the answer to a question, in the words of its choice."""

    TRUST = "trust this folder"
    EDITS = "accept all edits"
    EXACTLY = "always exactly this"
    UNPAUSED = "go on without pauses"


@dataclass(frozen=True)
class ApprovalQuestion:
    """A call that waits for the person; `detail` is the whole command or diff, as it is.

    `note` says why it is asked although the person trusted the folder once.
    """

    call_id: str
    tool: str
    risk: Risk
    detail: str
    note: str = ""
    can_be_reviewed: bool = False
    is_step: bool = False
    """Whether the call needs no permission, and waits only because the person goes step by step."""
    proposal: tuple[FileChange, ...] = ()
    """The changes to review hunk by hunk: what is asked for once the person has answered that they want that."""

    @property
    def shown(self) -> str:
        """The detail as it is shown: nothing left out, and nothing in it that could deceive."""
        return revealed_text(self.detail)

    @property
    def always(self) -> Always | None:
        """None where the person is asked each time: nothing holds the command."""
        if self.is_step:
            return Always.UNPAUSED
        if self.risk is Risk.LEAVES:
            return None
        if self.tool in RUNS_TESTS:
            return Always.TRUST
        return Always.EDITS if self.risk is Risk.EDITS else Always.EXACTLY


@dataclass(frozen=True)
class Decision:
    """The answer. `by` names who gave it, empty for a denial because nobody could be asked.

    `reason` says why a call was denied, and the model gets to read it. `is_lasting` is the answer "always".
    """

    is_allowed: bool
    by: str = ""
    reason: str = ""
    is_lasting: bool = False
    wants_review: bool = False
    """Allowed as far as a review, which comes when the changes are known, lets them stand."""
    review: Review | None = None
    """The answer to a proposal."""

    @classmethod
    def denied_by_person(cls, reason: str = "") -> Decision:
        """With the reason that the person gave, if they gave one."""
        return cls(is_allowed=False, by="person", reason=f"the person said no{f': {reason}' if reason else ''}")

    @classmethod
    def skipped_by_person(cls, reason: str = "") -> Decision:
        """The same at a pause before a call."""
        return cls(is_allowed=False, by="person", reason=f"the person skipped it{f': {reason}' if reason else ''}")

    @classmethod
    def left_review(cls) -> Decision:
        """The person went out of a review that no question came before."""
        return cls(is_allowed=False, by="person", reason="the person left the review, so nothing was changed")

    @classmethod
    def stopped(cls) -> Decision:
        """The turn was stopped before the person answered."""
        return cls(is_allowed=False, by="person", reason=STOPPED)


def reason_for_person(reason: str) -> str:
    """Why a call was denied, as the person reads it who may have denied it; the model reads of "the person"."""
    found = reason.removeprefix("the person ")
    return f"you {found}" if found != reason else reason


AskPerson = Callable[[ApprovalQuestion, Callable[[], bool]], Decision]


class Approver(Protocol):
    """Decides on calls that edit or run."""

    def standing_decision(self, tool: str, risk: Risk, *, is_confined: bool = False) -> Decision | None:
        """Allow or deny without asking anybody; None when the person has to be asked."""
        ...

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        """What the person said once and for all about exactly this call; None if nothing."""
        ...

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        """Ask the person. Called on the turn's threads after `approval_requested` was told; may block."""
        ...

    @property
    def is_stepping(self) -> bool:
        """Whether the person is asked before each call, also those that need no permission."""
        ...

    def is_folder_trusted(self) -> bool:
        """Whether the person trusts the folder as it is at this moment."""
        ...

    @property
    def trust_lapse(self) -> str:
        """Why the folder was no longer trusted when it was last looked at; empty where there is nothing to tell."""
        ...


class PolicyApprover:
    """Applies a policy and the folder's trust first, and asks the person for the rest.

    Without `ask_person` (no terminal) what would be asked is denied. `policy` and `is_stepping` may be changed between
    calls, when the person changes their mind; `trust` is looked at anew for each call, and without it `is_trusted`
    holds.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        is_trusted: bool = False,
        trust: FolderTrust | None = None,
        ask_person: AskPerson | None = None,
        policy_name: str = "policy",
        store: ApprovalStore | None = None,
    ) -> None:
        self._store = store
        self.policy = policy
        self.is_stepping = False
        self._is_trusted = is_trusted
        self._trust = trust
        self._ask_person = ask_person
        self._policy_name = policy_name

    def standing_decision(self, tool: str, risk: Risk, *, is_confined: bool = False) -> Decision | None:
        if risk is Risk.READS:
            return Decision(is_allowed=True, by="policy")
        if self.policy is Policy.PLAN:
            reason = f"the mode is {self.policy.value}, in which only reading is allowed, and {tool} {risk.value}"
            return Decision(is_allowed=False, by="policy", reason=reason)
        if self._grants(risk, is_confined):
            return Decision(is_allowed=True, by=self._policy_name)
        if tool in RUNS_TESTS and self.is_folder_trusted():
            return Decision(is_allowed=True, by="trust")
        has_rules = self._store and self._store.rules()
        return self._denied_as_nobody_is_there(tool) if self._ask_person is None and not has_rules else None

    def remembered_decision(self, question: ApprovalQuestion) -> Decision | None:
        if self._store and question.always and self._store.holds(question.tool, question.detail):
            return Decision(is_allowed=True, by="always")
        return self._denied_as_nobody_is_there(question.tool) if self._ask_person is None else None

    def ask(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        if self._ask_person is None:
            return self._denied_as_nobody_is_there(question.tool)
        decision = self._ask_person(question, is_cancelled)
        if decision.is_allowed and decision.is_lasting:
            try:
                self._make_lasting(question)
            except OSError as error:
                # A home that cannot be written costs what should be kept, not the call.
                _LOG.warning("what is always allowed is not kept: %s", error)
        return decision

    def is_folder_trusted(self) -> bool:
        return self._trust.look() if self._trust else self._is_trusted

    @property
    def trust_lapse(self) -> str:
        return self._trust.lapse if self._trust else ""

    def _make_lasting(self, question: ApprovalQuestion) -> None:
        """Counts from the next call on. Raises OSError."""
        match question.always:
            case Always.TRUST if self._trust:
                self._trust.trust()
            case Always.UNPAUSED:
                self.is_stepping = False
            case Always.EDITS:
                self.policy = Policy.ACCEPT_EDITS
            case Always.EXACTLY if self._store:
                self._store.add(question.tool, question.detail)
            case _:
                pass

    def _denied_as_nobody_is_there(self, tool: str) -> Decision:
        reason = f"{tool} needs an approval and there is no terminal to ask on; `--yes` allows it"
        if tool in RUNS_TESTS and self.trust_lapse:
            reason = f"{self.trust_lapse.rstrip('.')}; {reason}"
        return Decision(is_allowed=False, reason=reason)

    def _grants(self, risk: Risk, is_confined: bool) -> bool:
        match self.policy:
            case Policy.ALLOW_ALL:
                return True
            case Policy.SANDBOX:
                return risk is Risk.EDITS or (risk is Risk.RUNS and is_confined)
            case Policy.ACCEPT_EDITS:
                return risk is Risk.EDITS
            case _:
                return False
