"""Files, paths and patterns that no tool expects: each ends in an answer or one clear line, and the next call works."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext, ToolResult
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

Call = Callable[..., "ToolResult | str"]

SECRET = "the secret outside"
SECONDS = 60.0
"""After so long a call counts as one that hangs."""

PATH_ARGUMENTS: Mapping[str, Mapping[str, object]] = {
    "read_file": {"path": ...},
    "list_files": {"path": ...},
    "grep": {"pattern": "the", "path": ...},
    "typecheck": {"path": ...},
    "ruff_check": {"path": ...},
    "ruff_format": {"path": ..., "check": True},
    "code_actions": {"path": ...},
    "document_symbols": {"path": ...},
    "goto_definition": {"symbol": "good", "path": ...},
    "find_references": {"symbol": "good", "path": ...},
    "hover": {"symbol": "good", "path": ...},
    "call_hierarchy": {"symbol": "good", "path": ...},
    "type_definition": {"symbol": "good", "path": ...},
    "git_diff": {"path": ...},
    "git_log": {"path": ...},
    "git_blame": {"path": ...},
}
PATTERN_ARGUMENTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "grep": ("pattern", {}),
    "grep literally": ("pattern", {"literal": True}),
    "grep files": ("glob", {"pattern": "good"}),
    "list_files": ("pattern", {}),
    "workspace_symbols": ("query", {}),
    "goto_definition": ("symbol", {}),
    "find_references": ("symbol", {}),
    "hover": ("symbol", {}),
    "call_hierarchy": ("symbol", {}),
    "type_definition": ("symbol", {}),
    "git_show": ("revision", {}),
    "git_diff": ("base", {}),
}
NO_FILES = ("pipe.py", "pipe", "socket.py", "device.py", "dangling.py", "loop.py", "loop", "out.py", "out", "up")
NO_PATHS = (
    *("..", "../outside", "../outside/secret.py", "/etc/passwd", "a/../../outside", "/", "~", "~root", "", " "),
    *("nul\0.py", "new\nline.py", "\x1b[31mred\x1b[0m.py", "half\udce9.py", "\ud800.py", "x" * 5000, "a/" * 3000),
    *("-rf", "--help", "-", ":(exclude)*", "*.py", "[", "good.py/", "good.py/x", "./good.py/../..", "\u202egpj.py"),
)
PATTERNS = (
    *("-e", "--files", "-", "--output=/tmp/x", "(", "[", "{", "*", "**", "\\", "a\\", "(?=x)", r"(a)\1", "(a+)+$"),
    *("a{9999999}", "", " ", "nul\0", "new\nline", "\x1b[31m", "half\udce9", "\ud800", "x" * 100_000, "(" * 10_000),
    *(".", "..", "a..b", "😀"),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nearly every kind of thing that can stand where a file is expected."""
    folder = tmp_path_factory.mktemp("bad")
    root = folder / "tree"
    write_files(folder, {"outside/secret.py": f"good = '{SECRET}'\n", "tree/good.py": "def good(): ...\n\n\ngood()\n"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Start")
    for name in ("pipe.py", "pipe"):
        os.mkfifo(root / name)
    for name, target in {
        "device.py": "/dev/zero",
        "dangling.py": "nowhere",
        "loop.py": "loop.py",
        "loop": ".",
        "out.py": "../outside/secret.py",
        "out": "../outside",
        "up": "..",
    }.items():
        (root / name).symlink_to(target)
    (root / "bytes.py").write_bytes(b"good = b'\xff\xfe\xe9'\n\0\n")
    for name in (b"half\xe9.py", b"new\nline.py", b"\x1b[31mred\x1b[0m.py"):
        (root / os.fsdecode(name)).write_text("good = 1\n")
    with socket.socket(socket.AF_UNIX) as server:
        # The whole path may be too long for a socket.
        here = os.open(root, os.O_RDONLY)
        try:
            server.bind(
                f"/proc/self/fd/{here}/socket.py" if Path("/proc/self/fd").exists() else str(root / "socket.py")
            )
        finally:
            os.close(here)
        yield root


@pytest.fixture(scope="module")
def call(tree: Path) -> Iterator[Call]:
    """Run a tool with a warm server: its result or its one line. What hangs fails the test instead of stopping it."""
    workspace = Workspace.at(tree)
    server = LanguageServer(workspace)

    def run(name: str, /, **arguments: object) -> ToolResult | str:
        stop = threading.Event()
        timer = threading.Timer(SECONDS, stop.set)
        timer.start()
        try:
            return find_tool(name).run(ToolContext(workspace, stop, language_server=server), arguments)
        except ToolError as error:
            assert not stop.is_set(), f"{name}({arguments}) hangs"
            return str(error)
        finally:
            timer.cancel()

    yield run
    server.close()


def assert_is_clear(answer: ToolResult | str, what: object) -> None:
    text = answer if isinstance(answer, str) else answer.model_dump_json()
    assert SECRET not in text, f"{what} shows what lies outside"
    if isinstance(answer, str):
        assert re.fullmatch(r"[^\x00-\x1f\x7f\ud800-\udfff]{3,1000}", answer), f"{what} is told so: {answer[:300]!r}"


@pytest.mark.parametrize("tool", PATH_ARGUMENTS)
def test_no_path_stops_a_tool(call: Call, tool: str) -> None:
    for path in (*NO_FILES, *NO_PATHS, "bytes.py", "half\udce9.py"):
        arguments = {name: path if value is ... else value for name, value in PATH_ARGUMENTS[tool].items()}
        assert_is_clear(call(tool, **arguments), (tool, path[:80]))
    good = {name: "good.py" if value is ... else value for name, value in PATH_ARGUMENTS[tool].items()}
    assert isinstance(call(tool, **good), ToolResult)


@pytest.mark.parametrize(
    "path", ["..", "../outside/secret.py", "/etc/passwd", "out.py", "out", "up", "a/../../outside"]
)
@pytest.mark.parametrize("tool", PATH_ARGUMENTS)
def test_nothing_outside_of_the_tree_is_looked_at(call: Call, tool: str, path: str) -> None:
    if tool.startswith("git") and path in ("out.py", "out", "up"):
        return  # git knows a link as such, and what it leads to it does not read.
    answer = call(tool, **{name: path if value is ... else value for name, value in PATH_ARGUMENTS[tool].items()})
    assert isinstance(answer, str)
    assert "outside" in answer or "leads out" in answer, answer


@pytest.mark.parametrize("case", PATTERN_ARGUMENTS)
def test_no_pattern_stops_a_tool(call: Call, case: str) -> None:
    name, others = PATTERN_ARGUMENTS[case]
    tool = case.partition(" ")[0]
    for pattern in PATTERNS:
        assert_is_clear(call(tool, **{name: pattern}, **others), (case, pattern[:80]))
    assert isinstance(call(tool, **{**others, name: "HEAD" if tool.startswith("git") else "good"}), ToolResult)


@pytest.mark.parametrize(
    "tool",
    [name for name in PATH_ARGUMENTS if name not in ("read_file", "document_symbols", "git_blame", "code_actions")],
)
def test_the_whole_tree_is_no_trouble_either(call: Call, tool: str) -> None:
    arguments = {name: "." if value is ... else value for name, value in PATH_ARGUMENTS[tool].items()}
    answer = call(tool, **arguments)
    assert isinstance(answer, ToolResult), answer
    assert SECRET not in answer.model_dump_json()
