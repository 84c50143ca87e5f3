"""Which calls each mode allows, by risk and by whether a sandbox holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tools.commands.backends import confinement_here
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Always, ApprovalQuestion, Decision, Policy, PolicyApprover
from punie_tui.agent.approval_store import ApprovalStore

ASKED, ALLOWED, DENIED = "asked", "allowed", "denied"
CALLS = [
    ("read_file", Risk.READS, False),
    ("edit_file", Risk.EDITS, False),
    ("run_command", Risk.RUNS, True),
    ("git_cherry_pick", Risk.RUNS, False),
    ("pytest_run", Risk.RUNS, False),
    ("run_command", Risk.LEAVES, False),
]


def said(decision: Decision | None) -> str:
    return ASKED if decision is None else ALLOWED if decision.is_allowed else DENIED


@pytest.mark.parametrize(
    ("policy", "is_trusted", "expected"),
    [
        (Policy.PLAN, False, [ALLOWED, DENIED, DENIED, DENIED, DENIED, DENIED]),
        (Policy.PLAN, True, [ALLOWED, DENIED, DENIED, DENIED, DENIED, DENIED]),
        (Policy.ASK, False, [ALLOWED, ASKED, ASKED, ASKED, ASKED, ASKED]),
        (Policy.ASK, True, [ALLOWED, ASKED, ASKED, ASKED, ALLOWED, ASKED]),
        (Policy.ACCEPT_EDITS, False, [ALLOWED, ALLOWED, ASKED, ASKED, ASKED, ASKED]),
        (Policy.SANDBOX, False, [ALLOWED, ALLOWED, ALLOWED, ASKED, ASKED, ASKED]),
        (Policy.SANDBOX, True, [ALLOWED, ALLOWED, ALLOWED, ASKED, ALLOWED, ASKED]),
        (Policy.ALLOW_ALL, False, [ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED]),
    ],
)
def test_what_each_mode_allows(policy: Policy, is_trusted: bool, expected: list[str]) -> None:
    approver = PolicyApprover(policy, is_trusted=is_trusted, ask_person=lambda _question, _cancelled: Decision(False))
    got = [said(approver.standing_decision(tool, risk, is_confined=confined)) for tool, risk, confined in CALLS]
    assert got == expected


def test_a_denial_by_the_mode_names_it_and_what_the_call_would_do() -> None:
    decision = PolicyApprover(Policy.PLAN).standing_decision("edit_file", Risk.EDITS)
    assert decision == Decision(
        is_allowed=False,
        by="policy",
        reason="the mode is plan, in which only reading is allowed, and edit_file edits",
    )


def test_an_unconfined_command_leaves_the_tree_whatever_it_is(tmp_path: Path) -> None:
    tool = find_tool("run_command")
    unconfined, tree = Workspace.at(Path("/")), Workspace.at(tmp_path)
    for command in ("ls", "make"):
        assert tool.risk_for({"command": command}, unconfined) is Risk.LEAVES
    assert not tool.is_confined(unconfined)
    if confinement_here().backend:
        assert tool.risk_for({"command": "ls"}, tree) is Risk.READS
        assert tool.risk_for({"command": "make"}, tree) is Risk.RUNS
        assert tool.is_confined(tree)
    else:
        assert tool.risk_for({"command": "ls"}, tree) is Risk.LEAVES


def test_nothing_else_leaves_the_tree(tmp_path: Path) -> None:
    assert {tool.name for tool in TOOLS if tool.risk is Risk.LEAVES} == set()
    unconfined = Workspace.at(Path("/"))
    reaching = {tool.name for tool in TOOLS if tool.name != "run_command" and tool.is_confined(unconfined)}
    assert reaching == set()
    assert list(Risk)[-1] is Risk.LEAVES
    assert Risk.LEAVES.value == "leaves the tree"


def test_what_always_means() -> None:
    def always(tool: str, risk: Risk) -> Always | None:
        return ApprovalQuestion("1", tool, risk, "x").always

    assert always("pytest_run", Risk.RUNS) is Always.TRUST
    assert always("edit_file", Risk.EDITS) is Always.EDITS
    assert always("run_command", Risk.RUNS) is Always.EXACTLY
    assert always("run_command", Risk.LEAVES) is None


def test_a_rule_never_answers_for_a_command_that_nothing_holds(tmp_path: Path) -> None:
    store = ApprovalStore(tmp_path / "approvals.json", tmp_path)
    store.add("run_command", "make")
    approver = PolicyApprover(Policy.ASK, store=store, ask_person=lambda _question, _cancelled: Decision(False))
    held = ApprovalQuestion("1", "run_command", Risk.RUNS, "make")
    assert said(approver.remembered_decision(held)) == ALLOWED
    assert said(approver.remembered_decision(ApprovalQuestion("1", "run_command", Risk.LEAVES, "make"))) == ASKED


def test_a_rule_counts_where_nobody_can_be_asked(tmp_path: Path) -> None:
    store = ApprovalStore(tmp_path / "approvals.json", tmp_path)
    store.add("run_command", "make")
    approver = PolicyApprover(Policy.ASK, store=store)
    assert approver.standing_decision("run_command", Risk.RUNS) is None
    assert said(approver.remembered_decision(ApprovalQuestion("1", "run_command", Risk.RUNS, "make"))) == ALLOWED
    other = approver.remembered_decision(ApprovalQuestion("1", "run_command", Risk.RUNS, "make all"))
    assert other is not None
    assert "--yes" in other.reason
    assert other.by == ""
