"""ruff_check says what ruff says; with fix it applies the safe fixes, and only inside the workspace."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.quality.ruff_check import MOST_VIOLATIONS, TOOL
from punie_tools.quality.ruff_process import find_ruff
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

Write = Callable[[Mapping[str, str | bytes]], Path]
RULES = {"ruff.toml": 'lint.select = ["F", "E9"]\n'}  # ruff's defaults change from version to version
RunTool = Callable[..., Any]
FilesOf = Callable[[], dict[str, bytes]]

PROJECT = {
    "ruff.toml": 'lint.select = ["E", "F", "B", "I"]\n',
    "src/a.py": 'import os\nimport sys\nx = "😀"; import json\ndef f(a=[]):\n    return a == None\n',
    "src/b.py": "def broken(:\n",
    "src/c.py": "import os\n\nprint(os.name)\n",
    "tests/test_a.py": "import os\n",
}


def ruff(root: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What ruff itself says, started by hand."""
    command = [find_ruff(), "check", "--no-cache", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, check=False, text=True)


@pytest.mark.parametrize("path", [".", "src", "src/a.py"])
def test_violations_are_ruffs_field_by_field(write: Write, run_tool: RunTool, root: Path, path: str) -> None:
    write(PROJECT)
    result = run_tool("ruff_check", path=path)
    expected = json.loads(ruff(root, "--output-format=json", path).stdout)
    found = [(each.file, each.line, each.column, each.code, each.message) for each in result.violations]
    assert found == [
        (
            Path(each["filename"]).relative_to(root).as_posix(),
            each["location"]["row"],
            each["location"]["column"],
            each["code"],
            each["message"],
        )
        for each in expected
    ]
    assert result.violation_count == len(expected) > 0
    assert f"[*] {result.fixable_count} fixable" in ruff(root, path).stdout
    assert sum(each.fixable for each in result.violations) == result.fixable_count


def test_columns_count_characters(write: Write, run_tool: RunTool) -> None:
    write({**RULES, "a.py": 'x = "😀"; import os\n'})
    assert [each.column for each in run_tool("ruff_check").violations if each.code == "F401"] == [17]


def test_fix_does_what_ruff_does_and_counts_it(write: Write, run_tool: RunTool, root: Path, tmp_path: Path) -> None:
    write(PROJECT)
    twin = tmp_path / "twin"
    subprocess.run(["cp", "-r", root, twin], check=True)
    said = ruff(twin, "--fix").stdout
    result = run_tool("ruff_check", fix=True)
    for name in PROJECT:
        assert (root / name).read_bytes() == (twin / name).read_bytes()
    assert f"({result.fixed_count} fixed, {result.violation_count} remaining)" in said
    assert result.fixed_count > 0
    told = f"Fixed {result.fixed_count} violations; {result.violation_count} left, 2 fixable only unsafely: "
    assert result.summary.startswith(told)


def test_a_second_fix_fixes_nothing(write: Write, run_tool: RunTool) -> None:
    write({**RULES, "a.py": "import os\n"})
    first, second = run_tool("ruff_check", fix=True), run_tool("ruff_check", fix=True)
    assert (first.fixed_count, first.summary) == (1, "Fixed 1 violation; none left.")
    assert (second.fixed_count, second.summary) == (0, "No violations.")


@pytest.mark.parametrize("setting", ["fix = true", "fix-only = true", "unsafe-fixes = true", 'cache-dir = "cache"'])
def test_reading_writes_nothing_whatever_the_configuration_says(
    write: Write, run_tool: RunTool, files_of: FilesOf, setting: str
) -> None:
    write({"ruff.toml": f'{setting}\nlint.select = ["F"]\n', "a.py": "import os\ndef f(a=[]): ...\n"})
    before = files_of()
    assert [each.code for each in run_tool("ruff_check").violations] == ["F401"]
    assert files_of() == before


def test_unsafe_fixes_are_left_to_the_person(write: Write, run_tool: RunTool) -> None:
    write({"ruff.toml": 'unsafe-fixes = true\nlint.select = ["B"]\n', "a.py": "def f(a=[]): ...\n"})
    result = run_tool("ruff_check", fix=True)
    assert (result.fixed_count, result.fixable_count, result.violation_count) == (0, 0, 1)


def test_fix_does_not_follow_a_link_out_of_the_workspace(
    write: Write, run_tool: RunTool, root: Path, tmp_path: Path
) -> None:
    write({**RULES, "a.py": "import os\n"})
    outside = tmp_path / "outside.py"
    outside.write_text("import os\n")
    (root / "link.py").symlink_to(outside)
    result = run_tool("ruff_check", fix=True)
    assert (result.fixed_count, result.violation_count) == (1, 0)
    assert outside.read_text() == "import os\n"


