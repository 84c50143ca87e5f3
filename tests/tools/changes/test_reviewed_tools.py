"""Every tool that edits lets a review decide: what it does not let stand is neither written nor told as done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.errors import ToolError
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files

CODE = (
    "import os\nimport sys\n\n\ndef one( ):\n    return 1\n\n\n"
    + "# far\n" * 9
    + "\n\ndef two( ):\n    return one( )\n"
)
PATCH = """--- a/code.py
+++ b/code.py
@@ -5,2 +5,2 @@
-def one( ):
+def first( ):
     return 1
@@ -20,2 +20,2 @@
-def two( ):
+def second( ):
     return one( )
"""
CALLS: Mapping[str, Mapping[str, Any]] = {
    "edit_file": {"path": "code.py", "old": "( )", "new": "()", "replace_all": True},
    "write_file": {"path": "code.py", "content": CODE.replace("( )", "()")},
    "apply_patch": {"patch": PATCH},
    "rename_symbol": {"symbol": "one", "new_name": "first"},
    "ruff_check": {"path": "code.py", "fix": True},
    "ruff_format": {"path": "code.py"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path, {"code.py": CODE})
    return tmp_path


def run(root: Path, tool: str, decide: Callable[[Review], None]) -> tuple[str, Review]:
    """The result as JSON, and the review that was asked for."""
    asked: list[Review] = []

    def review(changes: Sequence[FileChange]) -> Sequence[FileChange]:
        asked.append(Review(changes))
        decide(asked[-1])
        if not asked[-1].standing_changes:
            raise ToolError("nothing stands")
        return asked[-1].standing_changes

    result = find_tool(tool).run(ToolContext(Workspace.at(root), review=review), CALLS[tool])
    return result.model_dump_json(), asked[-1]


def accept_first(review: Review) -> None:
    while review.split(0, 0):
        pass
    review.decide("accepted", 0, 0)


def test_all_that_edit_files_can_be_reviewed() -> None:
    editing = {tool.name for tool in TOOLS if tool.risk is Risk.EDITS and not tool.name.startswith("git_")}
    assert (
        {tool.name for tool in TOOLS if tool.is_reviewable} == {*editing, "ruff_check"} == {*CALLS, "apply_code_action"}
    )


@pytest.mark.parametrize("tool", CALLS)
def test_what_is_accepted_alone_is_written_and_told(root: Path, tool: str) -> None:
    result, review = run(root, tool, accept_first)
    stands = review.files[0].stands
    assert stands is not None
    written = (root / "code.py").read_bytes()
    assert written == stands.data != CODE.encode()
    rejected = [hunk for hunk in review.files[0].hunks if hunk.verdict != "accepted"]
    diff = json.loads(result)["diff"]
    for hunk in rejected:
        assert all(f"+{line.decode()}" not in diff for line in hunk.new if line not in review.files[0].hunks[0].new)


TOLD = {
    "edit_file": "Changed code.py in 1 place (+1 -1 lines)",
    "write_file": "Changed code.py (+1 -1 lines)",
    "apply_patch": "Patched 1 file (+1 -1 lines): code.py changed",
    "rename_symbol": "Renamed one to first in 1 place of 1 file: code.py:5",
    "ruff_format": "1 of 1 file formatted: code.py (code.py in part)",
}


@pytest.mark.parametrize("tool", TOLD)
def test_the_summary_counts_what_was_written_and_says_that_the_rest_was_rejected(root: Path, tool: str) -> None:
    told = json.loads(run(root, tool, accept_first)[0])
    assert told["summary"] == f"{TOLD[tool]}; in the review not all of it was left as proposed."
    assert told["is_partial"]


def test_violations_are_counted_again_where_a_part_of_the_fixes_is_written(root: Path) -> None:
    far = "# far\n" * 9
    code = f"import os\n{far}import sys\n{far}import json\n{far}print(unknown)\n"
    write_files(root, {"code.py": code, "ruff.toml": 'lint.select = ["F"]\n'})
    told = json.loads(run(root, "ruff_check", accept_first)[0])
    assert (told["fixed_count"], told["violation_count"], told["fixable_count"]) == (1, 3, 2)
    assert told["summary"].startswith("Fixed 1 violation in code.py; 3 left, 2 fixable: code.py:10 F401 `sys`")
    assert told["summary"].endswith("; in the review not all of it was left as proposed.")


@pytest.mark.parametrize("tool", CALLS)
def test_what_is_accepted_as_a_whole_is_told_as_without_a_review(root: Path, tool: str) -> None:
    reviewed, _ = run(root, tool, lambda review: review.decide("accepted", 0))
    (root / "code.py").write_text(CODE)
    plain = find_tool(tool).run(ToolContext(Workspace.at(root)), CALLS[tool])
    assert reviewed == plain.model_dump_json()
    assert not json.loads(reviewed)["is_partial"]


@pytest.mark.parametrize("tool", CALLS)
def test_where_nothing_is_accepted_nothing_is_written(root: Path, tool: str) -> None:
    with pytest.raises(ToolError, match="nothing stands"):
        run(root, tool, lambda review: None)
    assert (root / "code.py").read_text() == CODE
