"""code_actions offers what ruff and the language server offer, and changes nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import ServerProgram
from punie_tools.quality.ruff_process import find_ruff
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

Run = Callable[..., Any]


def configure(root: Path, rules: str = "E,F,I,B,SIM,UP") -> None:
    (root / "ruff.toml").write_text(f"lint.select = [{', '.join(map(repr, rules.split(',')))}]\n")


def patched(root: Path, tmp_path: Path, diff: str) -> bytes:
    """The file `a.py` after git has applied a diff to it."""
    twin = Path(shutil.copytree(root, tmp_path / "patched", dirs_exist_ok=True))
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=twin, input=diff.encode(), check=True)
    return (twin / "a.py").read_bytes()


def by_ruff(root: Path, tmp_path: Path, *options: str) -> bytes:
    """The file `a.py` after ruff itself has changed it."""
    twin = Path(shutil.copytree(root, tmp_path / "by-ruff", dirs_exist_ok=True))
    subprocess.run([find_ruff(), "check", "--no-cache", *options, "a.py"], cwd=twin, capture_output=True, check=False)
    return (twin / "a.py").read_bytes()


SOURCES = {
    "F401": b"import os\nimport sys\n\nprint(sys)\n",
    "I001": b"import sys\nimport os\n\nprint(sys, os)\n",
    "E711": "é = '😀'\nprint('é😀', é == None)\n".encode(),
    "B006": b"def f(a=[]):\n    return a\n",
    "SIM102": b"\xef\xbb\xbfif a:\r\n    if b:\r\n        c()\r\n",
    "UP006": b"from typing import List\n\nx: List[int] = []",
    "F841": b"def f():\n    y = 1\n",
}


@pytest.mark.parametrize("code", SOURCES)
def test_a_fix_is_what_ruff_does(root: Path, tmp_path: Path, run_warm: Run, code: str) -> None:
    configure(root, code)
    (root / "a.py").write_bytes(SOURCES[code])
    actions = run_warm("code_actions", path="a.py").actions
    action = next(each for each in actions if each.title.startswith(f"{code}: ") and each.kind != "quickfix.suppress")
    after = by_ruff(root, tmp_path, "--fix", "--unsafe-fixes")
    assert after != SOURCES[code]
    assert patched(root, tmp_path, action.diff) == after
    is_safe = by_ruff(root, tmp_path / "safe", "--fix") == after
    assert (action.source, action.is_safe) == ("ruff", is_safe)
    assert action.kind == ("source.organizeImports" if code == "I001" else "quickfix")
    assert (root / "a.py").read_bytes() == SOURCES[code]


@pytest.mark.parametrize(
    "line",
    ["import os", "import os  # why", "import os   ", "import os  # noqa: E501", "import os  # noqa: E501,W291"],
)
def test_a_comment_is_the_one_that_ruff_adds(root: Path, tmp_path: Path, run_warm: Run, line: str) -> None:
    configure(root, "F401")
    (root / "a.py").write_text(f"x = 1\n{line}\n")
    actions = run_warm("code_actions", path="a.py", line=2).actions
    action = next(each for each in actions if each.kind == "quickfix.suppress")
    assert action.title == "F401: Disable for this line (# noqa)"
    assert actions[-1] is action
    assert patched(root, tmp_path, action.diff) == by_ruff(root, tmp_path, "--add-noqa")


def test_a_comment_stands_behind_a_string_of_several_lines(root: Path, tmp_path: Path, run_warm: Run) -> None:
    configure(root, "E501")
    (root / "a.py").write_text(f'x = """\n{"long " * 40}\n"""\n')
    action = run_warm("code_actions", path="a.py", line=2).actions[0]
    assert patched(root, tmp_path, action.diff) == by_ruff(root, tmp_path, "--add-noqa")


def test_only_what_is_on_the_lines(root: Path, run_warm: Run) -> None:
    configure(root, "F401,F841")
    (root / "a.py").write_text("import os\nimport sys\n\n\ndef f():\n    y = 1\n")

    def titles(**lines: int) -> set[str]:
        return {action.title.partition(":")[0] for action in run_warm("code_actions", path="a.py", **lines).actions}

    assert titles(line=1) == {"F401"}
    assert titles(line=3) == set()
    assert titles(line=2, end_line=6) == {"F401", "F841"}
    assert titles() == {"F401", "F841"}
    assert run_warm("code_actions", path="a.py", line=4).summary == "No code actions for a.py."


def test_imports_of_unknown_names(root: Path, run_warm: Run) -> None:
    configure(root, "W605")
    (root / "shop").mkdir()
    (root / "shop/__init__.py").write_text("")
    (root / "shop/books.py").write_text("class Ledger: ...\n")
    (root / "a.py").write_bytes(
        b'\xef\xbb\xbfimport os\r\n\r\nx = "\xf0\x9f\x98\x80"; print(os, x, Ledger)\r\nPath(json)\r\n'
    )
    found = run_warm("code_actions", path="a.py", line=3)
    assert [(each.title, each.source, each.is_safe) for each in found.actions] == [
        ("Add import: from shop.books import Ledger", "pyright", None)
    ]
    assert "+from shop.books import Ledger\r\n" in found.actions[0].diff
    titles = [each.title for each in run_warm("code_actions", path="a.py", line=4).actions]
    assert {"Add import: import json", "Add import: from pathlib import Path"} <= set(titles)


def test_the_server_s_order_of_imports(root: Path, run_warm: Run) -> None:
    configure(root, "W605")
    (root / "a.py").write_text("import sys\nimport os\n\nprint(sys, os)\n")
    [action] = run_warm("code_actions", path="a.py", line=2).actions
    assert (action.title, action.kind, action.source) == ("Organize imports", "source.organizeImports", "pyright")
    assert "+import os\n import sys\n-import os\n" in action.diff
    assert run_warm("code_actions", path="a.py", line=4).actions == ()


def test_asking_leaves_the_server_s_findings_as_they_were(root: Path, run_warm: Run) -> None:
    (root / "a.py").write_text("Path()\n")
    (root / "b.py").write_text("from pathlib import Path\n\nx: int = Path()\n")
    before = run_warm("typecheck")
    assert run_warm("code_actions", path="a.py").actions
    after = run_warm("typecheck")
    assert (after.errors, after.files_checked) == (before.errors, before.files_checked)
    assert before.error_count == 2


def test_without_a_server_ruff_is_asked_alone(root: Path) -> None:
    (root / "a.py").write_text("import os\n")

    def no_program(workspace: Workspace, folder: Path) -> ServerProgram:
        return ServerProgram(("false",), folder)

    server = LanguageServer(Workspace.at(root), program=no_program)
    try:
        context = ToolContext(Workspace.at(root), language_server=server)
        found = find_tool("code_actions").run(context, {"path": "a.py"})
    finally:
        server.close()
    assert found.model_dump()["note"].endswith("These actions are ruff's alone.")
    assert [action["source"] for action in found.model_dump()["actions"]] == ["ruff", "ruff"]


def test_very_many_are_capped(root: Path, run_warm: Run) -> None:
    (root / "a.py").write_text("".join(f"import m{number}\n" for number in range(150)))
    found = run_warm("code_actions", path="a.py")
    assert (len(found.actions), found.truncated, found.action_count >= 300) == (100, True, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "b.py"}, "did you mean 'a.py'"),
        ({"path": "a.txt"}, r"a\.txt is no Python file"),
        ({"path": "latin.py"}, "latin.py is written in iso-8859-1; code actions need UTF-8"),
        ({"path": "../x.py"}, "leads outside"),
        ({"path": "sub"}, "is a folder"),
        ({"path": "a.py", "end_line": 2}, "end_line 2 needs a line before it"),
        ({"path": "a.py", "line": 3, "end_line": 2}, "end_line 2 needs a line before it"),
    ],
)
def test_what_cannot_be_asked(root: Path, run_tool: Run, arguments: dict[str, Any], message: str) -> None:
    (root / "sub").mkdir()
    (root / "a.py").write_text("x = 1\n")
    (root / "a.txt").write_text("x = 1\n")
    (root / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    with pytest.raises(ToolError, match=message):
        run_tool("code_actions", **arguments)


def test_it_only_reads() -> None:
    assert find_tool("code_actions").risk is Risk.READS
