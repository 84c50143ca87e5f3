"""Tests run confined: what they can no longer do, what they still can, and how a person lets them."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.commands.backends import choose_confinement, confinement_here
from punie_tools.quality import tests_in_sandbox
from punie_tools.quality.interpreter import find_interpreter
from punie_tools.quality.tests_in_sandbox import allowance_for_tests, confinement_for_tests, without_secrets
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.settings import SettingsError, load_settings
from tests.conftest import git

Write = Callable[[Mapping[str, str | bytes]], Path]
RunTool = Callable[..., Any]


@pytest.fixture
def confined(root: Path) -> Iterator[None]:
    """Skips where tests are not confined, with the reason."""
    here = confinement_for_tests(Workspace.at(root))
    if here.backend is None:
        pytest.skip(here.reason)
    yield


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Something of the person's that listens on this machine."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


REACHING_OUT = """\
import contextlib
import os, pathlib, socket
import pytest

def test_write_outside():
    with contextlib.suppress(OSError):
        pathlib.Path("@OUTSIDE@").write_text("out")

def test_home():
    assert not (pathlib.Path.home() / ".netrc").exists()

def test_person_s_server():
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", @PORT@), timeout=5)

def test_internet():
    with pytest.raises(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=5)

def test_secrets():
    assert not [name for name, value in os.environ.items() if "hunter2" in value]

def test_hook():
    with pytest.raises(OSError):
        pathlib.Path(".git/hooks/pre-commit").write_text("id")
"""

STAYING_IN = """\
import multiprocessing, os, pathlib, socket, subprocess, sys, tempfile, threading

def test_tree(tmp_path):
    pathlib.Path("made-by-a-test").write_text("x")
    (tmp_path / "a").write_text("x")
    assert tempfile.mkdtemp()

def test_home_is_writable():
    cache = pathlib.Path.home() / ".cache" / "some-tool"
    cache.mkdir(parents=True)
    (cache / "file").write_text("x")

def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            server.accept()[0].sendall(b"hello")
            assert client.recv(5) == b"hello"
    with socket.create_server(("::1", 0), family=socket.AF_INET6) if socket.has_ipv6 else socket.socket():
        pass

def test_localhost_by_name():
    assert socket.getaddrinfo("localhost", 80)

def test_processes():
    with multiprocessing.Pool(2) as pool:
        assert pool.map(abs, [-1, 2]) == [1, 2]
    assert subprocess.run([sys.executable, "-c", "import pytest"]).returncode == 0

def test_unix_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))

