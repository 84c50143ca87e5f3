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


@pytest.mark.parametrize("tool", CALLS)
def test_where_nothing_is_accepted_nothing_is_written(root: Path, tool: str) -> None:
    with pytest.raises(ToolError, match="nothing stands"):
        run(root, tool, lambda review: None)
    assert (root / "code.py").read_text() == CODE
