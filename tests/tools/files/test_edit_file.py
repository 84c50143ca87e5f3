"""edit_file: exactly the wanted change, and every other byte as it was."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

RunTool = Callable[..., Any]


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a = 1\nb = 2\n", "a = 1", "a = 3", b"a = 3\nb = 2\n"),
        (b"a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc\r\n"),
        (b"a\r\nb", "a\r\nb", "b", b"b"),
        (b"a\r\nb\r\nc\n", "c", "d\ne", b"a\r\nb\r\nd\r\ne\n"),
        (b"a\rb\r", "a\nb", "c\nd", b"c\rd\r"),
        (b"no end", "no", "an", b"an end"),
        (b"\xef\xbb\xbfx = 'a'\n", "'a'", "'ü'", b"\xef\xbb\xbfx = '\xc3\xbc'\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "'é'", "'è'", b"# coding: latin-1\nx = '\xe8'\n"),
        (b"bad \xff byte\nx\n", "x\n", "ü\n", b"bad \xff byte\n\xc3\xbc\n"),
        ("\ufeffa\nb".encode("utf-16-le"), "b", "ü", "\ufeffa\nü".encode("utf-16-le")),
        (b"f(a.b)\n", "(a.b)", r"[\1]", b"f[\\1]\n"),
        (b"x\ny\n", "x\n", "", b"y\n"),
    ],
)
def test_only_the_text_changes(root: Path, run_tool: RunTool, before: bytes, old: str, new: str, after: bytes) -> None:
    (root / "a.py").write_bytes(before)
    result = run_tool("edit_file", path="a.py", old=old, new=new)
    assert (root / "a.py").read_bytes() == after
    assert result.replacements == 1


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        ("".join(f"line {n}\n" for n in range(50)), "line 30\n", "thirty\nmore\n"),
        ("a\nb", "b", "c"),
        ("only", "only", "changed\n"),
        ("a\nb\n", "a\nb\n", "\n"),
        ("x\n" * 3 + "y\n" + "x\n" * 30 + "z", "y\n", ""),
    ],
)
def test_git_takes_the_diff(root: Path, run_tool: RunTool, before: str, old: str, new: str) -> None:
    (root / "a.txt").write_text(before)
    result = run_tool("edit_file", path="a.txt", old=old, new=new)
    after = (root / "a.txt").read_text()
    (root / "a.txt").write_text(before)
    subprocess.run(["git", "apply", "-"], cwd=root, input=result.diff.encode(), check=True)
    assert (root / "a.txt").read_text() == after
    lines = result.diff.splitlines()[2:]
    assert result.added == sum(line.startswith("+") for line in lines)
    assert result.removed == sum(line.startswith("-") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"old": "valeu = 1"}, r"not in a\.py; the nearest place is line 2: '    value = 1'\.$"),
        ({"old": "value = 1\nvalue = 2"}, "nearest place is line 2"),
        ({"old": "completely different thing"}, r"not in a\.py\.$"),
        ({"old": "pass"}, r"3 times, in lines 3, 5, 6; say more .* or set replace_all"),
        ({"old": "x", "new": "x"}, "same as the old"),
        ({"old": ""}, "empty"),
        ({"path": "b.py"}, "did you mean"),
        ({"path": "folder"}, "is a folder"),
        ({"path": "binary.dat"}, "binary"),
        ({"path": "../outside.py"}, "leads outside"),
        ({"path": "link.py"}, "leads outside"),
        ({"path": ".git/hooks/pre-commit"}, "belongs to git"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    root: Path, run_tool: RunTool, arguments: dict[str, Any], message: str
) -> None:
    text = "if x:\n    value = 1\n    pass\nelse:\n    pass\npass\n"
    (root / "a.py").write_text(text)
    (root / "folder").mkdir()
    (root / "binary.dat").write_bytes(b"x\0y")
    (root.parent / "outside.py").write_text("value = 1")
    (root / "link.py").symlink_to("../outside.py")
    (root / ".git" / "hooks").mkdir(parents=True)
    (root / ".git" / "hooks" / "pre-commit").write_text("value = 1")
    with pytest.raises(ToolError, match=message):
        run_tool("edit_file", **{"path": "a.py", "old": "value = 1", "new": "value = 2", **arguments})
    assert (root / "a.py").read_text() == text
    assert (root.parent / "outside.py").read_text() == "value = 1"


def test_replace_all(root: Path, run_tool: RunTool) -> None:
    (root / "a.py").write_bytes(b"old\nold\r\nolder\n")
    result = run_tool("edit_file", path="a.py", old="old", new="new", replace_all=True)
    assert (root / "a.py").read_bytes() == b"new\nnew\r\nnewer\n"
    assert (result.replacements, result.added, result.removed) == (3, 3, 3)
    assert result.summary == "Changed a.py in 3 places (+3 -3 lines)."


def test_a_character_the_encoding_lacks_is_a_clear_error(root: Path, run_tool: RunTool) -> None:
    (root / "a.py").write_bytes(b"# coding: latin-1\nx\n")
    with pytest.raises(ToolError, match="iso-8859-1, which has no '€'"):
        run_tool("edit_file", path="a.py", old="x", new="€")


def test_the_mode_stays_and_nothing_else_is_left_in_the_folder(root: Path, run_tool: RunTool) -> None:
    (root / "run.sh").write_text("old\n")
    (root / "run.sh").chmod(0o751)
    run_tool("edit_file", path="run.sh", old="old", new="new")
    assert stat.S_IMODE((root / "run.sh").stat().st_mode) == 0o751
    assert [path.name for path in root.iterdir()] == ["run.sh"]


def test_a_link_inside_stays_a_link(root: Path, run_tool: RunTool) -> None:
    (root / "real.py").write_text("old")
    (root / "link.py").symlink_to("real.py")
    result = run_tool("edit_file", path="link.py", old="old", new="new")
    assert result.path == "real.py"
    assert (root / "link.py").is_symlink()
    assert (root / "real.py").read_text() == "new"


def test_the_preview_is_the_diff_and_writes_nothing(root: Path) -> None:
    (root / "a.py").write_text("x = 1\n")
    tool = find_tool("edit_file")
    context = ToolContext(Workspace.at(root))
    shown = tool.preview(context, tool.validate({"path": "a.py", "old": "1", "new": "2"}))
    assert shown == "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    assert (root / "a.py").read_text() == "x = 1\n"
    assert tool.risk is Risk.EDITS


def test_an_edit_in_a_large_file_is_quick(root: Path, run_tool: RunTool) -> None:
    (root / "big.txt").write_text("".join(f"{n}\n" for n in range(1_000_000)))
    result = run_tool("edit_file", path="big.txt", old="\n500000\n", new="\nhalf\n")
    assert (result.added, result.removed) == (1, 1)
    assert "@@ -499998,7 +499998,7 @@" in result.diff


def test_several_edits_are_all_made_or_none(root: Path, run_tool: RunTool) -> None:
    (root / "a.py").write_text("a = 1\nb = 2\nc = 3\n")
    edits = [{"old": "c = 3", "new": "c = 4"}]
    result = run_tool("edit_file", path="a.py", old="a = 1", new="a = 2", edits=edits)
    assert (root / "a.py").read_text() == "a = 2\nb = 2\nc = 4\n"
    assert result.replacements == 2
    with pytest.raises(ToolError, match="not in"):
        run_tool("edit_file", path="a.py", old="b = 2", new="b = 0", edits=[{"old": "zzz", "new": ""}])
    assert (root / "a.py").read_text() == "a = 2\nb = 2\nc = 4\n"


def test_what_was_overlooked_is_told(root: Path, run_tool: RunTool) -> None:
    (root / "a.py").write_text("if x:\n    go('a')\n")
    result = run_tool("edit_file", path="a.py", old='go("a")', new="stop()")
    assert (root / "a.py").read_text() == "if x:\n    stop()\n"
    assert result.matched == "white space and quotes"
    assert "overlooking a difference in white space and quotes" in result.summary


@pytest.fixture
def session(root: Path, tmp_path: Path) -> ToolContext:
    changes = SessionChanges(root, Journal(tmp_path / "journal", root))
    changes.turn = "turn"
    return ToolContext(Workspace.at(root), changes=changes)


def test_a_file_that_changed_since_it_was_read_is_not_edited(root: Path, session: ToolContext) -> None:
    (root / "a.py").write_text("a = 1\nb = 2\n")
    find_tool("read_file").run(session, {"path": "a.py"})
    (root / "a.py").write_text("a = 1\nb = 3\n")
    edit = find_tool("edit_file")
    with pytest.raises(ToolError, match=r"^a\.py was changed since it was read: '-b = 2' '\+b = 3'; read it again\.$"):
        edit.run(session, {"path": "a.py", "old": "a = 1", "new": "a = 2"})
    with pytest.raises(ToolError, match="changed since it was read"):
        find_tool("write_file").run(session, {"path": "a.py", "content": ""})
    assert (root / "a.py").read_text() == "a = 1\nb = 3\n"
    find_tool("read_file").run(session, {"path": "a.py"})
    edit.run(session, {"path": "a.py", "old": "a = 1", "new": "a = 2"})
    edit.run(session, {"path": "a.py", "old": "a = 2", "new": "a = 3"})
    assert (root / "a.py").read_text() == "a = 3\nb = 3\n"


def test_the_edits_of_a_turn_are_taken_back_together(root: Path, session: ToolContext) -> None:
    (root / "a.py").write_text("a = 1\n")
    find_tool("edit_file").run(session, {"path": "a.py", "old": "1", "new": "2"})
    find_tool("write_file").run(session, {"path": "new/b.py", "content": "b\n"})
    assert session.changes is not None
    assert session.changes.journal is not None
    assert session.changes.journal.undo().paths == ("a.py", "new/b.py")
    assert (root / "a.py").read_text() == "a = 1\n"
    assert not (root / "new/b.py").exists()


def test_type_errors_that_an_edit_adds_and_cures_are_told(root: Path) -> None:
    (root / "a.py").write_text("x: int = 'a'\n\n\ny: int = 1\n")
    context = ToolContext(Workspace.at(root))
    server = LanguageServer(context.workspace)
    try:
        warm = replace(context, language_server=server)
        edit = find_tool("edit_file")
        assert edit.run(warm, {"path": "a.py", "old": "y: int = 1", "new": "y: int = 2"}).new_errors is None
        find_tool("typecheck").run(warm, {"path": "a.py"})
        result = edit.run(warm, {"path": "a.py", "old": "y: int = 2", "new": "y: int = 'b'"})
        assert [error.partition(":")[0] for error in result.new_errors] == ["4"]
        assert result.fixed_errors == ()
        result = edit.run(warm, {"path": "a.py", "old": "x: int = 'a'", "new": "\nx: int = 1"})
        assert (result.new_errors, len(result.fixed_errors)) == ((), 1)
        assert result.summary.endswith("(+2 -1 lines; 1 type error fixed).")
    finally:
        server.close()
