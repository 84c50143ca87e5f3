"""The background process of a working tree: one for all calls, as exact as a fresh run, gone when it is idle."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolResult
from punie_tools.workspace import Workspace
from punie_tui.background import UnavailableError, run_in_background

TYPECHECK = find_tool("typecheck")
EDIT = find_tool("edit_file")
IDLE_MINUTES = 10.0


def call(root: Path, path: str = ".", idle_minutes: float = IDLE_MINUTES) -> ToolResult:
    return run_in_background(
        TYPECHECK, {"path": path}, Workspace.at(root), idle_minutes=idle_minutes, cancelled=threading.Event()
    )


def processes(root: Path) -> list[psutil.Process]:
    """The tree's background processes, and the language servers that they started."""
    found = [each for each in psutil.process_iter(["cmdline"]) if str(root) in (each.info["cmdline"] or ())]
    children: list[psutil.Process] = []
    for each in found:
        with suppress(psutil.NoSuchProcess):
            children += each.children(recursive=True)
    return [*found, *children]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").write_text("x: int = 'a'\n")
    # The path of a socket must be short, and pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="punie-") as home:
        monkeypatch.setenv("PUNIE_HOME", home)
        yield root
        left = processes(root)
        for process in left:
            # A language server ends by itself when the process that started it does.
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs(left, timeout=10)


def test_calls_share_one_process_that_sees_every_edit(tree: Path) -> None:
    first = call(tree).model_dump()
    assert [each["line"] for each in first["errors"]] == [1]
    started = {each.pid for each in processes(tree)}
    (tree / "a.py").write_text("\n\nx: int = 'a'\n")
    second = call(tree).model_dump()
    assert [each["line"] for each in second["errors"]] == [3]
    assert second["is_warm"]
    assert {each.pid for each in processes(tree)} == started
    assert len(started) == 2


def test_calls_at_the_same_time_start_one_process(tree: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(call, [tree] * 4))
    assert [result.model_dump()["error_count"] for result in results] == [1] * 4
    assert len(processes(tree)) == 2


def test_an_error_of_the_tool_is_the_same_as_without(tree: Path) -> None:
    with pytest.raises(ToolError, match=r"There is no file or folder 'b\.py'; did you mean 'a\.py'"):
        call(tree, "b.py")


def test_it_ends_with_its_language_server_when_it_is_idle(tree: Path) -> None:
    call(tree, idle_minutes=0.01)
    _, alive = psutil.wait_procs(processes(tree), timeout=10)
    assert not alive
    assert call(tree).model_dump()["error_count"] == 1


def test_stopping_the_call_stops_it_over_there(tree: Path) -> None:
    call(tree)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(ToolCancelledError):
        run_in_background(TYPECHECK, {"path": "."}, Workspace.at(tree), idle_minutes=IDLE_MINUTES, cancelled=cancelled)
    assert call(tree).model_dump()["error_count"] == 1


def test_a_killed_process_is_replaced(tree: Path) -> None:
    call(tree)
    before = processes(tree)
    for process in before:
        process.kill()
    psutil.wait_procs(before, timeout=10)
    assert call(tree).model_dump()["error_count"] == 1


def edit(root: Path, old: str, new: str, cancelled: threading.Event | None = None) -> ToolResult:
    arguments = EDIT.validate({"path": "a.py", "old": old, "new": new})
    cancelled = cancelled or threading.Event()
    return run_in_background(EDIT, arguments, Workspace.at(root), idle_minutes=None, cancelled=cancelled)


def test_an_edit_uses_the_warm_server_and_starts_none(tree: Path) -> None:
    with pytest.raises(UnavailableError):
        edit(tree, "'a'", "1")
    assert not processes(tree)
    call(tree)
    result = edit(tree, "'a'", "1").model_dump()
    assert (result["new_errors"], len(result["fixed_errors"])) == ((), 1)
    assert (tree / "a.py").read_text() == "x: int = 1\n"


def test_a_lost_edit_is_not_made_twice(tree: Path) -> None:
    call(tree)
    (process, *_) = processes(tree)
    process.suspend()

    class Killer(threading.Event):
        """Asked while the reply is awaited: the request lies in the queue of a process that dies with it."""

        def is_set(self) -> bool:
            process.kill()
            return False

    with pytest.raises(ToolError, match="edit_file was lost with the background process"):
        edit(tree, "x", "xx", Killer())
    assert (tree / "a.py").read_text() == "x: int = 'a'\n"


def test_a_home_too_deep_for_a_socket_does_without(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNIE_HOME", f"/tmp/{'x' * 100}")
    with pytest.raises(UnavailableError):
        call(tree)
