"""A tree whose files would run something, wherever a program looks for what to run: no reading tool falls for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.quality.pyright_process import find_pyright
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git, write_files

READING = [tool.name for tool in TOOLS if tool.risk is Risk.READS]
STARTING_A_SERVER = {tool.name for tool in TOOLS if tool.wants_language_server} - {"typecheck", "goto_definition"}
"""Without a warm one, all in the same way: where each is tried once, one of them stands for the others elsewhere."""
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
MODULES = ("ruff", "pytest", "pyright", "git", "ripgrep", "lsprotocol", "pydantic", "psutil", "usercustomize")
PROGRAMS = (
    "python",
    "python3",
    "node",
    "rg",
    "git",
    "ruff",
    "pyright",
    "pytest",
    "sh",
    "env",
    "cat",
    "uname",
    "ls",
    "gpg",
)
GIT = shutil.which("git") or "git"
RIPGREP = str(Path(sysconfig.get_path("scripts")) / "rg")


@pytest.fixture
def fired(tmp_path: Path) -> Path:
    """Each trap leaves a file of its own name here."""
    folder = tmp_path / "fired"
    folder.mkdir()
    return folder


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"shop.py": SOURCE, "plain.txt": "before\n"})


def arm(root: Path, fired: Path, monkeypatch: pytest.MonkeyPatch, *, python: bool) -> None:
    """The person stands in the tree, with its folders first on PATH, and with variables that lead into it.

    With `python` the project's environment is a real one, in which any start of Python springs the traps; without it,
    its interpreter is a trap itself.
    """
    for name in (*MODULES, "sitecustomize", "conftest", "setup"):
        write_files(root, {f"{name}.py": f"open({str(fired / name)!r}, 'w').close()\n"})
    write_files(root, {"ruff/__main__.py": f"open({str(fired / 'ruff')!r}, 'w').close()\n", "shop.py": SOURCE + "\n"})
    write_files(root, {"evil.js": f"require('fs').writeFileSync({str(fired / 'node-options')!r}, '')\n"})
    if python:
        venv.create(root / ".venv", symlinks=True)
        packages = next((root / ".venv" / "lib").glob("python3*")) / "site-packages"
    else:
        write_files(root, {".venv/pyvenv.cfg": f"home = {root / '.venv' / 'bin'}\nversion_info = 3.12.1\n"})
        packages = root / ".venv/lib/python3.12/site-packages"
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "evil.pth").write_text(f"import os; open({str(fired / 'pth')!r}, 'w').close()\n")
    (packages / "sitecustomize.py").write_text(f"open({str(fired / 'sitecustomize-installed')!r}, 'w').close()\n")
    places = [root / ".venv" / "bin", root / "node_modules" / ".bin", root / "tools"]
    for path in (folder / name for folder in places for name in PROGRAMS):
        if not path.is_symlink():
            plant_program(path, fired / f"program-{path.name}")
    write_files(
        root,
        {
            "pyrightconfig.json": json.dumps({"venvPath": ".", "venv": ".venv", "pythonPath": "./tools/python"}),
            ".ripgreprc": f"--pre={plant_program(root / 'preprocess', fired / 'preprocess')}\n",
            ".gitattributes": "* diff=evil filter=evil\n",
        },
    )
    for name in GIT_SETTINGS:
        git(root, "config", name, str(plant_program(root / ".git" / name, fired / name)))
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, places), ".", "", os.environ["PATH"]]))
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(root / ".ripgreprc"))
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("NODE_OPTIONS", f"--require={root / 'evil.js'}")
    monkeypatch.setenv("VIRTUAL_ENV", str(root / ".venv"))
    for marker in fired.iterdir():
        marker.unlink()


GIT_SETTINGS = ("diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "core.fsmonitor", "diff.external")


def plant_program(path: Path, marker: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n: > '{marker}'\nexit 1\n")
    path.chmod(0o755)
    return path


def test_every_reading_tool_is_tried() -> None:
    assert set(READING) == set(ARGUMENTS), "a reading tool needs arguments in ARGUMENTS that lead it to the traps"


@pytest.mark.parametrize("python", [False, True], ids=["a planted interpreter", "an environment with planted code"])
def test_no_reading_tool_runs_anything_of_the_tree(
    root: Path, fired: Path, monkeypatch: pytest.MonkeyPatch, python: bool
) -> None:
    """One language server starts in the armed tree; the other one is warm already when the traps come."""
    workspace = Workspace.at(root)
    server = LanguageServer(workspace)
    try:
        if python:
            run("typecheck", ToolContext(workspace, language_server=server))
        arm(root, fired, monkeypatch, python=python)
        for name in READING:
            contexts = [ToolContext(workspace, language_server=server)]
            if python or name not in STARTING_A_SERVER:
                contexts.insert(0, ToolContext(workspace))
            for context in contexts:
                run(name, context)
                assert not (names := [marker.name for marker in fired.iterdir()]), f"{name} ran {names}"
    finally:
        server.close()
    assert_traps_work(root, fired, python=python)


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


def assert_traps_work(root: Path, fired: Path, *, python: bool) -> None:
    """The plain programs do run each of them, so that none could keep quiet by being dead."""
    own = [sys.executable, "-P"]
    pyright = find_pyright()
    bare = {"PATH": os.defpath, "HOME": str(root)}
    with_path = {**bare, "PATH": os.environ["PATH"]}
    controls: dict[str, tuple[list[str], dict[str, str]]] = {
        **{name: ([sys.executable, "-c", f"import {name}"], bare) for name in (*MODULES, "setup")},
        "sitecustomize": ([sys.executable, "-c", "pass"], {**bare, "PYTHONPATH": str(root)}),
        "ruff": ([sys.executable, "-m", "ruff", "check"], bare),
        "pytest": ([sys.executable, "-m", "pytest", "--version"], bare),
        "conftest": ([*own, "-m", "pytest", "-q", "--co"], bare),
        "node-options": ([str(pyright.node), "-e", "0"], {**bare, "NODE_OPTIONS": os.environ["NODE_OPTIONS"]}),
        "preprocess": ([RIPGREP, "Ledger"], {**bare, "RIPGREP_CONFIG_PATH": os.environ["RIPGREP_CONFIG_PATH"]}),
        **{f"program-{name}": ([name], with_path) for name in PROGRAMS if not (python and name.startswith("python"))},
        "diff.evil.textconv": ([GIT, "-c", "diff.external=", "blame", "shop.py"], bare),
        "diff.external": ([GIT, "diff"], bare),
        "filter.evil.clean": ([GIT, "add", "."], bare),
        "filter.evil.smudge": ([GIT, "checkout", "-f", "HEAD", "plain.txt"], bare),
        "core.fsmonitor": ([GIT, "status"], bare),
    }
    plain_pyright = [str(pyright.node), str(pyright.command)]
    if python:
        controls |= dict.fromkeys(("pth", "sitecustomize-installed"), (plain_pyright, with_path))
    else:
        controls["program-python"] = (plain_pyright, with_path)
    (root / "plain.txt").unlink()
    for name, (command, environment) in controls.items():
        (fired / name).unlink(missing_ok=True)
        subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        assert (fired / name).exists(), f"the trap {name!r} is dead: {command} does not spring it"
