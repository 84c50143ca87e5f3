"""Every tool that edits, on every kind of file: encoding, mark, line ends, final line end and mode stay."""

from __future__ import annotations

import codecs
import stat
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

MARKS = {"utf-8": b"", "utf-8-sig": codecs.BOM_UTF8, "latin-1": b"", "utf-16-le": codecs.BOM_UTF16_LE}
LINE_ENDS = {"LF": ("\n",), "CRLF": ("\r\n",), "mixed": ("\n", "\r\n", "\r\n", "\r\n")}
MODES = (0o644, 0o755, 0o600)


@dataclass(frozen=True)
class Kind:
    """A file of four lines, of which one needs another encoding than ASCII."""

    number: int
    codec: str
    ends: str
    has_final_end: bool
    mode: int

    @property
    def path(self) -> str:
        return f"f{self.number}.py"

    @property
    def symbol(self) -> str:
        return f"name_{self.number}"

    @property
    def lines(self) -> list[str]:
        head = "# coding: latin-1" if self.codec == "latin-1" else "# a comment"
        return [head, "import os", f"{self.symbol} = 'é'", f"print( {self.symbol} )"]

    def bytes_of(self, lines: list[str], ends: list[str] | None = None) -> bytes:
        """With the line end that each line had, or those that are given."""
        ends = ends or self.line_ends
        if not self.has_final_end:
            ends = [*ends[: len(lines) - 1], ""]
        text = "".join(line + end for line, end in zip(lines, ends, strict=False))
        return MARKS[self.codec] + text.encode(self.codec.removesuffix("-sig"))

    @property
    def line_ends(self) -> list[str]:
        ends = LINE_ENDS[self.ends]
        return [ends[number % len(ends)] for number in range(4)]


KINDS = [Kind(number, *each) for number, each in enumerate(product(MARKS, LINE_ENDS, (True, False), MODES), start=1)]
FEW = KINDS[::4]
"""Some of each encoding, line end and mode, where a server is asked about one after the other."""
UTF_8 = ("utf-8", "utf-8-sig")
READ_BY_PYTHON = (*UTF_8, "latin-1")


@pytest.fixture
def project(root: Path) -> Path:
    for kind in KINDS:
        (root / kind.path).write_bytes(kind.bytes_of(kind.lines))
        (root / kind.path).chmod(kind.mode)
    return root


Call = Callable[..., Any]


@pytest.fixture
def call(project: Path) -> Generator[Call]:
    """Run a tool beside a warm server."""
    context = ToolContext(Workspace.at(project))
    server = LanguageServer(context.workspace)
    warm = replace(context, language_server=server)
    try:
        yield lambda name, **arguments: find_tool(name).run(warm, arguments)
    finally:
        server.close()


def assert_only_changed(project: Path, expected: Callable[[Kind], bytes]) -> None:
    for kind in KINDS:
        file = project / kind.path
        assert (file.read_bytes(), kind) == (expected(kind), kind)
        assert stat.S_IMODE(file.stat().st_mode) == kind.mode


def printed(kind: Kind) -> list[str]:
    return [*kind.lines[:3], "print(2)"]


def test_edit_file(project: Path, call: Call) -> None:
    for kind in KINDS:
        call("edit_file", path=kind.path, old=kind.lines[3], new="print(2)")
    assert_only_changed(project, lambda kind: kind.bytes_of(printed(kind)))


def test_write_file(project: Path, call: Call) -> None:
    for kind in KINDS:
        call("write_file", path=kind.path, content="\n".join(printed(kind)) + "\n" * kind.has_final_end)
    # Of different line ends the most frequent one.
    assert_only_changed(project, lambda kind: kind.bytes_of(printed(kind), [LINE_ENDS[kind.ends][-1]] * 4))


def test_apply_patch(project: Path, call: Call) -> None:
    hunks = [
        f"--- a/{kind.path}\n+++ b/{kind.path}\n@@ -3,2 +3,2 @@\n {kind.lines[2]}\n-{kind.lines[3]}\n+print(2)\n"
        for kind in KINDS
    ]
    call("apply_patch", patch="".join(hunks))
    assert_only_changed(project, lambda kind: kind.bytes_of(printed(kind)))


def test_rename_symbol(project: Path, call: Call) -> None:
    for kind in FEW:
        if kind.codec in READ_BY_PYTHON:
            call("rename_symbol", symbol=kind.symbol, new_name="other", path=kind.path)
        else:
            with pytest.raises(ToolError):
                call("rename_symbol", symbol=kind.symbol, new_name="other", path=kind.path)

    def renamed(kind: Kind) -> bytes:
        is_renamed = kind in FEW and kind.codec in READ_BY_PYTHON
        return kind.bytes_of([line.replace(kind.symbol, "other") if is_renamed else line for line in kind.lines])

    assert_only_changed(project, renamed)


def without_import(kind: Kind) -> bytes:
    if kind.codec not in UTF_8:
        return kind.bytes_of(kind.lines)
    lines, ends = list(kind.lines), list(kind.line_ends)
    del lines[1], ends[1]
    return kind.bytes_of(lines, ends)


def test_ruff_check(project: Path, call: Call) -> None:
    call("ruff_check", fix=True)
    assert_only_changed(project, without_import)


def test_apply_code_action(project: Path, call: Call) -> None:
    for kind in FEW:
        if kind.codec not in UTF_8:
            with pytest.raises(ToolError, match="code actions need UTF-8"):
                call("code_actions", path=kind.path, line=2)
            continue
        offered = call("code_actions", path=kind.path, line=2)
        (removal,) = [action for action in offered.actions if "Remove unused import" in action.title]
        call("apply_code_action", id=removal.id)
    assert_only_changed(project, lambda kind: without_import(kind) if kind in FEW else kind.bytes_of(kind.lines))


def formatted(kind: Kind) -> bytes:
    """ruff's layout is the first line's end everywhere, one at the end, and no byte-order mark."""
    if kind.codec not in UTF_8:
        return kind.bytes_of(kind.lines)
    lines = [kind.lines[0], kind.lines[1], "", f'{kind.symbol} = "é"', f"print({kind.symbol})"]
    return replace(kind, codec="utf-8", has_final_end=True).bytes_of(lines, [LINE_ENDS[kind.ends][0]] * 5)


def test_ruff_format(project: Path, call: Call) -> None:
    result = call("ruff_format")
    assert_only_changed(project, formatted)
    assert set(result.unreadable) == {kind.path for kind in KINDS if kind.codec not in UTF_8}


@pytest.mark.parametrize("name", ["edit_file", "write_file", "apply_patch"])
def test_what_the_encoding_lacks_is_refused(project: Path, call: Call, name: str) -> None:
    kind = next(kind for kind in KINDS if kind.codec == "latin-1")
    before = (project / kind.path).read_bytes()
    arguments: dict[str, dict[str, str]] = {
        "edit_file": {"path": kind.path, "old": "import os", "new": "'€'"},
        "write_file": {"path": kind.path, "content": "# coding: latin-1\n'€'\n"},
        "apply_patch": {"patch": f"--- a/{kind.path}\n+++ b/{kind.path}\n@@ -2 +2 @@\n-import os\n+'€'\n"},
    }
    with pytest.raises(ToolError, match="is written in iso-8859-1, which has no '€'"):
        call(name, **arguments[name])
    assert (project / kind.path).read_bytes() == before
