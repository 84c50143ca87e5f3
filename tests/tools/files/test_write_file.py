"""write_file: the whole content, in the file's own form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.files.write_file import TOOL
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

RunTool = Callable[..., Any]


def test_a_new_file_with_the_folders_it_needs(root: Path, run_tool: RunTool) -> None:
    result = run_tool("write_file", path="a/b/c.py", content="x = 1\ny = 2\n")
    assert (root / "a/b/c.py").read_text() == "x = 1\ny = 2\n"
    assert (result.created, result.path, result.added, result.removed) == (True, "a/b/c.py", 2, 0)
    assert result.diff.startswith("--- a/a/b/c.py\n+++ b/a/b/c.py\n@@ -0,0 +1,2 @@\n+x = 1\n")
    assert result.summary == "Created a/b/c.py (+2 -0 lines)."
    (root / "plain").write_text("")
    assert (root / "a/b/c.py").stat().st_mode == (root / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\nb\r\n", b"x\r\ny"),
        (b"a\nb\r\nc\rd\r\n", b"x\r\ny"),
        (b"a\rb\r", b"x\ry"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfx\ny"),
        ("# coding: latin-1\né\n".encode("latin-1"), b"x\ny"),
        ("a\n".encode("utf-16"), b"\xff\xfe" + "x\ny".encode("utf-16-le")),
        ("a\n".encode("utf-32"), b"\xff\xfe\0\0" + "x\ny".encode("utf-32-le")),
        (b"", b"x\ny"),
    ],
)
def test_a_file_that_is_there_keeps_its_form(root: Path, run_tool: RunTool, before: bytes, after: bytes) -> None:
    (root / "a.py").write_bytes(before)
    (root / "a.py").chmod(0o750)
    result = run_tool("write_file", path="a.py", content="x\ny")
    assert (root / "a.py").read_bytes() == after
    assert (root / "a.py").stat().st_mode & 0o777 == 0o750
    assert not result.created
    assert [path.name for path in root.iterdir()] == ["a.py"]


def test_only_python_s_own_files_say_in_a_comment_what_they_are_written_in(root: Path, run_tool: RunTool) -> None:
    (root / "notes.txt").write_text("# coding: latin-1\n", encoding="utf-8")
    run_tool("write_file", path="notes.txt", content="# coding: latin-1\né €\n")
    assert (root / "notes.txt").read_text(encoding="utf-8") == "# coding: latin-1\né €\n"


def test_a_nul_is_written_nowhere(root: Path, run_tool: RunTool) -> None:
    with pytest.raises(ToolError, match="NUL character"):
        run_tool("write_file", path="a.txt", content="x\0y")
    assert list(root.iterdir()) == []


def test_the_same_content_changes_nothing(root: Path, run_tool: RunTool) -> None:
    (root / "a.py").write_text("x\n")
    before = (root / "a.py").stat()
    assert run_tool("write_file", path="a.py", content="x\n").summary == "a.py already has this content."
    assert (root / "a.py").stat() == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../a.py", "leads outside"),
        ("folder", "is a folder"),
        (".git/hooks/pre-commit", "belongs to git"),
        ("sub/.GIT/config", "belongs to git"),
        ("a.py/b.py", "not a directory|cannot be"),
        ("out/a.py", "leads outside"),
        ("binary.dat", "binary"),
    ],
)
def test_what_cannot_be_done_changes_nothing(root: Path, run_tool: RunTool, path: str, message: str) -> None:
    (root / "folder").mkdir()
    (root / "a.py").write_text("")
    (root / "out").symlink_to("..")
    (root / "binary.dat").write_bytes(b"x\0")
    before = sorted(root.rglob("*")), sorted(root.parent.iterdir())
    with pytest.raises(ToolError, match=message):
        run_tool("write_file", path=path, content="x")
    assert (sorted(root.rglob("*")), sorted(root.parent.iterdir())) == before


def test_the_preview_is_the_diff_and_writes_nothing(root: Path) -> None:
    context = ToolContext(Workspace.at(root))
    assert TOOL.preview(context, {"path": "a.py", "content": "x\n"}).endswith("+x\n")
    assert TOOL.preview(context, {"path": "a.py", "content": ""}) == "a.py: new, empty\n"
    assert list(root.iterdir()) == []
    (root / "a.py").write_text("x\n")
    assert TOOL.preview(context, {"path": "a.py", "content": "x\n"}) is None
