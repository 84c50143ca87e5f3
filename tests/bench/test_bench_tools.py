"""The bench of the tools on a tiny tree: its shape, not its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.bench.tools import ROWS, BenchError, Row, measure_tools
from punie_tui.bench.tree import make_tree
from punie_tui.commands import bench
from tests.conftest import git


def test_every_kind_of_call_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["tools", "--files", "20", "--rounds", "1", "--only", "grep", "execute_code", "--json"]) == 0
    printed = capsys.readouterr()
    figures = json.loads(printed.out)
    assert (figures["files"], figures["rounds"]) == (20, 1)
    plain, alone, loop = figures["rows"]
    assert (plain["name"], plain["tool"], plain["command"]) == ("grep", "grep", "rg -n --column TODO .")
    assert plain["cold_seconds"] > plain["command_seconds"] > 0
    assert plain["warm_ratio"] == pytest.approx(plain["warm_seconds"] / plain["command_seconds"], rel=0.1)
    assert (alone["command"], alone["command_seconds"], alone["warm_ratio"]) == (None, None, None)
    assert alone["warm_seconds"] > 0
    assert (loop["name"], loop["tool"]) == ("execute_code, 1,000 results", "execute_code")
    assert "2/3 execute_code" in printed.err


def test_the_table_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["tools", "--files", "20", "--rounds", "1", "--only", "git_status", "ruff_check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "tool"
    assert lines[1].startswith("ruff_check ")
    assert lines[1].endswith("  ruff check --no-cache --output-format json .")
    assert lines[2].startswith("git_status ")
    assert lines[-1] == "Medians of 1 interleaved rounds on 20 files; ratios to the command."


def test_an_edit_comes_before_each_timed_call() -> None:
    turns: list[int] = []
    row = Row("git_diff", {}, ("git", "diff"), "git_diff, edited", lambda tree, turn: turns.append(turn))
    (figures,) = measure_tools(20, 2, [row])
    assert (figures.name, figures.cold_seconds, turns) == ("git_diff, edited", None, [0, 1])


def test_what_cannot_be_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["tools", "--only", "rename"]) == 1
    assert capsys.readouterr().err.startswith("punie: rename is not measured; these are: call_hierarchy, document_sym")
    for words in (["tools", "--files", "0"], ["tools", "--rounds", "x"], []):
        with pytest.raises(SystemExit, match="2"):
            bench.run(words)
    with pytest.raises(BenchError, match="needs no-such-program"):
        measure_tools(20, 1, [Row("git_diff", {}, ("no-such-program",))])
    with pytest.raises(BenchError, match=r"git show no-such-tag failed: fatal: ambiguous argument"):
        measure_tools(20, 1, [Row("git_diff", {}, ("git", "show", "no-such-tag"))])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_every_row_is_a_call_of_its_tool(row: Row) -> None:
    find_tool(row.tool).validate(row.arguments)


def test_the_tree_is_the_same_each_time(tmp_path: Path) -> None:
    trees = [make_tree(tmp_path / name, 120) for name in ("one", "two")]
    heads = {git(tree.root, "rev-parse", "HEAD") for tree in trees}
    assert len(heads) == 1
    assert len(git(trees[0].root, "ls-files").splitlines()) == trees[0].files == 120
    assert git(trees[0].root, "status", "--short").split() == ["M", "shop/part_004/module_0083.py", "??", "NEWS.md"]


def test_the_edits_reach_what_they_say(tmp_path: Path) -> None:
    """pyright finds one error more after each, in the edited file or in the tenth that uses it."""
    tree = make_tree(tmp_path / "tree", 40)
    context = ToolContext(Workspace.at(tree.root))
    assert find_tool("typecheck").run(context, {}).model_dump()["error_count"] == 0
    for edit in (tree.edit_leaf, tree.edit_base, tree.edit_cycle):
        edit(0)
    errors = find_tool("typecheck").run(context, {}).model_dump()["errors"]
    dependents = {error["file"] for error in errors} - {
        path.relative_to(tree.root).as_posix() for path in (tree.leaf, tree.in_cycle)
    }
    assert len(dependents) == tree.modules // 10
    assert {error["line"] for error in errors if error["file"] in dependents} == {40}


def test_the_tests_of_a_large_tree_pass(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", 2_000)
    result = find_tool("pytest_run").run(ToolContext(Workspace.at(tree.root, is_trusted=True)), {}).model_dump()
    assert (result["failed"], result["errors"]) == (0, 0)
    assert result["passed"] >= 5