def test_own_variable():
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "site.settings"
"""


@pytest.fixture
def outside() -> Iterator[Path]:
    """A file that is not there. Where the sandbox has a folder of its own in its place, writing it raises nothing."""
    path = Path(sys.prefix) / f"outside-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


def test_tests_do_not_reach_out(
    write: Write,
    environment: Path,
    run_trusted: RunTool,
    confined: None,
    server: socket.socket,
    outside: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = str(server.getsockname()[1])
    root = write({"test_out.py": REACHING_OUT.replace("@OUTSIDE@", str(outside)).replace("@PORT@", port)})
    git(root, "init", "-q")
    home = root.parent / "home"
    home.mkdir()
    (home / ".netrc").write_text("hunter2")
    monkeypatch.setenv("HOME", str(home))
    for name in ("AWS_SECRET_ACCESS_KEY", "MY_TOKEN", "DB_PASSWORD", "STRIPE_KEY", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgres://me:hunter2@db/x")
    result = run_trusted("pytest_run")
    assert (result.passed, result.failed) == (6, 0), [test.message for test in result.tests]
    assert (result.confined, result.sandbox) == (True, confinement_here().name)
    assert not outside.exists()


def test_the_same_tests_reach_out_where_the_person_lets_them(
    write: Write, environment: Path, root: Path, server: socket.socket, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(server.getsockname()[1])
    write({"test_out.py": REACHING_OUT.replace("@OUTSIDE@", str(outside)).replace("@PORT@", port)})
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    context = ToolContext(Workspace.at(root, is_trusted=True, confine_tests=False))
    result = find_tool("pytest_run").run(context, {"keyword": "write or server or secrets"}).model_dump()
    assert (result["passed"], result["failed"]) == (1, 2)
    assert outside.exists()
    held = [result[name] for name in ("confined", "sandbox", "sandbox_reason")]
    assert held == [False, "none", "the setting `confine_tests` is off"]


def test_tests_can_do_what_tests_do(
    write: Write, environment: Path, run_trusted: RunTool, confined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site.settings")
    root = write({"test_in.py": STAYING_IN})
    result = run_trusted("pytest_run")
    assert (result.passed, result.failed) == (7, 0), [test.message for test in result.tests]
    assert (root / "made-by-a-test").exists()


def test_an_environment_in_the_hidden_home_is_found(
    write: Write, environment: Path, root: Path, confined: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "envs").mkdir(parents=True)
    moved = home / "envs" / "of-the-project"
    shutil.move(environment, moved)
    packages = next(moved.glob("lib/python3*/site-packages"))
    for name in ("plain", "listed", "mapped"):
        (home / name / f"{name}_package").mkdir(parents=True)
        (home / name / f"{name}_package" / "__init__.py").write_text("VALUE = 1\n")
    (packages / "listed.pth").write_text(f"{home}/listed\n")
    finder = f"import sys\nMAPPING = {{'mapped_package': '{home}/mapped/mapped_package'}}\n"
    (packages / "__editable___mapped_finder.py").write_text(
        finder + "def install():\n    sys.path.append(MAPPING['mapped_package'].rpartition('/')[0])\n"
    )
    (packages / "mapped.pth").write_text("import __editable___mapped_finder as f; f.install()\n")
    (home / ".netrc").write_text("hunter2")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("VIRTUAL_ENV", str(moved))
    monkeypatch.setenv("PYTHONPATH", f"{home}/plain")
    write(
        {
            "test_a.py": "import pathlib, plain_package, listed_package, mapped_package\n"
            f"def test_it():\n    assert not pathlib.Path('{home}/.netrc').exists()\n"
        }
    )
    context = ToolContext(Workspace.at(root, is_trusted=True))
    result = find_tool("pytest_run").run(context, {}).model_dump()
    assert (result["passed"], result["confined"]) == (1, True), result


def test_a_workspace_below_the_repository_uses_the_settings_above(
    make_repository: Callable[..., Path], environment: Path, confined: None
) -> None:
    files = {"pytest.ini": "[pytest]\npython_files = check_*.py\n", "part/check_it.py": "def test_it():\n    pass\n"}
    repository = make_repository(files)
    shutil.move(environment, repository / ".venv")
    context = ToolContext(Workspace.at(repository / "part", is_trusted=True))
    result = find_tool("pytest_run").run(context, {}).model_dump()
    assert (result["passed"], result["confined"]) == (1, True), result


def test_the_home_itself_is_never_shown(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    project = home / "project"
    (home / ".git").mkdir(parents=True)
    (home / "lib").mkdir()
    project.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", f"{home}:/:{home}/lib:{tmp_path}")
    interpreter = find_interpreter(project)
    assert interpreter
    shown = allowance_for_tests(project, interpreter, Path(tests_in_sandbox.__file__).parent).readable
    assert home / "lib" in shown
    assert not [place for place in shown if home.is_relative_to(place)]


def test_what_tests_write_is_taken_back(
    write: Write, environment: Path, root: Path, tmp_path: Path, run_trusted: RunTool
) -> None:
    write({"a.txt": "old\n", "test_a.py": "def test_it():\n    open('a.txt', 'w').write('new')\n    open('b', 'w')\n"})
    changes = SessionChanges(root, Journal(tmp_path / "journal", root))
    context = ToolContext(Workspace.at(root, is_trusted=True), changes=changes)
    result = find_tool("pytest_run").run(context, {}).model_dump()
    assert [(file["status"], file["path"]) for file in result["changed_files"]] == [
        ("modified", "a.txt"),
        ("added", "b"),
    ]
    assert changes.journal
    changes.journal.undo()
    assert (root / "a.txt").read_text() == "old\n"
    assert not (root / "b").exists()


def test_a_lack_of_network_is_hinted_at(write: Write, environment: Path, run_trusted: RunTool, confined: None) -> None:
    write({"test_a.py": "import socket\ndef test_it():\n    socket.create_connection(('192.0.2.1', 80), timeout=5)\n"})
    assert "`confine_tests = false` in your settings" in run_trusted("pytest_run").summary


def test_landlock_leaves_tests_alone(root: Path) -> None:
    landlock = choose_confinement("linux", lambda: "left out")
    if landlock.backend is None:
        pytest.skip(landlock.reason)
    here = confinement_for_tests(Workspace.at(root), here=landlock)
    assert (here.backend, here.reason) == (None, "Landlock would leave the tests no sockets")


def test_only_the_person_lets_tests_out(root: Path, punie_home: Path) -> None:
    (root / ".punie.toml").write_text("confine_tests = false\n")
    with pytest.raises(SettingsError, match="a project may not set 'confine_tests'"):
        load_settings(root)
    (root / ".punie.toml").unlink()
    assert load_settings(root).confine_tests
    (punie_home / "config").mkdir()
    (punie_home / "config" / "settings.toml").write_text("confine_tests = false\n")
    assert not load_settings(root).confine_tests


@pytest.mark.parametrize(
    ("name", "value", "is_kept"),
    [
        ("PATH", "/usr/bin", True),
        ("DJANGO_SETTINGS_MODULE", "a.b", True),
        ("KEYBOARD", "de", True),
        ("DATABASE_URL", "sqlite:///x", True),
        ("DATABASE_URL", "postgres://u:p@h/x", False),
        ("PIP_INDEX_URL", "https://u:p@h/simple", False),
        ("OPENAI_API_KEY", "x", False),
        ("apikey", "x", False),
        ("NPM_TOKEN", "x", False),
        ("MYSQL_PWD", "x", False),
        ("PWD", "/x", True),
        ("SENTRY_DSN", "x", False),
        ("DBUS_SESSION_BUS_ADDRESS", "x", False),
    ],
)
def test_which_variables_are_secrets(name: str, value: str, is_kept: bool) -> None:
    assert (name in without_secrets({name: value})) == is_kept
