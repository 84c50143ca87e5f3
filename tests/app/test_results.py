"""Results as rows of the trace."""

from __future__ import annotations

from punie_tools.actions.code_actions import CodeAction, CodeActionsResult
from punie_tools.code.execute_code import ExecuteCodeResult
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
