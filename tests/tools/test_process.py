"""Child processes: nothing hangs, nothing is left behind, nothing leaks in."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from punie_tools.process import clean_environment, find_program, project_environment, run_process
from punie_tools.tool import ToolCancelledError, ToolError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def has_ended(pid_file: Path, *, within: float = 5) -> bool:
    """Whether the process whose id lies in the file is gone; it must have been there."""
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_output_exit_code_and_stdin_come_through(tmp_path: Path) -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('no', file=sys.stderr); sys.exit(3)"
    finished = run_process(python(code), cwd=tmp_path, timeout=10, stdin=b"hello")
    assert (finished.exit_code, finished.stdout, finished.stderr) == (3, b"HELLO\n", b"no\n")
    assert not finished.timed_out
    assert not finished.truncated


def test_large_input_that_nobody_reads_does_not_hang(tmp_path: Path) -> None:
    finished = run_process(["true"], cwd=tmp_path, timeout=10, stdin=b"x" * 5_000_000)
    assert finished.exit_code == 0


def test_lines_arrive_while_the_child_runs(tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    code = (
        "import os, time\nprint('first\\r', flush=True)\n"
        f"while not os.path.exists({str(go_on)!r}): time.sleep(0.01)\nprint('last', end='')"
    )
    lines: list[str] = []

    def receive(line: str) -> None:
        lines.append(line)
        go_on.touch()

    run_process(python(code), cwd=tmp_path, timeout=10, on_stdout_line=receive)
    assert lines == ["first", "last"]


def test_an_endless_line_loses_its_end_and_not_the_next_one(tmp_path: Path) -> None:
    lines: list[str] = []
    argv = ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next"]
    run_process(argv, cwd=tmp_path, timeout=60, on_stdout_line=lines.append)
    assert lines == ["x" * 2**20, "next"]


def test_output_beyond_the_limit_is_drained_and_dropped(tmp_path: Path) -> None:
    finished = run_process(
        ["sh", "-c", "head -c 300000000 /dev/zero; echo done >&2"], cwd=tmp_path, timeout=60, output_limit=1000
    )
    assert len(finished.stdout) == 1000
    assert finished.truncated
    assert finished.stderr == b"done\n"


def test_errors_beyond_the_limit_are_dropped_and_told_too(tmp_path: Path) -> None:
    finished = run_process(["sh", "-c", "head -c 5000 /dev/zero >&2"], cwd=tmp_path, timeout=60, output_limit=1000)
    assert len(finished.stderr) == 1000
    assert finished.truncated


def test_output_of_exactly_the_limit_is_whole(tmp_path: Path) -> None:
    finished = run_process(["printf", "abcd"], cwd=tmp_path, timeout=10, output_limit=4)
    assert finished.stdout == b"abcd"
    assert not finished.truncated


def test_deadline_ends_the_whole_tree(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    finished = run_process(["sh", "-c", f"sleep 300 & echo $! > {pid_file}; wait"], cwd=tmp_path, timeout=0.5)
    assert finished.timed_out
    assert finished.seconds < 3
    assert has_ended(pid_file)


def test_what_a_child_leaves_in_the_background_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    left = f"sleep 300 < /dev/null > /dev/null 2>&1 & echo $! > {pid_file}"
    assert run_process(["sh", "-c", left], cwd=tmp_path, timeout=60).exit_code == 0
    assert has_ended(pid_file)


def test_deadline_ends_a_child_that_left_its_group_and_its_parent(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        f"        open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
        "        time.sleep(300)\n"
        "    os._exit(0)\n"
        "time.sleep(300)"
    )
    assert run_process(python(code), cwd=tmp_path, timeout=1).timed_out
    assert has_ended(pid_file)


def test_a_grandchild_that_holds_the_pipe_open_cannot_hang_the_call(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
        "    time.sleep(300)\n"
        f"while not os.path.exists({str(pid_file)!r}): time.sleep(0.01)\n"
        "print('done', flush=True)\n"
    )
    finished = run_process(python(code), cwd=tmp_path, timeout=60)
    assert finished.exit_code == 0
    assert finished.stdout == b"done\n"
    assert finished.seconds < 5
    assert has_ended(pid_file)


def test_cancel_ends_the_call_long_before_its_deadline(tmp_path: Path) -> None:
    cancelled = threading.Event()
    set_at: list[float] = []

    def stop(_line: str) -> None:
        set_at.append(time.monotonic())
        cancelled.set()

    pid_file = tmp_path / "pid"
    with pytest.raises(ToolCancelledError):
        run_process(
            ["sh", "-c", f"echo $$ > {pid_file}; echo ready; exec sleep 300"],
            cwd=tmp_path,
            timeout=60,
            cancelled=cancelled,
            on_stdout_line=stop,
        )
    assert time.monotonic() - set_at[0] < 30
    assert has_ended(pid_file)


def test_a_failing_line_receiver_leaves_no_child(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def fail(_line: str) -> None:
        raise RuntimeError("receiver")

    with pytest.raises(RuntimeError, match="receiver"):
        run_process(
            ["sh", "-c", f"echo $$ > {pid_file}; echo x; exec sleep 300"],
            cwd=tmp_path,
            timeout=60,
            on_stdout_line=fail,
        )
    assert has_ended(pid_file)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["no-such-program"], "there is no program 'no-such-program'"),
        (["/etc"], "etc cannot run: Permission denied"),
        (["echo", "a\0b"], "null"),
        (["echo", "x" * 3_000_000], "Argument list too long"),
    ],
)
def test_a_command_that_cannot_start_is_one_clear_sentence(tmp_path: Path, argv: list[str], message: str) -> None:
    with pytest.raises(ToolError, match=message) as caught:
        run_process(argv, cwd=tmp_path, timeout=10)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="gone"):
        run_process(["true"], cwd=tmp_path / "gone", timeout=10)


def test_environments_hold_nothing_that_steers_or_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    steering = ["PYTHONPATH", "GIT_DIR", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PUNIE_MODEL"]
    for name in [*steering, "MY_API_TOKEN"]:
        monkeypatch.setenv(name, "x")
    assert not {*steering, "MY_API_TOKEN"} & clean_environment().keys()
    assert not {*steering} & project_environment().keys()
    assert project_environment()["MY_API_TOKEN"] == "x"
    for environment in (clean_environment(), project_environment()):
        assert environment["PATH"] == os.environ["PATH"]
        assert environment["TERM"] == "dumb"


def test_environments_keep_where_the_persons_own_files_lie_and_how_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ["HOME", "LANG", "LC_ALL", "XDG_CONFIG_HOME", "TZ", "TMPDIR", "SSL_CERT_FILE"]
    for name in kept:
        monkeypatch.setenv(name, "x")
    for environment in (clean_environment(), project_environment()):
        assert {name: environment.get(name) for name in kept} == dict.fromkeys(kept, "x")


def test_no_program_of_the_folder_is_found_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "bin" / "env"
    trap.parent.mkdir()
    trap.write_text("#!/bin/sh\necho trapped\n")
    trap.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(["bin", "", "./bin", os.environ["PATH"]]))
    for environment in (clean_environment(), project_environment()):
        finished = run_process(["sh", "-c", "env"], cwd=tmp_path, timeout=10, environment=environment)
        assert b"trapped" not in finished.stdout
        assert b"PATH=" in finished.stdout


def test_a_given_environment_replaces_the_clean_one(tmp_path: Path) -> None:
    finished = run_process(["/usr/bin/env"], cwd=tmp_path, timeout=10, environment={"ONLY": "this"})
    names = {line.split("=")[0] for line in finished.stdout.decode().splitlines()}
    assert names <= {"ONLY", "PUNIE_CHILD_ID"}


def test_the_tail_is_kept_beside_the_head_and_the_gap_is_told(tmp_path: Path) -> None:
    finished = run_process(["seq", "1000000"], cwd=tmp_path, timeout=60, output_limit=2000, keep_tail=True)
    whole = "".join(f"{number}\n" for number in range(1, 1_000_001))
    head, gap, tail = finished.stdout.decode().partition(f"\n… {len(whole) - 2000} bytes left out …\n")
    assert gap
    assert head == whole[:1000]
    assert tail == whole[-1000:]
    assert finished.truncated


def test_output_that_fits_has_no_gap(tmp_path: Path) -> None:
    finished = run_process(["printf", "abcdef"], cwd=tmp_path, timeout=10, output_limit=6, keep_tail=True)
    assert finished.stdout == b"abcdef"
    assert not finished.truncated


def test_both_streams_are_told_as_they_come(tmp_path: Path) -> None:
    seen: list[bytes] = []
    argv = ["sh", "-c", "printf out; printf err >&2"]
    run_process(argv, cwd=tmp_path, timeout=10, on_stdout=seen.append, on_stderr=seen.append)
    assert sorted(seen) == [b"err", b"out"]


def test_a_program_is_never_one_of_the_tree(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside, beside = root / ".venv" / "bin", tmp_path / "bin", tmp_path / "beside"
    for folder in (inside, outside, beside):
        folder.mkdir(parents=True)
    for folder in (inside, outside):
        (folder / "rg").write_text("#!/bin/sh\n")
        (folder / "rg").chmod(0o755)
    (tmp_path / "link").symlink_to(inside)
    monkeypatch.chdir(inside)
    monkeypatch.setenv("PATH", os.pathsep.join([str(inside), ".", "", str(tmp_path / "link")]))
    assert find_program("rg", root) is None
    monkeypatch.setenv("PATH", os.pathsep.join([str(inside), str(outside)]))
    assert find_program("rg", root, [str(beside)]) == str(outside / "rg")
    (beside / "rg").symlink_to(outside / "rg")
    assert find_program("rg", root, [str(beside)]) == str(beside / "rg")
