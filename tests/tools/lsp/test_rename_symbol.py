"""rename_symbol: everywhere or nowhere, byte by byte, and never a symbol that was not meant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Server
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

Run = Callable[..., Any]
Answer = TypeVar("Answer")

REPORT = """\
from ledger import Ledger, total

x = "😀é"; Ledger().post(); y = "😀"; Ledger().post()
print(total)
"""
PROJECT = {
    "ledger.py": b"\xef\xbb\xbfclass Ledger:\r\n\tdef post(self): return 1\r\n\r\ntotal = 1\r\ntotal = 2\r\n",
    "report.py": REPORT.encode(),
    "mail.py": b"class Letter:\n    def post(self): ...\n",
}


@pytest.fixture
def root(shared_folder: Path) -> Path:
    return shared_folder


@pytest.fixture
def language_server(shared_server: LanguageServer) -> LanguageServer:
    return shared_server


@pytest.fixture
def project(root: Path) -> Path:
    for name, data in PROJECT.items():
        (root / name).write_bytes(data)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.glob("*.py")}


def test_every_place_changes_and_every_other_byte_stays(project: Path, run_warm: Run) -> None:
    result = run_warm("rename_symbol", symbol="Ledger.post", new_name="book")
    expected = {name: data.replace(b"post", b"book") if name != "mail.py" else data for name, data in PROJECT.items()}
    assert contents(project) == expected
    assert (result.file_count, result.edit_count) == (2, 3)
    assert result.summary == "Renamed Ledger.post to book in 3 places of 2 files: ledger.py:2, report.py:3."
    assert result.diff.count("\n+++ ") == 2


def test_a_variable_that_is_set_twice_is_one_symbol(project: Path, run_warm: Run) -> None:
    assert run_warm("rename_symbol", symbol="total", new_name="amount").edit_count == 4
    assert (project / "ledger.py").read_bytes().endswith(b"amount = 1\r\namount = 2\r\n")


def test_type_errors_that_it_makes_are_told(project: Path, run_warm: Run) -> None:
    (project / "mail.py").write_text("class A: ...\nclass B: ...\n\n\nb: B = B()\n")
    run_warm("typecheck", path="mail.py")
    result = run_warm("rename_symbol", symbol="A", new_name="B", path="mail.py")
    assert result.new_errors
    assert result.new_errors[0].startswith("mail.py:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"symbol": "post", "new_name": "x"}, r"'post' names 2 symbols: .*say which by its class, a path or a line"),
        ({"symbol": "Ledger", "new_name": "1x"}, "'1x' cannot be a name"),
        ({"symbol": "Ledger", "new_name": "class"}, "'class' cannot be a name"),
        ({"symbol": "mail.Letter", "new_name": "Letter"}, "mail.Letter is called so already"),
        ({"symbol": "Ledgr", "new_name": "x"}, "nearest: Ledger"),
        ({"symbol": "print", "new_name": "x"}, "not defined in the working tree"),
    ],
)
def test_what_cannot_be_renamed_changes_nothing(
    project: Path, run_warm: Run, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ToolError, match=message):
        run_warm("rename_symbol", **arguments)
    assert contents(project) == PROJECT


class ChangedMeanwhile(LanguageServer):
    """Somebody writes a line above all others as soon as the server has answered."""

    def call(self, work: Callable[[Server], Answer], cancelled: threading.Event) -> Answer:
        answer = super().call(work, cancelled)
        (self.root / "mail.py").write_bytes(b"import os\n" + PROJECT["mail.py"])
        return answer


def test_a_file_that_is_written_while_the_server_answers_is_left_alone(project: Path) -> None:
    server = ChangedMeanwhile(Workspace.at(project))
    try:
        context = ToolContext(Workspace.at(project), language_server=server)
        with pytest.raises(ToolError, match=r"^mail\.py was changed by somebody else meanwhile; nothing was done\.$"):
            find_tool("rename_symbol").run(context, {"symbol": "Letter", "new_name": "Mail"})
    finally:
        server.close()
    assert contents(project) == PROJECT | {"mail.py": b"import os\n" + PROJECT["mail.py"]}


def test_the_preview_is_the_diff(project: Path, language_server: LanguageServer) -> None:
    context = ToolContext(Workspace.at(project), language_server=language_server)
    shown = find_tool("rename_symbol").preview(context, {"symbol": "Letter", "new_name": "Mail"})
    assert "-class Letter:\n+class Mail:\n" in shown
    assert contents(project) == PROJECT
