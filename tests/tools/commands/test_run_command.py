"""run_command: what comes back, how it ends, what it refuses; confined where this machine can."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.commands.backends import choose_confinement, confinement_here
from punie_tools.commands.confinement import Confinement
from punie_tools.commands.runner import OUTPUT_LIMIT, run_shell_command
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import git

Run = Callable[..., Any]
UNCONFINED = Confinement(None, "for the test")
LANDLOCK = choose_confinement("linux", lambda: "left out")
ALL = pytest.mark.parametrize("confinement", [None, LANDLOCK, UNCONFINED], ids=["default", "landlock", "unconfined"])


def processes_with(word: str) -> list[int]:
    return [p.pid for p in psutil.process_iter() if word in " ".join(_command_line(p))]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def all_end_within_two_seconds(word: str) -> bool:
    deadline = time.monotonic() + 2
    while processes_with(word):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_output_exit_code_and_duration_come_back(root: Path, run_tool: Run) -> None:
    result = run_tool("run_command", command="echo out; echo err >&2; exit 3")
    assert (result.success, result.exit_code, result.stdout, result.stderr) == (True, 3, "out\n", "err\n")
    assert not result.timed_out
    assert 0 < result.duration < 20
    assert result.confined == (confinement_here().backend is not None)
    assert "ended with exit code 3" in result.summary


def test_it_runs_in_the_tree_and_may_write_there(root: Path, run_tool: Run) -> None:
    result = run_tool("run_command", command="pwd && mkdir a && echo x > a/b && chmod +x a/b && ln -s b a/c && mv a d")
    assert (result.exit_code, result.stdout) == (0, f"{root}\n")
    assert (root / "d" / "c").read_text() == "x\n"


def test_git_sees_nothing_of_the_sandbox_while_a_command_runs(root: Path, run_tool: Run) -> None:
    git(root, "init", "-q")
    (root / "a.py").write_text("1\n")
    for name in ("began", "go"):
        os.mkfifo(root / name)
    command = threading.Thread(target=run_tool, args=("run_command",), kwargs={"command": "echo > began; read x < go"})
    command.start()
    (root / "began").read_text()
    seen = git(root, "status", "--porcelain", "--untracked-files=all", "--ignored").splitlines()
    git(root, "add", "--all")
    (root / "go").write_text("\n")
    command.join()
    assert seen == ["?? a.py"]
    assert git(root, "diff", "--cached", "--name-only").split() == ["a.py"]


def test_settings_of_punie_that_come_while_a_command_runs_get_another_name(root: Path, run_tool: Run) -> None:
    if confinement_here().backend is None:
        pytest.skip("there is no sandbox here")
    result = run_tool("run_command", command="echo temperature = 2.0 > .punie.toml")
    assert result.put_back == (".punie.toml",)
    assert [file.path for file in result.changed_files] == [".punie.toml.put-away-1"]
    (root / ".punie.toml.put-away-1").rename(root / ".punie.toml")
    held = run_tool("run_command", command="echo temperature = 1.0 > .punie.toml")
    assert (held.put_back, held.changed_files) == ((), ())
    assert (root / ".punie.toml").read_text() == "temperature = 2.0\n"


def test_what_models_write_is_bash(run_tool: Run) -> None:
    result = run_tool(
        "run_command", command="set -o pipefail; a=(1 2 3); [[ ${#a[@]} == 3 ]] && diff <(echo x) <(echo x)"
    )
    if not Path("/bin/bash").exists() and not Path("/usr/bin/bash").exists():
        pytest.skip("this machine has no bash")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    ("command", "timeout", "message"),
    [
        ("", 5, "is empty"),
        (" \n\t", 5, "is empty"),
        ("echo a\0b", 5, "NUL"),
        ("echo " + "x" * 130_000, 5, "130005 bytes; at most"),
        ("true", 0, "timeout must be more than 0"),
        ("true", -3, "timeout must be more than 0"),
        ("true", float("inf"), "timeout must be more than 0"),
        ("true", float("nan"), "timeout must be more than 0"),
    ],
)
def test_what_cannot_run_is_one_sentence(run_tool: Run, command: str, timeout: float, message: str) -> None:
    with pytest.raises(ToolError, match=message) as caught:
        run_tool("run_command", command=command, timeout=timeout)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "command", ["echo 'a", 'echo "a', "(echo", "for x in", "if true; then", "a && ", "echo `x", "}"]
)
def test_an_unbalanced_line_is_the_shell_s_error(run_tool: Run, command: str) -> None:
    result = run_tool("run_command", command=command, timeout=20)
    assert result.exit_code != 0
    assert result.stderr


def test_a_line_of_100_kilobytes_runs(run_tool: Run) -> None:
    assert run_tool("run_command", command="printf %s " + "x" * 100_000 + " | wc -c").stdout.strip() == "100000"


def test_the_head_and_the_tail_of_much_output_are_kept(run_tool: Run) -> None:
    result = run_tool("run_command", command="seq 300000")
    assert result.truncated
    assert result.stdout.startswith("1\n2\n")
    assert result.stdout.endswith("299999\n300000\n")
    assert " bytes left out …\n" in result.stdout
    assert len(result.stdout) < OUTPUT_LIMIT + 100


def test_lines_are_told_while_it_runs_with_escapes_visible(root: Path) -> None:
    told: list[str] = []
    context = ToolContext(Workspace.at(root), report_progress=lambda _done, _total, text: told.append(text))
    command = "printf 'first\\033[31m\\n'; until [ -e go ]; do sleep 0.02; done; echo last >&2"

    def go_on() -> None:
        while not told:
            time.sleep(0.01)
        (root / "go").touch()

    watcher = threading.Thread(target=go_on)
    watcher.start()
    result = find_tool("run_command").run(context, {"command": command, "timeout": 20})
    watcher.join()
    assert told[0] == "first␛[31m"
    assert result.model_dump()["exit_code"] == 0


def test_the_newest_line_is_told_a_few_times_a_second(root: Path) -> None:
    told: list[str] = []
    context = ToolContext(Workspace.at(root), report_progress=lambda _done, _total, text: told.append(text))
    result = find_tool("run_command").run(context, {"command": "seq 200000", "timeout": 20})
    assert 1 <= len(told) <= 2 + result.model_dump()["duration"] * 11


DAEMONS = {
    "background": "sleep {n} & echo up",
    "setsid": "setsid sleep {n} & echo up",
    "nohup": "nohup sleep {n} >/dev/null 2>&1 & disown; echo up",
    "double-fork": "( setsid sh -c 'sleep {n} & ' </dev/null >/dev/null 2>&1 & ); echo up",
    "ignores-term": "(trap '' TERM HUP INT; sleep {n}; sleep {n}) & echo up",
    "two-hundred": "for i in $(seq 200); do sleep {n} & done; echo up",
    "no-environment": "env -i setsid sleep {n} </dev/null >/dev/null 2>&1 & echo up",
    "holds-the-pipe": "setsid sh -c 'sleep {n}; echo late' & echo up",
}


@ALL
@pytest.mark.parametrize("how", DAEMONS)
def test_nothing_outlives_the_deadline(root: Path, how: str, confinement: Confinement | None) -> None:
    seconds = f"9{abs(hash((how, confinement and confinement.reason))) % 10**6:06d}"
    command = DAEMONS[how].format(n=seconds) + "; sleep 300"
    # On a busy machine it takes a while until all have been started.
    for timeout in (1, 5, 30):
        run = run_shell_command(ToolContext(Workspace.at(root)), command, timeout, confinement)
        if run.process.stdout:
            break
    assert run.process.stdout == b"up\n"
    assert run.process.timed_out
    assert all_end_within_two_seconds(seconds)


@ALL
@pytest.mark.parametrize("how", DAEMONS)
def test_nothing_outlives_a_command_that_ended(root: Path, how: str, confinement: Confinement | None) -> None:
    seconds = f"8{abs(hash((how, confinement and confinement.reason))) % 10**6:06d}"
    run = run_shell_command(ToolContext(Workspace.at(root)), DAEMONS[how].format(n=seconds), 20, confinement)
    assert (run.process.stdout, run.process.exit_code, run.process.timed_out) == (b"up\n", 0, False)
    assert run.process.seconds < 10
    assert all_end_within_two_seconds(seconds)


@ALL
def test_a_stop_ends_it_at_once(root: Path, confinement: Confinement | None) -> None:
    cancelled = threading.Event()
    context = ToolContext(
        Workspace.at(root), cancelled=cancelled, report_progress=lambda _done, _total, _text: cancelled.set()
    )
    with pytest.raises(ToolCancelledError):
        run_shell_command(context, "setsid sleep 7654321 & echo up; sleep 7654321", 60, confinement)
    assert all_end_within_two_seconds("7654321")


def test_the_environment_holds_no_secret(root: Path, run_tool: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "BASH_ENV",
        "LD_PRELOAD_X",
        "SSH_AUTH_SOCK",
        "PROMPT_COMMAND",
    ):
        monkeypatch.setenv(name, "hunter2")
    assert (
        "hunter2" not in run_tool("run_command", command="env; export -p; cat /proc/1/environ | tr '\\0' '\\n'").stdout
    )


def test_the_approval_is_about_the_whole_command_as_it_is(root: Path) -> None:
    tool = find_tool("run_command")
    command = "echo a\x1b[2K\u202eb\n" + "x" * 5000 + " ; rm -rf y"
    shown = tool.preview(ToolContext(Workspace.at(root)), tool.validate({"command": command}))
    assert shown.endswith(command)
    assert ("Not confined" in shown) == (confinement_here().backend is None)


def test_unconfined_says_so(root: Path) -> None:
    at_the_top = ToolContext(Workspace.at(Path("/")))
    tool = find_tool("run_command")
    assert tool.preview(at_the_top, {"command": "true", "timeout": 5}).startswith(
        "Not confined (the workspace is the whole file system): it can do whatever you can.\n"
    )
    result = tool.run(at_the_top, {"command": "echo x"})
    assert result.model_dump()["confined"] is False
    assert "not confined" in result.summary