@pytest.mark.parametrize("tool", ["ruff_check", "ruff_format"])
def test_what_never_ends_is_left_out(write: Write, run_tool: RunTool, root: Path, tool: str) -> None:
    odd = ["pipe.py", "pipe, [1] {a}*?!.py", "sub/pipe.pyi", *(["pipe.md"] if tool == "ruff_format" else [])]
    write({**RULES, "a.py": "import os\nx=1\n", "sub/b.py": "import os\nx=1\n", "pipe, 1.py": "import os\nx=1\n"})
    for name in odd:
        os.mkfifo(root / name)
    (root / "zero.py").symlink_to("/dev/zero")
    result = run_tool(tool, **({"check": True} if tool == "ruff_format" else {}))
    found = {each.file for each in result.violations} if tool == "ruff_check" else set(result.changed_files)
    assert found == {"a.py", "sub/b.py", "pipe, 1.py"}


@pytest.mark.parametrize("settings", ["ruff.toml", ".ruff.toml", "pyproject.toml"])
def test_settings_that_never_end_are_named(write: Write, run_tool: RunTool, root: Path, settings: str) -> None:
    write({"sub/a.py": "import os\n"})
    os.mkfifo(root / settings)
    with pytest.raises(ToolError, match=f"ruff would read '{settings}', which is no file"):
        run_tool("ruff_check", path="sub")


def test_the_risk_is_that_of_the_call() -> None:
    assert TOOL.risk_for(TOOL.validate({})) is Risk.READS
    assert TOOL.risk_for(TOOL.validate({"fix": True})) is Risk.EDITS


def test_the_preview_is_the_diff_and_changes_nothing(write: Write, root: Path, files_of: FilesOf) -> None:
    write({**RULES, "a.py": "import os\nx = 1\n", "b.py": "x = 1\n"})
    before = files_of()
    context = ToolContext(Workspace.at(root))
    assert "-import os\n" in TOOL.preview(context, TOOL.validate({"fix": True}))
    assert TOOL.preview(context, TOOL.validate({"fix": True, "path": "b.py"})) is None
    assert files_of() == before


def test_summaries_say_the_main_thing(write: Write, run_tool: RunTool) -> None:
    write({**RULES, "src/a.py": "import os\n", "clean/b.py": "x = 1\n", "empty/notes.txt": ""})
    assert run_tool("ruff_check", path="src").summary == (
        "1 violation in src, 1 fixable: src/a.py:1 F401 `os` imported but unused."
    )
    assert run_tool("ruff_check", path="clean").summary == "No violations in clean."
    assert run_tool("ruff_check", path="empty").summary == "No violations in empty: there are no Python files to check."


def test_an_empty_directory_is_a_clear_success(run_tool: RunTool) -> None:
    result = run_tool("ruff_check")
    assert (result.success, result.violation_count, result.has_python_files) == (True, 0, False)


def test_a_syntax_error_in_every_file_is_a_list_of_violations(write: Write, run_tool: RunTool) -> None:
    write(RULES | {f"{name}.py": "def broken(:\n" for name in "abc"})
    result = run_tool("ruff_check")
    assert {each.file for each in result.violations} == {"a.py", "b.py", "c.py"}
    assert {each.code for each in result.violations} == {"invalid-syntax"}


def test_names_with_spaces_newlines_and_dashes_and_files_that_are_no_text(write: Write, run_tool: RunTool) -> None:
    names = ["a b/c d.py", "new\nline.py", "-flag.py", "é😀.py", "a*b.py"]
    write({**RULES, **dict.fromkeys(names, "import os\n"), "latin.py": b"x = '\xe9'\n"})
    found = {each.file: each.code for each in run_tool("ruff_check").violations}
    assert found == {**dict.fromkeys(names, "F401"), "latin.py": "E902"}
    for name in names:
        assert [each.file for each in run_tool("ruff_check", path=name).violations] == [name]


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ('lint.select = ["E"', "TOML parse error"),
        ('lint.select = ["ZZZ"]', "Unknown rule selector `ZZZ`"),
        ('required-version = "==0.0.1"', "0.0.1"),
        ('extend = "missing.toml"', "missing.toml"),
    ],
)
def test_a_broken_configuration_is_one_clear_line(
    write: Write, run_tool: RunTool, configuration: str, message: str
) -> None:
    write({"ruff.toml": configuration, "a.py": ""})
    with pytest.raises(ToolError, match=message) as caught:
        run_tool("ruff_check")
    assert str(caught.value).startswith("ruff failed: ")
    assert "\n" not in str(caught.value)


