"""pytest_affected: what a change can reach runs, with the reason; the rest is left out and said so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git

Write = Callable[[Mapping[str, str | bytes]], Path]
RunTool = Callable[..., Any]

TEST = "def test_it() -> None: ...\n"
PROJECT = {
    "src/shop/__init__.py": "",
    "src/shop/money.py": "def add(a, b): return a + b\n",
    "src/shop/ledger.py": "from . import money\n",
    "src/shop/report.py": "def later():\n    from shop.ledger import money\n",
    "src/shop/plain.py": "",
    "tests/conftest.py": "",
    "tests/helpers.py": "from shop import report\n",
    "tests/test_ledger.py": f"import shop.ledger\n{TEST}",
    "tests/test_report.py": f"import helpers\n{TEST}",
    "tests/test_plain.py": f"from shop import plain\n{TEST}",
    "tests/test_data.py": f"DATA = 'data/prices.json'\n{TEST}",
    "tests/data/prices.json": "{}",
    "conftest.py": "import sys\nsys.path.insert(0, 'src')\n",
    "pytest.ini": "[pytest]\npythonpath = src tests\n",
    "README.md": "# Shop\n",
}


@pytest.fixture
def project(write: Write, environment: Path) -> Path:
    root = write({**PROJECT, ".gitignore": ".venv/\n.pytest_cache/\n__pycache__/\n"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Start")
    return root


def chains(result: Any) -> dict[str, tuple[str, ...]]:
    return {each.file: each.because for each in result.selected}


def test_only_tests_that_reach_the_change_run_and_each_says_why(
    project: Path, run_trusted: RunTool, write: Write
) -> None:
    write({"src/shop/money.py": "def add(a, b): return b + a\n"})
    result = run_trusted("pytest_affected")
    assert result.changed == ("src/shop/money.py",)
    assert chains(result) == {
        "tests/test_ledger.py": ("tests/test_ledger.py", "src/shop/ledger.py", "src/shop/money.py"),
        "tests/test_report.py": (
            "tests/test_report.py",
            "tests/helpers.py",
            "src/shop/report.py",
            "src/shop/ledger.py",
            "src/shop/money.py",
        ),
    }
    assert {test.file for test in result.tests} == set(chains(result))
    assert result.passed == 2
    assert set(result.left_out) == {"tests/test_plain.py", "tests/test_data.py"}
    assert result.summary.startswith("2 test files can reach the 1 changed file, 2 left out: 2 passed in ")


def test_without_a_change_nothing_runs(project: Path, run_trusted: RunTool) -> None:
    result = run_trusted("pytest_affected")
    assert (result.changed, result.tests, result.summary) == (
        (),
        (),
        "Nothing is changed, so there is no test to run.",
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/shop/plain.py", {"tests/test_plain.py"}),
        ("tests/test_plain.py", {"tests/test_plain.py"}),
        ("tests/helpers.py", {"tests/test_report.py"}),
        ("src/shop/gone.py", set[str]()),
        ("tests/data/prices.json", {"tests/test_data.py"}),
        ("tests/data", {"tests/test_data.py"}),
        ("src/shop/__init__.py", {"tests/test_ledger.py", "tests/test_report.py", "tests/test_plain.py"}),
        ("tests/conftest.py", {f"tests/test_{name}.py" for name in ("ledger", "report", "plain", "data")}),
    ],
)
def test_named_files_stand_for_the_change(project: Path, run_trusted: RunTool, path: str, expected: set[str]) -> None:
    result = run_trusted("pytest_affected", paths=[path])
    assert set(chains(result)) == expected
    assert result.passed == len(expected)
    assert result.left_out_count == 4 - len(expected)


def test_a_file_that_no_code_names_runs_nothing_and_is_told(project: Path, run_trusted: RunTool) -> None:
    result = run_trusted("pytest_affected", paths=["README.md"])
    assert (result.untraced, result.tests) == (("README.md",), ())
    assert result.summary == "No test can reach the 1 changed file; 4 test files left out; no code names README.md."


def test_settings_concern_all_tests(project: Path, run_trusted: RunTool) -> None:
    result = run_trusted("pytest_affected", paths=["pytest.ini", "src/shop/plain.py"])
    assert result.everything_because == "pytest.ini"
    assert result.passed == 4
    assert result.summary.startswith("pytest.ini concerns all tests: 4 passed in ")


def test_removed_renamed_and_new_files_count(project: Path, run_trusted: RunTool, write: Write) -> None:
    git(project, "mv", "src/shop/plain.py", "src/shop/simple.py")
    write({"tests/test_new.py": TEST})
    result = run_trusted("pytest_affected")
    assert result.changed == ("src/shop/plain.py", "src/shop/simple.py", "tests/test_new.py")
    assert set(chains(result)) == {"tests/test_plain.py", "tests/test_new.py"}
    assert result.passed == 1
    assert result.errors == 1


def test_names_in_texts_and_circles_are_followed(project: Path, run_trusted: RunTool, write: Write) -> None:
    write(
        {
            "src/shop/one.py": "import shop.two\n",
            "src/shop/two.py": "import importlib\nimportlib.import_module('shop.one')\nimport shop.plain\n",
            "tests/test_one.py": f"PATCHED = 'shop.one.name'\n{TEST}",
            "tests/broken.py": "def (:\n",
        }
    )
    because = chains(run_trusted("pytest_affected", paths=["src/shop/plain.py"]))
    assert because["tests/test_one.py"][-2:] == ("src/shop/two.py", "src/shop/plain.py")


def test_the_project_s_settings_say_what_a_test_file_is(project: Path, run_trusted: RunTool, write: Write) -> None:
    write({"pytest.ini": "[pytest]\npythonpath = src tests\npython_files = check_*.py\ntestpaths = checks\n"})
    write(
        {"checks/check_plain.py": f"import shop.plain\n{TEST}", "other/check_plain2.py": f"import shop.plain\n{TEST}"}
    )
    result = run_trusted("pytest_affected", paths=["src/shop/plain.py"])
    assert set(chains(result)) == {"checks/check_plain.py"}
    assert result.left_out == ()


def test_outside_a_repository_files_must_be_named(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"a.py": "", "test_a.py": f"import a\n{TEST}"})
    assert run_trusted("pytest_affected", paths=["a.py"]).passed == 1
    with pytest.raises(ToolError, match="not in a git repository"):
        run_trusted("pytest_affected")


@pytest.mark.parametrize("path", ["../x.py", "nothing.txt", "a\0.py"])
def test_a_path_that_cannot_be_meant_is_told(project: Path, run_trusted: RunTool, path: str) -> None:
    with pytest.raises(ToolError, match=r"outside|no file or folder|NUL"):
        run_trusted("pytest_affected", paths=[path])


def test_it_runs_code_shows_which_and_runs_none_untrusted(project: Path, run_tool: RunTool) -> None:
    tool = find_tool("pytest_affected")
    context = ToolContext(Workspace.at(project, is_trusted=True))
    assert tool.risk is Risk.RUNS
    shown = tool.preview(context, {"paths": ["src/shop/plain.py"]})
    assert "-m pytest" in shown
    assert shown.endswith(" ./tests/test_plain.py")
    with pytest.raises(ToolError, match="not trusted"):
        run_tool("pytest_affected")
