"""`@types:`, `@lint:`, `@failed:` and `@diff:` in a prompt: what was last known of the tree, and diffs."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import git

from punie_tools.quality.pytest_run import PytestRunResult, TestOutcome
from punie_tools.quality.ruff_check import ruff_check
from punie_tools.quality.typecheck import TypeCheckResult, TypeFinding
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.agent.attachment import words_of
from punie_tui.agent.events import TurnStarted
from punie_tui.agent.known_results import KnownResults
from punie_tui.agent.mention_reader import read_mention
from punie_tui.agent.person_calls import CallWatch
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

FILES = {"src/cart.py": "import os\nimport sys\n\ntotal = 1\n", "src/shop.py": "import re\n"}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


@pytest.fixture
def context(repository: Path) -> ToolContext:
    return ToolContext(Workspace.at(repository))


def type_result(path: str, *findings: TypeFinding) -> TypeCheckResult:
    return TypeCheckResult(
        success=True, path=path, error_count=len(findings), warning_count=0, errors=findings, files_checked=2
    )


def type_error(file: str, line: int, message: str) -> TypeFinding:
    return TypeFinding(file=file, line=line, column=1, severity="error", code="reportCallIssue", message=message)


def test_lint_findings_are_those_of_all_of_a_file_or_of_a_line(context: ToolContext) -> None:
    known = KnownResults()
    assert "not known yet; /findings or a ruff_check call" in read_mention("@lint:all", context, known).problem
    known.note(ruff_check(context))
    attached = read_mention("@lint:all", context, known)
    assert attached.kind == "findings"
    assert attached.name.startswith("3 lint findings, as of ")
    assert "src/shop.py:1:8: `re` imported but unused (F401)" in attached.text
    of_file = read_mention("@lint:src/cart.py", context, known)
    assert of_file.name.startswith("2 lint findings in src/cart.py, as of ")
    assert of_file.path == "src/cart.py"
    of_line = read_mention("@lint:src/cart.py:2", context, known)
    assert of_line.text == "src/cart.py:2:8: `sys` imported but unused (F401)"
    assert read_mention("@lint:src/none.py", context, known).problem == "No lint finding is known in src/none.py."


def test_a_later_check_replaces_what_was_known_of_its_files_only(context: ToolContext) -> None:
    known = KnownResults()
    known.note(type_result(".", type_error("src/cart.py", 1, "one"), type_error("lib/a.py", 2, "two")))
    known.note(type_result("src", type_error("src/shop.py", 3, "three")))
    text = read_mention("@types:all", context, known).text
    assert "lib/a.py:2:1: error: two (reportCallIssue)\nsrc/shop.py:3:1: error: three" in text
    assert "one" not in text


def test_a_check_of_a_few_rules_does_not_hide_what_the_others_found(context: ToolContext) -> None:
    known = KnownResults()
    known.note(ruff_check(context))
    before = read_mention("@lint:all", context, known).text
    known.note(ruff_check(context, rules=["I"]))
    assert read_mention("@lint:all", context, known).text == before


def test_what_changed_after_it_was_looked_at_is_named(context: ToolContext, repository: Path) -> None:
    known = KnownResults()
    known.note(ruff_check(context))
    later = (repository / "src/cart.py").stat().st_mtime + 3600
    os.utime(repository / "src/cart.py", (later, later))
    assert read_mention("@lint:all", context, known).text.endswith("\nChanged since: src/cart.py")


def test_what_changed_after_the_clock_was_set_back_is_named_too(context: ToolContext, repository: Path) -> None:
    known = KnownResults()
    known.note(run_of(("src/cart.py::test", "failed"), ("src/shop.py::test", "failed")))
    assert known.failures
    looked_at = known.failures.moment
    known.failures = replace(known.failures, moment=replace(looked_at, at=looked_at.at + 3600))
    for name, seconds in (("cart", 60), ("shop", -60)):
        os.utime(repository / f"src/{name}.py", (looked_at.at + seconds,) * 2)
    assert read_mention("@failed:all", context, known).text.endswith("\nChanged since: src/cart.py")


def run_of(*tests: tuple[str, str], target: str = "") -> PytestRunResult:
    outcomes = tuple(
        TestOutcome.model_validate(
            {
                "name": name,
                "outcome": outcome,
                "duration": 0,
                "file": name.partition("::")[0],
                "line": 3,
                "message": f"assert {name}" if outcome == "failed" else "",
                "output": "seen\n" if outcome == "failed" else "",
            }
        )
        for name, outcome in tests
    )
    counts = dict.fromkeys(("passed", "failed", "errors", "skipped", "xfailed", "xpassed"), 0)
    return PytestRunResult(success=True, target=target, keyword="", duration=0, tests=outcomes, **counts)


def test_failing_tests_are_all_those_of_a_file_or_one(context: ToolContext) -> None:
    known = KnownResults()
    assert "No test has run yet" in read_mention("@failed:all", context, known).problem
    known.note(run_of(("t.py::one", "failed"), ("t.py::two[a b]", "failed"), ("u.py::three", "failed")))
    assert read_mention("@failed:all", context, known).name.startswith("3 failing tests, as of ")
    assert read_mention("@failed:t.py", context, known).name.startswith("2 failing tests, as of ")
    one = read_mention('@"failed:t.py::two[a b]"', context, known)
    assert one.kind == "tests"
    assert "t.py::two[a b] failed at t.py:3\nassert t.py::two[a b]\nIt printed:\nseen" in one.text
    assert read_mention("@failed:t.py::on", context, known).problem.endswith("nearest: t.py::one.")
    # A run of one test tells nothing of the others; one of a file tells which of its tests are gone.
    known.note(run_of(("t.py::one", "passed"), target="t.py::one"))
    assert set(known.failures.tests if known.failures else ()) == {"t.py::two[a b]", "u.py::three"}
    known.note(run_of(("t.py::one", "passed"), target="t.py"))
    assert set(known.failures.tests if known.failures else ()) == {"u.py::three"}
    known.note(run_of(("u.py::three", "passed")))
    assert read_mention("@failed:all", context, known).problem == "No test has failed."


def test_a_run_tells_of_no_test_that_it_was_not_asked_for_or_did_not_reach() -> None:
    known = KnownResults()
    known.note(run_of(("t.py::one", "failed"), ("t.py::one_more", "failed"), ("t.py::gone", "failed")))
    known.note(run_of(("t.py::one", "passed"), target="./t.py::one"))
    assert set(known.failures.tests if known.failures else ()) == {"t.py::one_more", "t.py::gone"}
    known.note(run_of(("t.py::one", "passed")).model_copy(update={"incomplete": "stopped"}))
    assert set(known.failures.tests if known.failures else ()) == {"t.py::one_more", "t.py::gone"}
    known.note(run_of(("t.py::one_more", "failed"), target="."))
    assert set(known.failures.tests if known.failures else ()) == {"t.py::one_more"}


def test_a_rename_between_revisions_is_told(context: ToolContext, repository: Path) -> None:
    git(repository, "mv", "src/shop.py", "src/store.py")
    git(repository, "commit", "-qam", "Call it a store")
    told = read_mention("@diff:HEAD~1..HEAD", context, KnownResults()).text
    assert told == "src/shop.py is now src/store.py\n"


def test_diffs_are_those_of_the_tree_of_what_is_staged_and_of_revisions(context: ToolContext, repository: Path) -> None:
    known = KnownResults()
    assert "nothing that is not staged" in read_mention("@diff:tree", context, known).problem
    assert read_mention("@diff:staged", context, known).problem == "Nothing is staged."
    (repository / "src/cart.py").write_text("total = 2\n")
    git(repository, "add", "-A")
    (repository / "src/shop.py").write_text("name = 3\n")
    (repository / "new.py").write_text("")
    staged = read_mention("@diff:staged", context, known)
    assert (staged.kind, staged.name) == ("diff", "staged, 1 file +1 -4")
    assert "+total = 2" in staged.text
    assert "name = 3" not in staged.text
    tree = read_mention("@diff:tree", context, known)
    assert tree.name == "working tree, 1 file +1 -1, 1 new file"
    assert "New files: new.py" in tree.text
    assert "+name = 3" in tree.text
    assert "total = 2" not in tree.text
    git(repository, "commit", "-qm", "Count to two")
    commit = read_mention("@diff:HEAD", context, known)
    assert "Count to two" in commit.text
    assert "+total = 2" in commit.text
    between = read_mention("@diff:HEAD~1..HEAD", context, known)
    assert between.name.endswith(", 1 file +1 -4")
    assert "+total = 2" in between.text
    assert read_mention("@diff:HEAD..HEAD", context, known).problem == "Nothing differs in HEAD..HEAD."
    assert "There is no revision 'nowhere'" in read_mention("@diff:nowhere", context, known).problem


def test_a_file_of_such_a_name_is_mentioned_by_its_folder(context: ToolContext, repository: Path) -> None:
    (repository / "diff:tree").write_text("a file\n")
    assert read_mention("@./diff:tree", context, KnownResults()).text == "a file\n"


def test_the_session_knows_what_its_turns_and_its_person_found(repository: Path) -> None:
    check = ToolCall("c", "ruff_check", {"path": "src/cart.py"})
    engine = ScriptedEngine([[check], [TextDelta("seen")], [TextDelta("fixed")]])
    with closing(Session(repository, engine, Settings())) as session:
        list(session.run("lint the cart"))
        known = session.known.findings("lint")
        assert known is not None
        assert len(known.found) == 2
        session.person_calls.run("ruff_check", {}, CallWatch())
        known = session.known.findings("lint")
        assert known is not None
        assert len(known.found) == 3
        prompt = "mend @lint:src/shop.py and @failed:all"
        started = next(iter(session.run(prompt, mentions=["@lint:src/shop.py", "@failed:all"])))
        assert isinstance(started, TurnStarted)
        assert started.attachments[0].text == "src/shop.py:1:8: `re` imported but unused (F401)"
        assert words_of(prompt, started.attachments) == "mend the lint findings in src/shop.py and @failed:all"
