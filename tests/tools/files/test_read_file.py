"""read_file: exact text, true counts, and no file too strange or too large."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.files.read_file import CHARACTER_LIMIT, read_file
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

RunTool = Callable[..., Any]


@pytest.mark.parametrize("text", ["", "one", "one\n", "one\ntwo", "one\ntwo\n", "\n\n", "ü\n\n𝄞"])
def test_the_content_is_the_text_and_the_counts_are_python_s(root: Path, run_tool: RunTool, text: str) -> None:
    (root / "a.txt").write_text(text, encoding="utf-8")
    result = run_tool("read_file", path="a.txt")
    assert result.content == text
    assert result.line_count == result.end_line == len(text.splitlines())
    assert not result.truncated


@pytest.mark.parametrize(
    ("start", "end", "content"),
    [(2, 3, "2\n3\n"), (2, None, "2\n3\n4"), (1, 1, "1\n"), (4, 9, "4"), (4, 4, "4")],
)
def test_a_range_of_lines(root: Path, run_tool: RunTool, start: int, end: int | None, content: str) -> None:
    (root / "a.txt").write_text("1\n2\n3\n4")
    result = run_tool("read_file", path="a.txt", start_line=start, end_line=end)
    assert result.content == content
    assert (result.start_line, result.end_line) == (start, min(end or 4, 4))
    assert result.line_count == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_line": 0}, "count from 1"),
        ({"start_line": 3, "end_line": 2}, "before start_line"),
        ({"start_line": 5}, "has only 4 lines"),
        ({"path": "folder"}, "is a folder"),
        ({"path": "b.txt"}, "did you mean 'a.txt'"),
        ({"path": "zero.bin"}, "zero.bin is a binary file"),
    ],
)
def test_wrong_requests_are_clear(root: Path, run_tool: RunTool, arguments: dict[str, Any], message: str) -> None:
    (root / "a.txt").write_text("1\n2\n3\n4")
    (root / "folder").mkdir()
    (root / "zero.bin").write_bytes(b"ab\0cd")
    with pytest.raises(ToolError, match=message):
        run_tool("read_file", **{"path": "a.txt", **arguments})


@pytest.mark.parametrize(
    ("name", "data", "content"),
    [
        ("bom.py", b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("latin.py", b"# -*- coding: latin-1 -*-\ns = '\xe9'\n", "# -*- coding: latin-1 -*-\ns = 'é'\n"),
        ("wrong.py", b"# coding: klingon\n\xff\n", "# coding: klingon\n\ufffd\n"),
        ("plain.txt", b"caf\xe9\n", "caf\ufffd\n"),
        ("wide.txt", "\ufeffhé\nllo".encode("utf-16-le"), "hé\nllo"),
        ("windows.txt", b"a\r\nb\r\n", "a\nb\n"),
    ],
)
def test_encodings(root: Path, run_tool: RunTool, name: str, data: bytes, content: str) -> None:
    (root / name).write_bytes(data)
    assert run_tool("read_file", path=name).content == content


def test_a_long_file_comes_in_pages_of_whole_lines(root: Path, run_tool: RunTool) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 60_001))
    (root / "a.txt").write_text(text)
    pages = [run_tool("read_file", path="a.txt")]
    assert pages[0].truncated
    assert pages[0].summary == (
        f"Lines 1 to {pages[0].end_line} of the 60000 lines of a.txt; "
        f"the next page begins at start_line={pages[0].end_line + 1}."
    )
    while pages[-1].next_line:
        pages.append(run_tool("read_file", path="a.txt", start_line=pages[-1].next_line))
    assert "".join(page.content for page in pages) == text
    assert {page.line_count for page in pages} == {60_000}
    assert (pages[-1].end_line, pages[-1].truncated) == (60_000, False)


def test_a_line_longer_than_a_page_is_cut_and_says_so(root: Path, run_tool: RunTool) -> None:
    (root / "a.js").write_text("first\n" + "é" * (CHARACTER_LIMIT + 9) + "\nlast")
    first = run_tool("read_file", path="a.js")
    assert (first.content, first.next_line, first.is_line_cut) == ("first\n", 2, False)
    vast = run_tool("read_file", path="a.js", start_line=2)
    assert vast.content == "é" * CHARACTER_LIMIT
    assert (vast.end_line, vast.next_line, vast.is_line_cut, vast.truncated) == (2, 3, True, True)
    assert "line 2 is cut after 262,144 characters; the next page begins at start_line=3" in vast.summary
    assert run_tool("read_file", path="a.js", start_line=3).content == "last"


@pytest.mark.parametrize("size", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_line_ends_and_characters_across_chunks(root: Path, run_tool: RunTool, size: int) -> None:
    (root / "a.txt").write_bytes(b"x" * (size - 2) + "é\r\nb\r\n".encode())
    assert run_tool("read_file", path="a.txt", start_line=2).content == "b\n"
    assert run_tool("read_file", path="a.txt").line_count == 2


def test_a_pipe_put_in_the_file_s_place_is_not_waited_for(root: Path) -> None:
    """What resolve() saw may be gone when the file is opened."""
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("pipe")

    class Late(Workspace):
        def resolve(self, path: str, *, must_exist: bool = True) -> Path:
            return self.root / path

    for name, message in (("pipe", "pipe is no longer a file"), ("link", "link cannot be read")):
        with pytest.raises(ToolError, match=message):
            read_file(ToolContext(Late(root)), name)


def test_a_huge_file_and_a_huge_line_do_not_fill_the_memory(root: Path) -> None:
    with (root / "huge.txt").open("wb") as file:
        file.write(b"x" * 50_000_000 + b"\n")
        file.truncate(50_000_001)
        for _ in range(150):
            file.write(b"y" * 999_999 + b"\n")
    code = (
        "from pathlib import Path\n"
        "from punie_tools.files.read_file import TOOL\n"
        "from punie_tools.tool import ToolContext\n"
        "from punie_tools.workspace import Workspace\n"
        "import resource\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "result = TOOL.run(ToolContext(Workspace.at(Path('.'))), {'path': 'huge.txt'})\n"
        "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "print(result.line_count, result.truncated, grown)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    line_count, truncated, grown = finished.stdout.split()
    assert (line_count, truncated) == ("151", "True")
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 40_000_000


def test_a_file_that_may_not_be_read_is_a_clear_error(root: Path, run_tool: RunTool) -> None:
    (root / "secret.txt").write_text("x")
    (root / "secret.txt").chmod(0)
    if os.access(root / "secret.txt", os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(ToolError, match="permission denied"):
        run_tool("read_file", path="secret.txt")


def test_reading_stops_when_the_person_says_so(root: Path) -> None:
    (root / "a.txt").write_text("x\n")
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(ToolCancelledError):
        read_file(ToolContext(Workspace.at(root), cancelled=cancelled), "a.txt")


def test_the_summary_says_what_was_read(root: Path, run_tool: RunTool) -> None:
    (root / "a.txt").write_text("1\n2\n3\n")
    assert run_tool("read_file", path="a.txt").summary == "a.txt has 3 lines."
    assert run_tool("read_file", path="a.txt", end_line=2).summary == "Lines 1 to 2 of the 3 lines of a.txt."
    (root / "a.txt").write_text("")
    assert run_tool("read_file", path="a.txt").summary == "a.txt is empty."
