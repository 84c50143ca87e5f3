"""A file must be what the session last read: deleted, a folder or a link now, no tool touches it.

Changed, it is edited only by tools that work their edit out from what it is now.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

TEXT = "import os\nname = 1\nprint( name )\n"
OTHER = "import sys\nname = 2\n"

Call = Callable[..., Any]

PATCH = "--- a/a.py\n+++ b/a.py\n@@ -2 +2 @@\n-name = 1\n+name = 3\n"
CALLS: list[tuple[str, dict[str, object]]] = [
    ("edit_file", {"path": "a.py", "old": "name = 1", "new": "name = 3"}),
    ("write_file", {"path": "a.py", "content": "new\n"}),
    ("apply_patch", {"patch": PATCH}),
    ("apply_patch", {"patch": "*** Begin Patch\n*** Delete File: a.py\n*** End Patch\n"}),
    ("rename_symbol", {"symbol": "name", "new_name": "other", "path": "a.py"}),
    ("ruff_check", {"path": "a.py", "fix": True}),
    ("ruff_format", {"path": "a.py"}),
    ("apply_code_action", {}),
]


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """An action that is offered for a.py: its id names the path and the content, so it is the same in every tree."""
    folder = tmp_path_factory.mktemp("offered")
    (folder / "a.py").write_text(TEXT)
    offered: Any = find_tool("code_actions").run(ToolContext(Workspace.at(folder)), {"path": "a.py", "line": 1})
    return {"id": offered.actions[0].id}


@pytest.fixture
def session(root: Path, tmp_path: Path) -> ToolContext:
    """One that has read a.py."""
    (root / "a.py").write_text(TEXT)
    context = ToolContext(Workspace.at(root), changes=SessionChanges(root, Journal(tmp_path / "journal", root)))
    find_tool("read_file").run(context, {"path": "a.py"})
    return context


@pytest.fixture
def call(session: ToolContext) -> Call:
    def run(name: str, arguments: dict[str, object]) -> Any:
        return find_tool(name).run(session, arguments)

    return run


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def delete(root: Path) -> None:
    (root / "a.py").unlink()


def make_folder(root: Path) -> None:
    delete(root)
    (root / "a.py").mkdir()
    (root / "a.py" / "b.py").write_text(OTHER)


def make_link(root: Path) -> None:
    (root / "a.py").rename(root / "b.py")
    (root / "a.py").symlink_to("b.py")


def make_dangling_link(root: Path) -> None:
    delete(root)
    (root / "a.py").symlink_to("b.py")


def make_link_outside(root: Path) -> None:
    (root / "a.py").rename(root.parent / "outside.py")
    (root / "a.py").symlink_to("../outside.py")


def make_pipe(root: Path) -> None:
    delete(root)
    os.mkfifo(root / "a.py")


CHANGES = [delete, make_folder, make_link, make_dangling_link, make_link_outside, make_pipe]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=[name for name, _ in CALLS])
def test_what_is_no_longer_that_file_is_refused(
    root: Path,
    call: Call,
    action: dict[str, object],
    name: str,
    arguments: dict[str, object],
    change: Callable[[Path], None],
) -> None:
    change(root)
    before = contents(root), (root.parent / "outside.py").exists(), os.path.lexists(root / "a.py")
    with pytest.raises(ToolError) as caught:
        call(name, action if name == "apply_code_action" else arguments)
    assert (contents(root), (root.parent / "outside.py").exists(), os.path.lexists(root / "a.py")) == before
    assert "a.py" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deleted_file_is_made_anew_after_another_look(root: Path, call: Call) -> None:
    delete(root)
    write = {"path": "a.py", "content": "new\n"}
    created = {"patch": "--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+new\n"}
    for name, arguments in (("write_file", write), ("apply_patch", created)):
        with pytest.raises(ToolError, match=r"^a\.py was deleted since it was read; nothing was done\. Read it again"):
            call(name, arguments)
    with pytest.raises(ToolError, match="There is no file"):
        call("read_file", {"path": "./a.py"})
    assert call("write_file", write).created


def test_a_link_is_followed_after_another_look(root: Path, call: Call) -> None:
    make_link(root)
    edit = {"path": "a.py", "old": "name = 1", "new": "name = 3"}
    with pytest.raises(
        ToolError, match=r"^a\.py was a\.py when it was read, and leads to b\.py now; nothing was done\."
    ):
        call("edit_file", edit)
    call("read_file", {"path": "a.py"})
    assert call("edit_file", edit).path == "b.py"


def test_a_link_that_leads_elsewhere_now(root: Path, call: Call) -> None:
    (root / "b.py").write_text(OTHER)
    (root / "link.py").symlink_to("a.py")
    call("read_file", {"path": "link.py"})
    (root / "link.py").unlink()
    (root / "link.py").symlink_to("b.py")
    with pytest.raises(ToolError, match=r"link\.py was a\.py when it was read, and leads to b\.py now"):
        call("write_file", {"path": "link.py", "content": ""})


def test_a_folder_of_the_path_that_is_a_link_now(root: Path, call: Call) -> None:
    for folder in ("one", "two"):
        (root / folder).mkdir()
        (root / folder / "c.py").write_text(TEXT)
    call("read_file", {"path": "one/c.py"})
    (root / "one").rename(root / "gone")
    (root / "one").symlink_to("two")
    with pytest.raises(ToolError, match=r"one/c\.py was one/c\.py when it was read, and leads to two/c\.py now"):
        call("edit_file", {"path": "one/c.py", "old": "name = 1", "new": "name = 3"})


def test_a_file_that_the_session_itself_removed_is_made_anew(root: Path, call: Call) -> None:
    call("apply_patch", {"patch": "*** Begin Patch\n*** Delete File: a.py\n*** End Patch\n"})
    assert call("write_file", {"path": "a.py", "content": "new\n"}).created


WORKED_OUT = [
    ("rename_symbol", {"symbol": "name", "new_name": "other", "path": "a.py"}, b"other = 1\nprint( other )\n"),
    ("ruff_check", {"path": "a.py", "fix": True}, b"# mine\nname = 1\nprint( name )\n"),
    ("ruff_format", {"path": "a.py"}, b"import os\n\nname = 1\nprint(name)\n"),
    ("apply_code_action", {}, b"# mine\nname = 1\nprint( name )\n"),
]


@pytest.mark.parametrize(("name", "arguments", "end"), WORKED_OUT, ids=[name for name, *_ in WORKED_OUT])
def test_what_is_worked_out_from_a_changed_file_needs_no_reading_and_lets_the_next_edit_lose_nothing(
    root: Path, session: ToolContext, call: Call, name: str, arguments: dict[str, object], end: bytes
) -> None:
    changed = f"# mine\n{TEXT}"
    (root / "a.py").write_text(changed)
    if name == "apply_code_action":
        offered = call("code_actions", {"path": "a.py", "line": 2}).actions
        arguments = {"id": next(each.id for each in offered if each.title.startswith("F401: Remove"))}

    def written_over(changes: Sequence[FileChange]) -> Sequence[FileChange]:
        (root / "a.py").write_text(OTHER)
        return changes

    with pytest.raises(ToolError, match=r"^a\.py was changed by somebody else meanwhile; nothing was done\.$"):
        find_tool(name).run(replace(session, review=written_over), arguments)
    assert (root / "a.py").read_text() == OTHER
    (root / "a.py").write_text(changed)
    call(name, arguments)
    assert (root / "a.py").read_bytes().startswith(b"# mine\n")
    assert (root / "a.py").read_bytes().endswith(end)
    for old in CALLS[:4]:
        with pytest.raises(ToolError, match=r"^a\.py was changed since it was read: "):
            call(*old)
