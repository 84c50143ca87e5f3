"""typecheck says what pyright says, and starts nothing of the project."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.quality.pyright_process import find_pyright
from punie_tools.quality.typecheck import TOOL
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

Write = Callable[[Mapping[str, str | bytes]], Path]
RunTool = Callable[..., Any]

PROJECT = {
    "src/ledger.py": "def add(a: int, b: int) -> int:\n    return a + b\n\ntotal: str = add(1, 2)\n",
    "src/report.py": 'from ledger import add\nimport nowhere\n\ndef show() -> None:\n    add("1", None)\n    self\n',
    "src/warns.py": "def f(a: int | None) -> int:\n    return a\n\nclass A:\n    def g(self): ...\nA().g().x\n",
    "tests/test_ledger.py": "def test_add() -> None:\n    value: int = 'a'\n",
}


def pyright(root: Path, *arguments: str | Path) -> dict[str, Any]:
    """What pyright itself says, started by hand."""
    programs = find_pyright()
    command = [programs.node, programs.command, "--outputjson", *arguments]
    return json.loads(subprocess.run(command, cwd=root, capture_output=True, check=False).stdout)


def rows(report: dict[str, Any], root: Path) -> list[tuple[object, ...]]:
    return [
        (
            Path(found["file"]).relative_to(root).as_posix(),
            found["range"]["start"]["line"] + 1,
            found["range"]["start"]["character"] + 1,
            found["severity"],
            found.get("rule", ""),
            found["message"],
        )
        for found in report["generalDiagnostics"]
        if found["severity"] != "information"
    ]


@pytest.mark.parametrize("path", [".", "src", "src/report.py"])
def test_findings_are_pyrights_field_by_field(
    write: Write, environment: Path, run_tool: RunTool, root: Path, path: str
) -> None:
    write({**PROJECT, "pyrightconfig.json": '{"reportUnusedExpression": "warning", "typeCheckingMode": "strict"}'})
    result = run_tool("typecheck", path=path)
    expected = pyright(root, "--pythonpath", environment / "bin" / "python", *([] if path == "." else [path]))
    found = [(each.file, each.line, each.column, each.severity, each.code, each.message) for each in result.errors]
    assert found == rows(expected, root)
    assert result.error_count == expected["summary"]["errorCount"] > 0
    assert result.warning_count == expected["summary"]["warningCount"]
    assert result.files_checked == expected["summary"]["filesAnalyzed"]
    assert result.success
    assert not result.truncated


def test_the_projects_configuration_decides_what_the_whole_project_is(write: Write, run_tool: RunTool) -> None:
    write({**PROJECT, "pyproject.toml": "[tool.pyright]\ninclude = ['src']\n"})
    assert {each.file.split("/")[0] for each in run_tool("typecheck").errors} == {"src"}
    assert run_tool("typecheck", path="tests").error_count == 1


def test_columns_count_characters_not_utf16_units(write: Write, run_tool: RunTool) -> None:
    write({"a.py": 'a = "😀😀"; b: int = "é"\n\n'.encode(), "b.py": 'c = "\x0c\u2028😀"\rd: int = "x"\n'})
    places = [(each.file, each.line, each.column) for each in run_tool("typecheck").errors if each.code]
    assert places == [("a.py", 1, 20), ("b.py", 2, 10)]


def test_half_a_character_in_a_message_does_not_break_the_result(write: Write, run_tool: RunTool) -> None:
    write({"a.py": f"x: int = 'a{'😀' * 60}'\ny: int = '{'😀' * 60}'\n"})
    assert "😀" in run_tool("typecheck").model_dump_json()


def test_the_environments_packages_are_found_without_its_interpreter(
    write: Write, environment: Path, run_tool: RunTool, root: Path
) -> None:
    marker = root / "marker"
    planted = f"#!/bin/sh\ntouch '{marker}'\n"
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python3").unlink(missing_ok=True)
    (site_packages,) = environment.glob("lib/python3*/site-packages")
    write(
        {
            "a.py": "import shipped\nimport missing\nshipped.size.upper()\n",
            str(site_packages.relative_to(root) / "shipped/__init__.py"): "size: int = 1\n",
            str(site_packages.relative_to(root) / "shipped/py.typed"): "",
            ".venv/bin/python": planted,
            ".venv/bin/python3": planted,
            "python3": planted,
            "python": planted,
        }
    )
    for name in (".venv/bin/python", ".venv/bin/python3", "python3", "python"):
        (root / name).chmod(0o755)
    found = [(each.line, each.code) for each in run_tool("typecheck").errors]
    assert found == [(2, "reportMissingImports"), (3, "reportAttributeAccessIssue")]
    assert not marker.exists()


@pytest.mark.parametrize(
    "configuration",
    [
        '{"venvPath": ".", "venv": "planted"}',
        '{"venvPath": "nowhere", "venv": "planted"}',
        '{"pythonPath": "planted/bin/python", "python": "planted/bin/python"}',
        '{"executionEnvironments": [{"root": ".", "pythonPath": "planted/bin/python"}]}',
    ],
)
def test_no_configuration_starts_a_program(
    write: Write, root: Path, monkeypatch: pytest.MonkeyPatch, configuration: str
) -> None:
    marker = root / "marker"
    names = ("planted/bin/python", "planted/bin/python3", "bin/python3", "bin/python", "node")
    write(dict.fromkeys(names, f"#!/bin/sh\ntouch '{marker}'\n"))
    for name in names:
        (root / name).chmod(0o755)
    write({"a.py": "x: int = ''\n", "pyrightconfig.json": configuration, "planted/pyvenv.cfg": "home = bin\n"})
    monkeypatch.setenv("PATH", f".:bin:{root}/bin:{root}:/usr/bin:/bin")
    monkeypatch.setenv("NODE_OPTIONS", f"--require {root}/planted.js")
    result = TOOL.run(ToolContext(Workspace.at(root, is_trusted=True)), {"path": "a.py"})
    assert [each.line for each in getattr(result, "errors", ())] == [1]
    assert not marker.exists()


def test_it_needs_no_home_and_no_path_and_writes_nothing(
    write: Write,
    run_tool: RunTool,
    files_of: Callable[[], dict[str, bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(PROJECT)
    before = files_of()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert run_tool("typecheck").error_count
    assert files_of() == before
    assert list((tmp_path / "home").iterdir()) == []


def test_summaries_say_the_main_thing(write: Write, run_tool: RunTool) -> None:
    write({"src/a.py": "x: int = 1\n", "src/b.py": "", "empty/notes.txt": ""})
    assert run_tool("typecheck", path="src").summary == "No type errors in src (2 files)."
    assert run_tool("typecheck", path="empty").summary == "No type errors in empty: there are no Python files to check."
    assert run_tool("typecheck", path="src/a.py").summary == "No type errors in src/a.py (1 file)."
    write({"src/b.py": "import nowhere\n"})
    assert run_tool("typecheck").summary == (
        '1 type error in 1 of 2 files: src/b.py:1 Import "nowhere" could not be resolved.'
    )


def test_an_empty_directory_is_a_clear_success(run_tool: RunTool) -> None:
    result = run_tool("typecheck")
    assert (result.success, result.files_checked, result.error_count, result.errors) == (True, 0, 0, ())


def test_a_syntax_error_in_every_file_is_a_list_of_findings(write: Write, run_tool: RunTool) -> None:
    write({f"src/{name}.py": "def broken(:\n" for name in "abc"})
    result = run_tool("typecheck")
    assert {(each.file, each.line, each.severity) for each in result.errors} >= {
        (f"src/{name}.py", 1, "error") for name in "abc"
    }


def test_names_with_spaces_newlines_and_dashes(write: Write, run_tool: RunTool) -> None:
    names = ["a b/c d.py", "new\nline.py", "-flag.py", "é😀.py"]
    write(dict.fromkeys(names, "x: int = ''\n"))
    assert {each.file for each in run_tool("typecheck").errors} == set(names)
    for name in names:
        assert [each.file for each in run_tool("typecheck", path=name).errors] == [name]


def test_files_that_are_no_text_do_not_end_it(write: Write, run_tool: RunTool) -> None:
    write({"latin.py": b"# caf\xe9 \xff\nx: int = '\xe9'\n", "zeros.py": b"\0" * 2000})
    assert ("latin.py", 2, 10) in [(each.file, each.line, each.column) for each in run_tool("typecheck").errors]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("src/repotr.py", "There is no file or folder 'src/repotr.py'; did you mean 'src/report.py'?"),
        ("../outside", "leads outside the workspace"),
        ("a*b.py", "reads the * or ? in 'a*b.py' as a pattern"),
    ],
)
def test_a_path_that_cannot_be_checked_is_named(write: Write, run_tool: RunTool, path: str, message: str) -> None:
    write({**PROJECT, "a*b.py": ""})
    with pytest.raises(ToolError, match=re.escape(message)):
        run_tool("typecheck", path=path)


def test_a_broken_configuration_is_one_clear_line(write: Write, run_tool: RunTool) -> None:
    write({**PROJECT, "pyrightconfig.json": '{"include": ['})
    with pytest.raises(ToolError, match=r"cannot read the project's configuration: .*pyrightconfig.json") as caught:
        run_tool("typecheck")
    assert "\n" not in str(caught.value)


def test_a_stop_ends_it(write: Write, root: Path) -> None:
    write(PROJECT)
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(ToolCancelledError):
        TOOL.run(ToolContext(Workspace.at(root), cancelled=stopped), {})


def test_long_lists_are_capped_and_counted_whole(
    write: Write, run_tool: RunTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("punie_tools.quality.typecheck.MOST_FINDINGS", 10)
    write({"a.py": "x: int = ''\n" * 25})
    result = run_tool("typecheck")
    assert (len(result.errors), result.truncated) == (10, True)
    assert result.error_count >= 25
