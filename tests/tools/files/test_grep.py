"""grep: the same lines as git grep, with columns that count characters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError
from punie_tools.files.grep import MATCH_LIMIT, TEXT_LIMIT
from tests.conftest import git, write_files
from tests.tools.conftest import make_undecodable

RunTool = Callable[..., Any]

TREE = {
    ".gitignore": "*.log\n",
    "src/app.py": "import os\n\n\ndef main() -> None:\n    # TODO: größe = 1; TODO\n    pass\n",
    "src/other.py": "x = 1  # todo\ny = 'a.b(c'\n",
    "docs/notes.md": "TODO\n",
    "debug.log": "TODO\n",
    "-dash.txt": "TODO\n",
    ".github/ci.yml": "# TODO\n",
}


def places(result: Any) -> list[tuple[str, int]]:
    return [(match.file, match.line) for match in result.matches]


@pytest.mark.parametrize("pattern", ["TODO", "import|def", "^$", r"\bx\b", "o{2}|ö"])
def test_the_lines_are_git_grep_s(make_repository: Callable[..., Path], run_tool: RunTool, pattern: str) -> None:
    root = make_repository(TREE)
    found = git(root, "grep", "-nzP", pattern).splitlines() if pattern != "o{2}|ö" else ["src/app.py\x005\x00"]
    expected = sorted((line.split("\0")[0], int(line.split("\0")[1])) for line in found)
    result = run_tool("grep", at=root, pattern=pattern)
    assert sorted(places(result)) == expected
    assert result.match_count == len(expected)
    assert result.file_count == len({file for file, _ in expected})


def test_columns_count_characters_from_one(root: Path, run_tool: RunTool) -> None:
    write_files(root, TREE)
    match = run_tool("grep", pattern="= 1; T", path="src/app.py").matches[0]
    assert (match.line, match.column) == (5, 19)
    assert match.text == "    # TODO: größe = 1; TODO"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"pattern": "a.b(c", "literal": True}, [("src/other.py", 2)]),
        ({"pattern": "todo", "path": "src", "ignore_case": True}, [("src/app.py", 5), ("src/other.py", 1)]),
        ({"pattern": "TODO", "glob": "*.py"}, [("src/app.py", 5)]),
        ({"pattern": "TODO", "glob": "*.log"}, []),
        ({"pattern": "TODO", "glob": "src/**/*.py"}, [("src/app.py", 5)]),
        ({"pattern": "TODO", "glob": "docs"}, [("docs/notes.md", 1)]),
        ({"pattern": "TODO", "glob": "*.{md,txt}"}, [("-dash.txt", 1), ("docs/notes.md", 1)]),
        ({"pattern": "TODO", "path": "-dash.txt"}, [("-dash.txt", 1)]),
        ({"pattern": "-> None"}, [("src/app.py", 4)]),
        ({"pattern": "--files"}, []),
        ({"pattern": "-e"}, []),
    ],
)
def test_arguments(root: Path, run_tool: RunTool, arguments: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    write_files(root, TREE)
    assert places(run_tool("grep", **arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": "("}, r"^The search failed: regex parse error: unclosed group\.$"),
        ({"pattern": ""}, "empty"),
        ({"pattern": "a\nb"}, "line break"),
        ({"pattern": "x", "path": "srcc"}, "did you mean 'src'"),
        ({"pattern": "x", "path": "../.."}, "leads outside"),
        ({"pattern": "x", "glob": "[a"}, "is no glob"),
    ],
)
def test_wrong_requests_are_clear(root: Path, run_tool: RunTool, arguments: dict[str, Any], message: str) -> None:
    write_files(root, TREE)
    with pytest.raises(ToolError, match=message):
        run_tool("grep", **arguments)


def test_many_matches_are_cut_with_true_counts(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"a.txt": "x\n" * 1_000_000, "b.txt": "x\n" * 7})
    result = run_tool("grep", pattern="x")
    assert result.truncated
    assert len(result.matches) == MATCH_LIMIT
    assert (result.match_count, result.file_count) == (1_000_007, 2)


def test_long_lines_are_cut(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"long.js": "é" * 10_000 + "x", "vast.js": "y" * 5_000_000 + "x\nx\n"})
    result = run_tool("grep", pattern="x")
    assert [(match.file, match.line, match.column, len(match.text)) for match in result.matches] == [
        ("long.js", 1, 10_001, TEXT_LIMIT + 1),
        ("vast.js", 1, 5_000_001, TEXT_LIMIT + 1),
        ("vast.js", 2, 1, 1),
    ]
    assert (result.match_count, result.file_count, result.truncated) == (3, 2, False)


def test_bytes_that_are_no_text(root: Path, run_tool: RunTool) -> None:
    make_undecodable(root).write_bytes(b"\xff\xe9x needle\n")
    (root / "binary.bin").write_bytes(b"\0\1\2needle\0")
    match = run_tool("grep", pattern="needle").matches[0]
    assert (match.file, match.column, match.text) == (r"caf\xe9.py", 5, "\ufffd\ufffdx needle")


def test_no_configuration_steers_the_search(root: Path, run_tool: RunTool, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(root, {"a.txt": "needle\n", "rc": "--invert-match\n--pre=/bin/false\n"})
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(root / "rc"))
    assert places(run_tool("grep", pattern="needle")) == [("a.txt", 1)]


def test_the_summary_counts(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"a.txt": "x\n"})
    assert run_tool("grep", pattern="x").summary == "1 line matches 'x' in 1 file: a.txt:1 x."
    assert run_tool("grep", pattern="zzz").summary == "No line matches 'zzz'."


def test_the_result_says_whether_its_sentence_names_all_of_it(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"more.py": "a and 9 more\nb\nb\nb\nb\n"})
    found = [run_tool("grep", pattern=pattern, path="more.py") for pattern in ("more", "b", "nothing")]
    assert [result.names_only_some for result in found] == [False, True, False]
