"""A tree whose files would run something, wherever a program looks for what to run: no reading tool falls for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

READING = [tool.name for tool in TOOLS if tool.risk is Risk.READS]
ARGUMENTS: Mapping[str, Mapping[str, object]] = {
    "read_file": {"path": "shop.py"},
    "list_files": {},
    "grep": {"pattern": "Ledger"},
    "execute_code": {"code": "print(git_status().branch, len(typecheck().errors), grep(pattern='Ledger').match_count)"},
    "typecheck": {},
    "ruff_check": {},
    "goto_definition": {"symbol": "Ledger"},
    "find_references": {"symbol": "Ledger"},
    "hover": {"symbol": "Ledger"},
    "document_symbols": {"path": "shop.py"},
    "workspace_symbols": {"query": "Ledger"},
    "call_hierarchy": {"symbol": "make"},
    "type_definition": {"symbol": "BOOK"},
    "code_actions": {"path": "shop.py"},
    "git_status": {},
    "git_diff": {},
    "git_log": {},
    "git_show": {},
    "git_blame": {"path": "shop.py"},
    "git_branches": {},
}
SOURCE = "import sqlite3\n\n\nclass Ledger: ...\n\n\ndef make() -> Ledger:\n    return Ledger()\n\n\nBOOK = make()\n"
SHADOWS = ("ruff", "pytest", "pyright", "sitecustomize", "usercustomize", "git", "json", "pathlib", "ripgrep", "typing")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "fired"


@pytest.fixture
def hostile(make_repository: Callable[..., Path], marker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every trap leaves the marker. The person stands in the tree, with its folders first on PATH."""
    root = make_repository({"shop.py": SOURCE})
    trap = f"open({str(marker)!r}, 'w').close()\n"
    write_files(root, {f"{name}.py": trap for name in SHADOWS})
    write_files(root, {"conftest.py": trap, "setup.py": trap, "ruff/__main__.py": trap, "shop.py": SOURCE + "\n"})
    program = f"#!/bin/sh\ntouch {marker}\nexit 1\n"
    names = ("python", "python3", "node", "rg", "git", "ruff", "pyright", "pytest", "sh", "env")
    places = [root / ".venv" / "bin", root / "node_modules" / ".bin", root]
    for path in (folder / name for folder in places for name in names if folder != root or name not in ("git", "ruff")):
        write_files(root, {path.relative_to(root).as_posix(): program})
        path.chmod(0o755)
    write_files(
        root,
        {
            ".venv/pyvenv.cfg": f"home = {root / '.venv' / 'bin'}\nversion_info = 3.12.1\n",
            ".venv/lib/python3.12/site-packages/evil.pth": f"import os; open({str(marker)!r}, 'w').close()\n",
            "pyrightconfig.json": json.dumps({"venvPath": ".", "venv": ".venv", "pythonPath": "./python"}),
            "ruff.toml": 'extend = "evil.py"\n',
            ".ripgreprc": f"--pre={root / 'python'}\n",
            ".gitattributes": "* diff=evil filter=evil\n",
        },
    )
    for name in ("diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "core.fsmonitor", "diff.external"):
        git(root, "config", name, str(root / "python"))
    (root / "ruff.toml").unlink()
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, places), ".", "", os.environ["PATH"]]))
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(root / ".ripgreprc"))
    marker.unlink(missing_ok=True)
    return root


def test_every_reading_tool_is_tried() -> None:
    assert set(READING) == set(ARGUMENTS), "a reading tool needs arguments in ARGUMENTS that lead it to the traps"


def test_no_reading_tool_runs_anything_of_the_tree(hostile: Path, marker: Path) -> None:
    workspace = Workspace.at(hostile)
    server = LanguageServer(workspace)
    fired: list[str] = []
    try:
        for name in READING:
            run(name, ToolContext(workspace))
            run(name, ToolContext(workspace, language_server=server))
            if marker.exists():
                fired.append(name)
                marker.unlink()
    finally:
        server.close()
    assert fired == []


def run(name: str, context: ToolContext) -> None:
    """Most of them answer; what does not must fail in one line."""
    context = ToolContext(
        context.workspace,
        language_server=context.language_server,
        call_tool=lambda inner, arguments: find_tool(inner).run(context, arguments),
    )
    try:
        find_tool(name).run(context, ARGUMENTS[name])
    except ToolError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "command",
    [
        ["git", "diff"],
        ["rg", "Ledger"],
        ["python3", "-c", "pass"],
        [sys.executable, "-m", "ruff", "check"],
        [sys.executable, "-m", "pytest", "--version"],
    ],
    ids=lambda command: " ".join(command[-2:]),
)
def test_plain_programs_do_fall_for_it(hostile: Path, marker: Path, command: list[str]) -> None:
    subprocess.run(command, cwd=hostile, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert marker.exists(), "the trap itself must work"