def test_a_missing_path_names_the_nearest(write: Write, run_tool: RunTool) -> None:
    write(PROJECT)
    with pytest.raises(ToolError, match=r"no file or folder 'scr/a\.py'; did you mean 'src/a\.py'"):
        run_tool("ruff_check", path="scr/a.py")


def test_a_module_of_the_repository_called_ruff_does_not_run(write: Write, run_tool: RunTool, root: Path) -> None:
    write({"ruff.py": f"open({str(root / 'marker')!r}, 'w')\n", "sitecustomize.py": "import ruff\n"})
    run_tool("ruff_check")
    assert not (root / "marker").exists()


def test_a_stop_ends_it(write: Write, root: Path) -> None:
    write(PROJECT)
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(ToolCancelledError):
        TOOL.run(ToolContext(Workspace.at(root), cancelled=stopped), {})


def test_long_lists_are_capped_and_counted_whole(write: Write, run_tool: RunTool) -> None:
    count = MOST_VIOLATIONS + 15
    write({**RULES, "a.py": "undefined\n" * count})
    result = run_tool("ruff_check")
    assert (len(result.violations), result.truncated, result.violation_count) == (MOST_VIOLATIONS, True, count)


def test_with_rules_only_these_are_found_and_fixed(write: Write, run_tool: RunTool, root: Path, tmp_path: Path) -> None:
    write({**PROJECT, "src/d.py": "import sys\nimport os\n\nprint(sys.path)\n"})
    twin = tmp_path / "twin"
    subprocess.run(["cp", "-r", root, twin], check=True)
    assert {each.code for each in run_tool("ruff_check", rules=["F4"]).violations} == {"F401", "invalid-syntax"}
    ruff(twin, "--fix", "--select=F401")
    result = run_tool("ruff_check", fix=True, path="src/d.py", rules=["F401"])
    assert (root / "src/d.py").read_bytes() == (twin / "src/d.py").read_bytes()
    assert result.summary == "Fixed 1 violation of F401 in src/d.py; none left."
    assert (root / "src/a.py").read_text() == PROJECT["src/a.py"]


def test_rules_need_not_be_among_the_project_s_own(write: Write, run_tool: RunTool, root: Path) -> None:
    write({**RULES, "a.py": "import sys\nimport os\n\nprint(os, sys)\n"})
    assert run_tool("ruff_check").violation_count == 0
    assert run_tool("ruff_check", fix=True, rules=["I"]).fixed_count == 1
    assert (root / "a.py").read_text().startswith("import os\nimport sys\n")


def test_a_fix_that_is_unsafe_is_told_and_not_made(write: Write, run_tool: RunTool, files_of: FilesOf) -> None:
    write({**RULES, "a.py": "def f():\n    x = 1\n"})
    before = files_of()
    summary = run_tool("ruff_check", fix=True, rules=["F841"]).summary
    assert summary.startswith("1 violation of F841, 1 fixable only unsafely: a.py:2 F841 ")
    assert files_of() == before


@pytest.mark.parametrize("rule", ["ZZ9", "f401", "unused-import", "F401,E501", "", "--fix", "F401\n[red]"])
@pytest.mark.parametrize("fix", [True, False])
def test_a_rule_that_ruff_does_not_know_is_named_in_one_line(
    write: Write, run_tool: RunTool, files_of: FilesOf, rule: str, fix: bool
) -> None:
    write({**RULES, "a.py": "import os\n"})
    before = files_of()
    with pytest.raises(ToolError, match=r"^ruff knows no rule '.*'; give codes such as F401") as caught:
        run_tool("ruff_check", fix=fix, rules=["F401", rule])
    assert " ".join(rule.split()) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_of() == before


def test_a_rule_that_ruff_would_pass_over_is_named(write: Write, run_tool: RunTool) -> None:
    write({**RULES, "a.py": "x = 1\n"})
    with pytest.raises(ToolError, match=r"'PLW3201' is a preview of ruff's"):
        run_tool("ruff_check", rules=["F401", "PLW3201"])


def test_the_preview_is_of_the_rules_alone(write: Write, root: Path) -> None:
    write({**RULES, "a.py": "import sys\nimport os\n\nprint(sys)\n"})
    context = ToolContext(Workspace.at(root))
    assert TOOL.preview(context, TOOL.validate({"fix": True, "rules": ["I"]})).count("\n-import") == 1
    assert TOOL.preview(context, TOOL.validate({"fix": True, "rules": ["UP"]})) is None
    assert TOOL.preview(context, TOOL.validate({"rules": ["F401", "I"]})) == "ruff check --select=F401,I ."
