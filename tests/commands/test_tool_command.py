"""`punie tool` and `punie tools`: arguments in, JSON or text out, and the exit codes of the contract."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.commands.backends import confinement_here
from punie_tools.registry import TOOLS
from punie_tui.commands import tool, tools
from tests.conftest import git, write_files
from tests.tools.conftest import make_undecodable

PUNIE = [sys.executable, "-m", "punie_tui"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    root.mkdir()
    write_files(root, {"a.py": "x = 1\n# TODO: é\n", "sub dir/b.py": "x = '@'\n"})
    return root


@pytest.fixture
def punie_tool(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `punie tool …` on the folder; its exit code, stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        code = tool.run([*words, "--cwd", str(folder)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


Run = Callable[..., tuple[int, str, str]]


def test_the_result_is_json(punie_tool: Run) -> None:
    code, out, err = punie_tool("read_file", "path=a.py", "start_line=2")
    assert (code, err) == (0, "")
    printed = json.loads(out)
    assert list(printed)[:2] == ["success", "summary"]
    assert (
        printed.items()
        >= {
            "success": True,
            "summary": "Line 2 of the 2 lines of a.py.",
            "path": "a.py",
            "content": "# TODO: é\n",
            "start_line": 2,
            "end_line": 2,
            "line_count": 2,
            "truncated": False,
        }.items()
    )


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["grep", "pattern=todo", "ignore_case=true"], 1),
        (["grep", "pattern=todo", "ignore_case=false"], 0),
        (["grep", "pattern=x = ", "path=sub dir"], 1),
        (["grep", "pattern==", "glob=*.py"], 2),
        (["grep", "pattern=@@", "literal=true"], 1),
        (["grep", "pattern=1", "literal=1"], 1),
        (["grep", "pattern=--x"], 0),
    ],
)
def test_values_are_read_by_the_argument_s_type(punie_tool: Run, words: list[str], count: int) -> None:
    code, out, err = punie_tool(*words)
    assert (code, err) == (0, "")
    assert json.loads(out)["match_count"] == count


def test_text_comes_from_a_file_and_from_stdin(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x = 1\n# TODO: é\n", encoding="utf-8")
    command = [*PUNIE, "tool", "edit_file", "path=a.py", f"old=@{tmp_path / 'old'}", "new=-", "--cwd", str(folder)]
    finished = subprocess.run(command, input=b"y = 2\n", capture_output=True, check=True)
    assert json.loads(finished.stdout)["replacements"] == 1
    assert (folder / "a.py").read_text() == "y = 2\n"


def test_a_value_from_a_file_may_end_with_a_line(tmp_path: Path, punie_tool: Run) -> None:
    (tmp_path / "flag").write_text("true\n")
    code, _, err = punie_tool("ruff_format", f"check=@{tmp_path / 'flag'}")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["read_file", "path=b.py"], 1, "no file or folder 'b.py'; did you mean 'sub dir/b.py'?"),
        (["read_file", "path=../x"], 1, "leads outside"),
        (["git_status"], 1, "not in a git repository"),
        (["execute_code", "code=1/0"], 1, "line 1: ZeroDivisionError"),
        (["readfile"], 2, "no tool 'readfile'; did you mean 'read_file'?"),
        (["read_file"], 2, "argument 'path' is missing"),
        (["read_file", "a.py"], 2, "not of the form key=value"),
        (["read_file", "path=a.py", "path=a.py"], 2, "given twice"),
        (["read_file", "path=a.py", "line=1"], 2, "no argument 'line'"),
        (["read_file", "path=a.py", "start_line=two"], 2, "argument 'start_line'"),
        (["read_file", "path=@missing"], 2, "missing cannot be read"),
        (["read_file", "path=a\x1b]0;x\x07.py"], 1, "no file or folder"),
    ],
)
def test_errors_are_one_line_and_a_code(punie_tool: Run, words: list[str], code: int, message: str) -> None:
    actual, out, err = punie_tool(*words)
    assert actual == code
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert err.startswith("punie: ")
    assert "\x1b" not in err


def test_help_is_that_of_the_tool(punie_tool: Run) -> None:
    for words in (["grep", "--help"], ["-h", "grep"], ["grep", "pattern=x", "--help"]):
        code, out, err = punie_tool(*words)
        assert (code, err) == (0, "")
        assert out.startswith("usage: punie tool grep pattern=… [path=…]")
        assert "\n  ignore_case  bool, default False" in out
        assert out.endswith("example:\n  punie tool grep pattern=TODO\n")
    assert punie_tool("--help")[1].startswith("usage: punie tool [")
    assert punie_tool("grp", "--help")[::2] == (2, "punie: There is no tool 'grp'; did you mean 'grep'?\n")
    with pytest.raises(SystemExit, match="2"):
        punie_tool()


def test_a_folder_that_is_missing_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.run(["list_files", "--cwd", "/no/such/folder"]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_text_is_the_summary_and_rows(punie_tool: Run) -> None:
    code, out, _ = punie_tool("grep", "pattern=x = ", "--text")
    assert code == 0
    assert out == (
        "2 lines match 'x = ' in 2 files: a.py:1 x = 1, sub dir/b.py:1 x = '@'.\n\n"
        "matches:\n  a.py:1:1  x = 1\n  sub dir/b.py:1:1  x = '@'\n"
    )
    assert punie_tool("list_files", "--text")[1] == "2 files: a.py, sub dir/b.py.\n\nfiles:\n  a.py\n  sub dir/b.py\n"
    assert punie_tool("read_file", "path=a.py", "--text")[1] == "a.py has 2 lines.\n\nx = 1\n# TODO: é\n"


def test_text_shows_a_program_s_calls_and_value(punie_tool: Run) -> None:
    code, out, _ = punie_tool("execute_code", "code=print(1)\nlist_files().files", "--text")
    assert code == 0
    assert "value:\n  a.py\n  sub dir/b.py\n" in out
    assert "calls:\n  list_files  {}  success\n" in out


def test_text_lists_a_file_once_below_the_summary(folder: Path, punie_tool: Run) -> None:
    git(folder, "init", "-q")
    _, _, below = punie_tool("git_status", "--text")[1].partition("\n\n")
    assert below.count("a.py") == 1
    assert "  a.py  untracked\n" in below


def test_text_shows_no_escape_codes(folder: Path, punie_tool: Run) -> None:
    (folder / "evil\x1b[31m\nname").write_text("\x1b]0;title\x07text\n")
    for words in (["list_files"], ["grep", "pattern=text"], ["read_file", "path=evil\x1b[31m\nname"]):
        code, out, _ = punie_tool(*words, "--text")
        assert code == 0
        assert "\x1b" not in out
        assert "␛" in out
        assert "\x1b" not in punie_tool(*words)[1]


def test_names_that_are_no_text_are_printed_and_read_back(folder: Path) -> None:
    make_undecodable(folder).write_text("x")
    for environment in (
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ):
        listed = subprocess.run(
            [*PUNIE, "tool", "list_files", "pattern=caf*", "--cwd", folder],
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
        assert json.loads(listed.stdout)["files"] == ["caf\\xe9.py"]
        for spelling in (b"path=caf\xe9.py", b"path=caf\\xe9.py"):
            shown = subprocess.run(
                [*PUNIE, "tool", "read_file", spelling, "--text", "--cwd", folder],
                env={**os.environ, **environment},
                capture_output=True,
                check=True,
            )
            assert b"caf\\xe9.py has 1 line." in shown.stdout


def test_a_reader_that_leaves_gets_no_complaint(folder: Path) -> None:
    (folder / "long.txt").write_text("line\n" * 50_000)
    process = subprocess.Popen(
        [*PUNIE, "tool", "read_file", "path=long.txt", "--text", "--cwd", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_tool_and_its_children_with_130(folder: Path, number: int) -> None:
    process = subprocess.Popen(
        [*PUNIE, "tool", "execute_code", "code=print(list_files().file_count)\nwhile True: pass", "--cwd", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    parent = psutil.Process(process.pid)
    while process.poll() is None and not parent.children():
        continue
    children = parent.children()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_that_a_command_started_outlives_punie(folder: Path, number: int) -> None:
    """bubblewrap ends its processes with punie, however that ends; elsewhere only a punie that can still act does."""
    if number == signal.SIGKILL and confinement_here().name != "bubblewrap":
        pytest.skip("only bubblewrap ends with a punie that is killed")
    seconds = f"7{os.getpid()}"
    command = f"setsid sleep {seconds} & sleep {seconds}"
    process = subprocess.Popen(
        [*PUNIE, "tool", "run_command", f"command={command}", "--cwd", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    started: list[psutil.Process] = []
    while process.poll() is None and len(started) < 2:
        started = sleeping(seconds)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert len(started) == 2
    assert psutil.wait_procs(started, timeout=5)[1] == []


def sleeping(seconds: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", seconds]]


def test_tools_lists_every_tool_with_its_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.run(["--json"]) == 0
    listed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == [one.name for one in TOOLS]
    grep = next(entry for entry in listed if entry["name"] == "grep")
    assert grep["risk"] == "reads"
    assert set(grep["arguments"]["properties"]) == {"pattern", "path", "glob", "literal", "ignore_case"}
    assert grep["arguments"]["required"] == ["pattern"]
    assert {"success", "summary", "matches", "match_count"} <= set(grep["result"]["properties"])
    assert tools.run([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(TOOLS)
