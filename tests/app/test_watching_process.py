"""The process that watches a folder: what it tells, and when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from punie_tui.app import watched_folder
from punie_tui.app.watched_folder import is_watched
from punie_tui.app.watching_process import WatchingProcess


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[WatchingProcess]:
    process = WatchingProcess(tmp_path)
    yield process
    process.stop()


def test_it_tells_that_it_has_begun_and_then_what_changed_and_ends_when_it_is_stopped(
    tmp_path: Path, watching: WatchingProcess
) -> None:
    changes = watching.changes()
    assert next(changes) == frozenset()
    ignored = tmp_path / ".venv" / "new.py"
    ignored.parent.mkdir()
    ignored.write_text("x = 1\n")
    wanted = tmp_path / "é \r\n\n.py"
    wanted.write_text("x = 1\n")
    assert next(changes) == {str(wanted)}
    watching.stop()
    assert list(changes) == []


def test_a_name_that_is_no_utf8_is_told_as_some_change_and_those_after_it_by_name(
    tmp_path: Path, watching: WatchingProcess
) -> None:
    changes = watching.changes()
    assert next(changes) == frozenset()
    with open(os.fsencode(tmp_path) + b"/caf\xe9.py", "wb"):  # noqa: PTH123 - no Path holds such a name as bytes
        pass
    assert next(changes) == frozenset()
    (tmp_path / "next.py").write_text("x = 1\n")
    assert str(tmp_path / "next.py") in next(changes)


def test_what_was_stopped_before_it_began_watches_nothing(watching: WatchingProcess) -> None:
    watching.stop()
    assert list(watching.changes()) == []


def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No path"):
        next(WatchingProcess(tmp_path / "gone").changes())


@pytest.mark.parametrize(
    ("failures", "reason", "told"),
    [
        (3, "No such file or directory (os error 2)", b"\n"),
        (99, "No such file or directory (os error 2)", b"No such file or directory (os error 2)\0\n"),
        (1, "OS file watch limit reached.", b"OS file watch limit reached.\0\n"),
    ],
)
def test_what_goes_while_the_tree_is_first_read_does_not_end_it(
    tmp_path: Path, failures: int, reason: str, told: bytes
) -> None:
    # In place of the compiled part of watchfiles, which tells so what vanished under its eyes.
    (tmp_path / "_rust_notify.py").write_text(
        f"left = [{failures}]\n\n"
        "class RustNotify:\n"
        "    def __init__(self, *_):\n"
        "        left[0] -= 1\n"
        f"        if left[0] >= 0: raise OSError({reason!r})\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *_): pass\n"
        "    def watch(self, *_): return 'timeout'\n"
    )
    command = [sys.executable, "-I", "-S", watched_folder.__file__, str(tmp_path), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == told
        process.kill()


def test_caches_and_most_of_git_are_not_watched(tmp_path: Path) -> None:
    watched = [".git/HEAD", ".git/refs/heads/main", "src/app.py"]
    others = [".git/index.lock", ".git/objects/ab", ".git", ".venv/lib/x.py", "src/__pycache__/x.pyc"]
    assert [name for name in [*watched, *others] if is_watched(str(tmp_path), str(tmp_path / name))] == watched


def test_the_process_imports_next_to_nothing(tmp_path: Path) -> None:
    # All of watchfiles, threads and JSON would more than double its memory.
    package = find_spec("watchfiles")
    assert package is not None
    arguments = ["", str(tmp_path / "gone"), *(package.submodule_search_locations or ())]
    program = Path(watched_folder.__file__).read_text(encoding="utf-8")
    script = (
        f"import os, sys; before = {{*sys.modules}}; sys.argv = {arguments!r}\n"
        f"exec({program!r}, {{'__name__': '__main__'}})\n"
        "print(*sorted({*sys.modules} - before))"
    )
    read, write = os.pipe()
    run = subprocess.run([sys.executable, "-I", "-S", "-c", script], stdin=read, capture_output=True, text=True)
    os.close(read)
    os.close(write)
    assert run.stderr == ""
    assert run.stdout.splitlines()[-1] == "__future__ watchfiles watchfiles._rust_notify"
