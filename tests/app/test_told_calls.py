"""How the chat tells a call that edits: its files in one row, and then what became of them, with the diff folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from app_driver import Drive, Driven

from punie_tui.agent.events import ToolRequested
from punie_tui.app.widgets.chat.told_calls import call_line
from punie_tui.engine.protocol import TextDelta, ToolCall

OLD = "def add(a, b):\n    return a + b\n"
NEW = 'def add(a: int, b: int) -> int:\n    """Return the sum."""\n    return a + b\n'
EDIT = ToolCall("c1", "edit_file", {"path": "pkg/a.py", "old": OLD, "new": NEW})


def shown(driven: Driven) -> list[str]:
    """What stands on the screen, line by line."""
    transcript = driven.transcript
    lines = (transcript.render_line(y) for y in range(transcript.size.height))
    return ["".join(part.text for part in line).strip() for line in lines]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"pkg/a.py": f"import os\n\n\n{OLD}"})


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("edit_file", {"path": "a.py", "old": "x\ny", "new": "z"}, "edit_file a.py"),
        ("write_file", {"path": "a\x1b]0;x\a.py", "content": "x\n" * 1000}, "write_file a␛]0;x␇.py"),
        ("apply_patch", {"patch": "*** Begin Patch\n*** Update File: b.py\n@@\n-x\n+y\n"}, "apply_patch b.py"),
        ("apply_patch", {"patch": "--- a/c.py\n+++ b/c.py\n@@ -1 +1 @@\n-x\n+y\n"}, "apply_patch c.py"),
        ("apply_patch", {"patch": "".join(f"+++ b/{name}\n" for name in "abcd")}, "apply_patch a, b and 2 more"),
        ("apply_patch", {"patch": "nothing"}, "apply_patch(patch='nothing')"),
        ("edit_file", {"path": 3}, "edit_file(path=3)"),
        ("grep", {"pattern": "x"}, "grep(pattern='x')"),
    ],
)
def test_a_call_is_told_in_one_row(tool: str, arguments: Mapping[str, object], told: str) -> None:
    assert call_line(ToolRequested(call_id="c", tool=tool, arguments=dict(arguments))) == told


async def test_what_became_of_an_edit_is_told_whole_however_long_its_line(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    name = f"{'a_folder_with_a_long_name/' * 4}a.py"
    edit = ToolCall("c1", "edit_file", {"path": name, "old": OLD, "new": NEW})
    async with drive(
        make_repository({name: OLD}), [[edit], [TextDelta("Done.")]], size=(60, 30), allow_all=True
    ) as driven:
        await driven.ask("type it")
        await driven.finished()
        assert any("(+2 -1 lines)." in row for row in shown(driven))
        assert not any("Return the sum" in row for row in shown(driven))


async def test_an_edit_is_two_rows_and_its_diff_unfolds(drive: Drive, repository: Path) -> None:
    replies = [[EDIT], [TextDelta("Done.")]]
    async with drive(repository, replies, writes_answers=True, allow_all=True) as driven:
        await driven.ask("type it")
        await driven.finished()
        rows = shown(driven)
        assert "· edit_file pkg/a.py" in rows
        assert "✓ Changed pkg/a.py in 1 place (+2 -1 lines)." in rows
        assert not any("Return the sum" in row for row in rows)
        await driven.pilot.press("alt+c")
        while not any(row.startswith("▌✓ Changed") for row in shown(driven)):
            await driven.pilot.press("up")
        await driven.pilot.press("space")
        await driven.pilot.pause()
        assert any('+    """Return the sum."""' in line for line in shown(driven))


async def test_what_became_of_an_edit_is_told_once(drive: Drive, repository: Path) -> None:
    # Without an answer of its own the turn's is made of the results.
    async with drive(repository, [[EDIT]], allow_all=True) as driven:
        await driven.ask("type it")
        await driven.finished()
        assert driven.transcript.plain_text.count("Changed pkg/a.py in 1 place") == 1
