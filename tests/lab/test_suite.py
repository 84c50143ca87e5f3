"""When a case of a suite counts as passed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from punie_tui.lab.suite import Expectation, Observed, ObservedCall, SuiteError, load_suite, why_not_passed


def observed(*calls: tuple[str, dict[str, Any]], fields: tuple[str, ...] = ()) -> Observed:
    return Observed(tuple(ObservedCall(tool, arguments) for tool, arguments in calls), frozenset(fields))


@pytest.mark.parametrize(
    ("expect", "seen", "reason"),
    [
        ({"kind": "answer"}, observed(), ""),
        ({"kind": "answer"}, observed(("grep", {})), "over-eager"),
        ({"kind": "tools", "all": ["grep"]}, observed(), "too shy"),
        ({"kind": "tools", "all": ["grep"]}, observed(("read_file", {})), "wrong tool"),
        ({"kind": "tools", "all": ["grep", "git_log"]}, observed(("grep", {})), "wrong tool"),
        ({"kind": "tools", "all": ["grep", "git_log"]}, observed(("grep", {}), ("git_log", {})), ""),
        ({"kind": "tools", "any": ["grep", "list_files"]}, observed(("list_files", {})), ""),
        ({"kind": "tools", "any": ["grep", "list_files"]}, observed(("git_log", {})), "wrong tool"),
        ({"kind": "tools", "none": ["edit_file"]}, observed(), ""),
        ({"kind": "tools", "all": ["grep"], "none": ["edit_file"]}, observed(("grep", {}), ("edit_file", {})), "wrong"),
        (
            {"kind": "tools", "all": ["grep"], "fields": ["file"]},
            observed(("grep", {}), fields=("line",)),
            "wrong field",
        ),
        ({"kind": "tools", "all": ["grep"], "fields": ["file"]}, observed(("grep", {}), fields=("file",)), ""),
    ],
)
def test_names_and_fields(expect: dict[str, Any], seen: Observed, reason: str) -> None:
    told = why_not_passed(Expectation.model_validate(expect), seen)
    assert told.startswith(reason) if reason else told == ""


@pytest.mark.parametrize(
    ("wanted", "given", "passes"),
    [
        ({"path": "src"}, {"path": "./src/"}, True),
        ({"path": "src"}, {"path": "src/a"}, False),
        ({"path": "src"}, {}, False),
        ({"count": 5}, {"count": 5, "path": "x"}, True),
        ({"count": 5}, {"count": "5"}, False),
        ({"fix": True}, {"fix": True}, True),
        ({"fix": True}, {"fix": 1}, False),
        ({"path": "."}, {"path": "./"}, True),
    ],
)
def test_arguments(wanted: dict[str, Any], given: dict[str, Any], passes: bool) -> None:
    expect = Expectation(kind="tools", all=("git_log",), arguments={"git_log": wanted})
    assert (why_not_passed(expect, observed(("git_log", given))) == "") is passes


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("src/stok.py", "miscopied"),
        ("src/stock", "miscopied"),
        ("in src/stock.py", "miscopied"),
        ("lib", "wrong argument"),
        (None, "wrong argument"),
    ],
)
def test_a_text_that_was_copied_badly_is_told_from_a_wrong_one(given: str | None, kind: str) -> None:
    expect = Expectation(kind="tools", all=("typecheck",), arguments={"typecheck": {"path": "src/stock.py"}})
    seen = Observed((ObservedCall("typecheck", {"path": given}),))
    assert why_not_passed(expect, seen).startswith(f"{kind}: typecheck(path=")


def test_one_call_of_several_must_hold_the_values() -> None:
    expect = Expectation(kind="tools", all=("read_file",), arguments={"read_file": {"path": "b"}})
    assert why_not_passed(expect, observed(("read_file", {"path": "a"}), ("read_file", {"path": "b"}))) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no case"),
        ("{", "suite.jsonl:1: is not JSON"),
        ("[" * 100_000, "suite.jsonl:1: is nested too deeply"),
        ('{"id": "a"}', "suite.jsonl:1: category: field required"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_broken_suite_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "suite.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SuiteError, match=message):
        load_suite(path)


def test_a_case_may_carry_a_note(tmp_path: Path) -> None:
    suite = tmp_path / "suite.jsonl"
    suite.write_text('{"id": "a", "category": "c", "prompt": "p", "expect": {"kind": "answer"}, "note": "from ana"}\n')
    assert [case.id for case in load_suite(suite)] == ["a"]


def test_an_id_may_not_stand_twice(tmp_path: Path) -> None:
    case = {"id": "a", "category": "c", "prompt": "p", "expect": {"kind": "answer"}}
    (tmp_path / "suite.jsonl").write_text(f"{json.dumps(case)}\n{json.dumps(case)}\n")
    with pytest.raises(SuiteError, match="'a' stands twice"):
        load_suite(tmp_path / "suite.jsonl")
