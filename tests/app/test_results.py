"""Results as rows of the trace."""

from __future__ import annotations

from punie_tools.actions.code_actions import CodeAction, CodeActionsResult
from punie_tools.code.execute_code import ExecuteCodeResult
from punie_tools.git.git_blame import BlamedLine, GitBlameResult
from punie_tools.git.git_log import Commit, GitLogResult
from punie_tui.app.widgets.trace.results import rows_of
from punie_tui.app.widgets.trace.rows import Row, text_of_rows


def text_of(row: Row) -> str:
    return "".join(text for text, _ in row.parts)


def test_code_actions_have_their_diffs_folded_under_them() -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1 @@\n-import os\n x = 1\n"
    action = CodeAction(
        id="a.py:1:ruff:0:0",
        title="F401: Remove unused \x1b[31mimport",
        kind="quickfix",
        source="ruff",
        line=1,
        is_safe=False,
        diff=diff,
    )
    result = CodeActionsResult(path="a.py", action_count=1, actions=(action,), note="pyright is away.")
    first, note = rows_of("code_actions", result.model_dump(mode="json"), 80)
    assert (first.path, first.line, first.is_expanded) == ("a.py", 1, False)
    assert text_of(first).endswith("import  ruff  unsafe")
    assert "\x1b" not in text_of(first)
    assert [text_of(row) for row in first.children] == ["a.py", "@@ -1,2 +1 @@", "-import os", " x = 1"]
    assert text_of(note) == "pyright is away."


def test_what_a_program_gave_is_a_tree_that_folds() -> None:
    value = [{"name": "\x1b[1ma", "tags": []}, {"name": "b", "tags": ["x", None]}]
    result = ExecuteCodeResult(output="done\n", value=value, duration=0.1)
    printed, tree = rows_of("execute_code", result.model_dump(mode="json"), 60)
    assert (text_of(printed), text_of(tree)) == ("done", "value")
    first, second = tree.children
    assert text_of(first) == '1: {"name": "␛[1ma", "tags": []}'.replace("␛", "\\u001b")
    assert not second.is_expanded
    assert [text_of(row) for row in second.children] == ['name: "b"', 'tags: ["x", null]']
    assert text_of_rows([second]).splitlines()[-2:] == ['    1: "x"', "    2: null"]


def test_a_printed_line_leads_to_the_place_that_it_names() -> None:
    result = ExecuteCodeResult(output="no place at 12:30\nshop/cart.py:7: total of \x1b[1mall\n", duration=0.1)
    plain, placed, more = rows_of("execute_code", result.model_dump(mode="json"), 20)
    assert (plain.path, plain.line) == ("", None)
    assert (placed.path, placed.line) == (more.path, more.line) == ("shop/cart.py", 7)


def test_blamed_lines_stand_below_their_commit_and_are_read_whole_in_a_narrow_pane() -> None:
    written = ["def post(self, amount: int) -> Entry:", "    entry = Entry(amount, text, when=now)", "", "\x1b[31mx"]
    lines = tuple(
        BlamedLine(
            line=number,
            hash=("ab" if number < 10 else "cd") * 20,
            author="Bob Longername-Builder",
            email="bob@example.org",
            date="2024-02-03T04:05:06+05:30",
            message="Begin",
            text=text,
        )
        for number, text in enumerate(written, 8)
    )
    result = GitBlameResult(path="shop/ledger.py", lines=lines).model_dump(mode="json")
    first, second = rows_of("git_blame", result, 40)
    assert (first.path, first.line, second.line) == ("shop/ledger.py", 8, 10)
    assert text_of(first) == "abababab Bob Longername-Builder, 2024-02-03  Begin"
    assert [text_of(row) for row in first.children] == [
        " 8 def post(self, amount: int) ->",
        "   Entry:",
        " 9     entry = Entry(amount, text,",
        "   when=now)",
    ]
    assert {(row.path, row.line) for row in first.children[2:]} == {("shop/ledger.py", 9)}
    assert "\x1b" not in text_of(second.children[1])
    # What is copied has each line once, with its indent.
    assert text_of_rows([first]).splitlines()[2] == f"   9 {written[1]}"


def test_subjects_of_commits_are_wrapped_beside_their_hash() -> None:
    commit = Commit(
        hash="ab" * 20,
        author="Ada Example",
        email="ada@example.org",
        date="2024-02-03T04:05:06+05:30",
        message="Begin the ledger with entries and a balance\n\nBody.",
        files_changed=1,
    )
    rows = rows_of("git_log", GitLogResult(commit_count=1, commits=(commit,)).model_dump(mode="json"), 36)
    assert [text_of(row) for row in rows] == [
        "abababab Begin the ledger with",
        "         entries and a balance",
        "         Ada Example, 2024-02-03",
    ]
