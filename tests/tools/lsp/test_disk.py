"""What pyright's own server makes of the disk, of the environment, and of a sudden end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.lsp.disk import FileChange, Snapshot, configuration_stamps
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.quality.interpreter import find_interpreter
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files
from tests.tools.lsp.fake_client import is_gone

RunWarm = Callable[..., Any]


def changes(root: Path, before: Snapshot) -> dict[str, FileChange]:
    found = Snapshot.of(root, also=before.stamps).changes_since(before)
    return {str(Path(path).relative_to(root)): change for path, change in found.items()}


def test_every_kind_of_change_is_seen_once(root: Path) -> None:
    write_files(root, {"a.py": "1", "b.pyi": "1", "c.txt": "1", "pack/__init__.py": "", "pack/m.py": "", "gone.py": ""})
    before = Snapshot.of(root)
    assert changes(root, before) == {}
    write_files(root, {"a.py": "2", "new.py": "", "c.txt": "2"})
    (root / "gone.py").unlink()
    (root / "pack").rename(root / "box")
    assert changes(root, before) == {
        "a.py": FileChange.CHANGED,
        "new.py": FileChange.CREATED,
        "gone.py": FileChange.DELETED,
        "pack/__init__.py": FileChange.DELETED,
        "pack/m.py": FileChange.DELETED,
        "box/__init__.py": FileChange.CREATED,
        "box/m.py": FileChange.CREATED,
    }
    assert changes(root, Snapshot.of(root)) == {}


def test_a_file_that_is_replaced_or_keeps_its_time_and_size_is_seen(root: Path) -> None:
    write_files(root, {"a.py": "1", "b.py": "1", "b.new": "2"})
    times = (1_700_000_000, 1_700_000_000)
    for name in ("a.py", "b.py", "b.new"):
        os.utime(root / name, times)
    before = Snapshot.of(root)
    write_files(root, {"a.py": "2"})
    (root / "b.new").replace(root / "b.py")
    assert changes(root, before) == {"a.py": FileChange.CHANGED, "b.py": FileChange.CHANGED}


def test_a_second_write_in_the_same_instant_is_seen(root: Path) -> None:
    for number in range(9):
        write_files(root, {"a.py": str(number)})
        before = Snapshot.of(root)
        write_files(root, {"a.py": str(number + 1)})
        assert changes(root, before) == {"a.py": FileChange.CHANGED}, number


def test_links_environments_and_odd_files(root: Path, tmp_path: Path) -> None:
    write_files(
        root, {"real.py": "", ".gen/made.py": "", ".git/hook.py": "", "odd.py/inside.py": "", "node_modules/a.py": ""}
    )
    write_files(root, {"env/pyvenv.cfg": "", "env/lib/x.py": "", "conda/conda-meta/history": "", "conda/x.py": ""})
    write_files(tmp_path, {"outside/target.py": "1"})
    (root / "link.py").symlink_to(tmp_path / "outside/target.py")
    (root / "nowhere.py").symlink_to(root / "missing.py")
    (root / "circle").symlink_to(root)
    (root / "self.py").symlink_to(root / "self.py")
    os.mkfifo(root / "pipe.py")
    (root / "locked").mkdir(mode=0)
    before = Snapshot.of(root)
    seen = {str(Path(path).relative_to(root)) for path in before.stamps}
    assert seen == {"real.py", ".gen/made.py", "odd.py/inside.py", "link.py"}
    assert {Path(path).name for path in before.shown(root)} == {"real.py", "inside.py", "link.py"}
    write_files(tmp_path, {"outside/target.py": "2"})
    assert changes(root, before) == {"link.py": FileChange.CHANGED}


def test_an_edit_in_a_project_that_is_installed_in_place_keeps_the_server(root: Path) -> None:
    site_packages = ".venv/lib/python3.11/site-packages"
    write_files(root, {".venv/pyvenv.cfg": "version = 3.11", f"{site_packages}/shop.pth": f"{root}/src\n{root}\n"})
    write_files(root, {"src/shop.py": ""})

    def stamps() -> object:
        return configuration_stamps(root, find_interpreter(root))

    before = stamps()
    write_files(root, {"src/new.py": "", "new.py": ""})
    assert stamps() == before
    write_files(root, {f"{site_packages}/package/__init__.py": ""})
    assert stamps() != before


def messages(result: Any) -> list[str]:
    return [f"{each.file}: {each.code}" for each in result.errors]


def test_a_package_that_is_installed_is_seen_by_the_next_call(root: Path, run_warm: RunWarm) -> None:
    write_files(root, {".venv/pyvenv.cfg": "version = 3.11", ".venv/lib/python3.11/site-packages/README.txt": ""})
    write_files(root, {"app.py": "from tasty import pie\nx: str = pie\n"})
    assert messages(run_warm("typecheck")) == ["app.py: reportMissingImports"]
    write_files(root, {".venv/lib/python3.11/site-packages/tasty/__init__.py": "pie: int = 1\n"})
    (root / ".venv/lib/python3.11/site-packages/tasty/py.typed").touch()
    assert messages(run_warm("typecheck")) == ["app.py: reportAssignmentType"]


def test_what_is_imported_from_a_hidden_folder_or_through_a_link_is_kept_in_step(
    root: Path, tmp_path: Path, run_warm: RunWarm, language_server: LanguageServer
) -> None:
    write_files(tmp_path, {"outside/linked.py": "b: int = 1\n"})
    write_files(root, {"pyrightconfig.json": '{"extraPaths": [".gen"]}', ".gen/made.py": "a: int = 1\n"})
    write_files(root, {"app.py": "from linked import b\nfrom made import a\n\nx: int = a\ny: int = b\n"})
    (root / "linked.py").symlink_to(tmp_path / "outside/linked.py")
    assert messages(run_warm("typecheck")) == []
    write_files(root, {".gen/made.py": "a: str = ''\n"})
    assert messages(run_warm("typecheck")) == ["app.py: reportAssignmentType"]
    write_files(tmp_path, {"outside/linked.py": "b: str = ''\n"})
    assert messages(run_warm("typecheck")) == ["app.py: reportAssignmentType"] * 2
    (root / ".gen/made.py").rename(root / ".gen/unmade.py")
    assert "app.py: reportMissingImports" in messages(run_warm("typecheck"))
    assert language_server.restarts == 0


@pytest.fixture
def large_project(root: Path) -> Path:
    """Enough to check for a while."""
    body = "".join(
        f"def f{n}(a: int) -> dict[str, list[int]]:\n    return {{str(a): [a + {n}]}}\n\n" for n in range(60)
    )
    write_files(root, {f"m{number}.py": body for number in range(40)})
    write_files(root, {"wrong.py": "x: int = ''\n"})
    return root


def test_pyright_that_is_killed_in_the_middle_of_a_check_is_replaced_and_the_answer_whole(
    large_project: Path, language_server: LanguageServer
) -> None:
    killed: list[int] = []

    def kill_once(_done: int, _total: int | None, _text: str) -> None:
        if not killed and language_server.pid:
            killed.append(language_server.pid)
            os.kill(language_server.pid, signal.SIGKILL)

    context = ToolContext(Workspace.at(large_project), language_server=language_server, report_progress=kill_once)
    result: Any = find_tool("typecheck").run(context, {})
    assert killed
    assert messages(result) == ["wrong.py: reportAssignmentType"]
    assert result.files_checked == 41
    assert (result.is_warm, result.note, language_server.restarts) == (True, "", 1)


OWNER = """
import sys, threading
from pathlib import Path
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.workspace import Workspace

server = LanguageServer(Workspace.at(Path(sys.argv[1])))
cancelled = threading.Event()

def work(run):
    if sys.argv[2] == "busy":
        run.check_whole_tree(cancelled)
        run.wait_until_settled(cancelled, on_published=lambda *_: print(run.pid, flush=True))
    print(run.pid, flush=True)
    threading.Event().wait()

server.call(work, cancelled)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_pyright_ends_by_itself_when_its_owner_is_killed(
    large_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    # Nobody is left who could remove the server's folder.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    argv = [sys.executable, "-c", OWNER, str(large_project), state]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + 20
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_gone(pid)
