"""A LanguageServer on `fake_server.py`, and how to ask it."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Patience, ServerProgram
from punie_tools.workspace import Workspace

FAKE = Path(__file__).with_name("fake_server.py")
QUESTION = "test/question"
ECHO = {"echo": {"a": "é😀"}}
PATIENCE = Patience(start=3.0, answer=0.4, silence=0.4, check=0.8)
LONG_PATIENCE = Patience(start=30.0, answer=30.0, silence=30.0, check=30.0)
"""Of a call that ends by what the server does, however slow the machine is."""
HASTE = Patience(start=0.4, silence=0.4)
"""Of a call with one restart, on a machine that does something else besides."""

StartFake = Callable[..., LanguageServer]


def never() -> threading.Event:
    return threading.Event()


def ask(server: LanguageServer, cancelled: threading.Event | None = None) -> Any:
    cancelled = cancelled or never()
    return server.call(lambda run: run.request(QUESTION, {"a": "é😀"}, cancelled), cancelled)


def started_in(root: Path) -> list[int]:
    starts = root.parent / "starts"
    return [int(line) for line in starts.read_text().split()] if starts.exists() else []


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def threads_of_servers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("The language server")]


@pytest.fixture
def start_fake(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartFake]:
    """Make a LanguageServer on the fake server; afterwards nothing may be left of any of them."""
    folders = tmp_path / "temporary"
    folders.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders))
    servers: list[LanguageServer] = []

    def make(
        behaviour: str, at: str = QUESTION, *, always: bool = False, patience: Patience = PATIENCE
    ) -> LanguageServer:
        argv = (sys.executable, "-I", "-S", FAKE, behaviour, at, tmp_path / "starts", *(["always"] if always else []))
        program = ServerProgram(argv, Path(sys.executable))
        servers.append(LanguageServer(Workspace.at(root), program=lambda *_: program, patience=patience))
        return servers[-1]

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield make
    for server in servers:
        server.close()
    for thread in threads_of_servers():
        thread.join(2)
    assert threads_of_servers() == []
    assert [pid for pid in started_in(root) if not is_gone(pid)] == []
    assert [child for child in psutil.Process().children(recursive=True) if child.pid not in before] == []
    assert list(folders.iterdir()) == []
    # A pipe or process that nobody closed warns when it is collected, and warnings are errors.
    gc.collect(1)
