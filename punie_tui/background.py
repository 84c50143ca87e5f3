"""A process that keeps a working tree's language server warm between calls of `punie tool`, and ends when it is idle.

It listens on a socket that only the person can reach, runs one tool for each connection, and needs no
connection to be told to stop: it ends after idle minutes, or when its socket is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from punie_tools.errors import ToolCancelledError, ToolError, bug_in
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, Tool, ToolContext, ToolResult
from punie_tools.workspace import Workspace
from punie_tui import __version__
from punie_tui.own_files import home_directory, log_to_file

_LOG = logging.getLogger(__name__)
_SECONDS_TO_START = 5.0
_TICK = 0.05
_SECONDS_BETWEEN_LOOKS = 5.0
_MOST_WAITING = 16
_LONGEST_ADDRESS = 100
# What decides which interpreter a project has; a process started with other values would answer differently.
_STEERING = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "PYENV_VERSION", "HOME", "PATH")


class UnavailableError(Exception):
    """There is no background process and none can be started; the call is run without one."""


def run_in_background(
    tool: Tool,
    arguments: Mapping[str, Any],
    workspace: Workspace,
    *,
    idle_minutes: float | None,
    cancelled: threading.Event,
) -> ToolResult:
    """Run a tool in the tree's background process, which is started if there is none and `idle_minutes` are given.

    Raises UnavailableError if it was not run, or only read, and else what the tool raises.
    """
    with closing(_connect_or_start(workspace, idle_minutes)) as connection:
        request = {"tool": tool.name, "arguments": dict(arguments)}
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            reply = _await_reply(connection, cancelled)
        except OSError:
            reply = b""
    if not reply and tool.risk_for(arguments, workspace) is Risk.READS:
        raise UnavailableError
    if not reply:
        # Made twice an edit may be another one.
        raise ToolError(f"{tool.name} was lost with the background process; look whether the change was made.")
    answer = json.loads(reply)
    if "error" in answer:
        raise ToolError(answer["error"])
    return tool.revive(answer["result"])


def serve(workspace: Workspace, idle_minutes: float) -> None:
    """Answer until nothing was asked for some minutes; returns at once if another process does so already."""
    address = _address(workspace)
    address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(address.with_suffix(".lock")) as is_first:
        if not is_first:
            return
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, closing(LanguageServer(workspace)) as language_server:
            listener.bind(str(address))
            listener.listen(_MOST_WAITING)
            try:
                _Attendant(workspace, language_server, idle_minutes * 60).attend(listener, address)
            finally:
                address.unlink(missing_ok=True)


class _Attendant:
    """Answers connections, each on a thread of its own."""

    def __init__(self, workspace: Workspace, language_server: LanguageServer, idle_seconds: float) -> None:
        self._workspace = workspace
        self._language_server = language_server
        self._idle_seconds = idle_seconds
        self._last_use = time.monotonic()
        self._running = 0
        self._state = threading.Lock()

    def attend(self, listener: socket.socket, address: Path) -> None:
        listener.settimeout(min(_SECONDS_BETWEEN_LOOKS, self._idle_seconds))
        while self._is_wanted() and address.exists() and self._workspace.root.is_dir():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                with self._state:
                    self._running += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _is_wanted(self) -> bool:
        with self._state:
            return self._running > 0 or time.monotonic() - self._last_use < self._idle_seconds

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                connection.settimeout(None)
                request = json.loads(_line(connection))
                cancelled = threading.Event()
                threading.Thread(target=_set_when_closed, args=(connection, cancelled), daemon=True).start()
                connection.sendall(json.dumps(self._reply(request, cancelled)).encode() + b"\n")
        finally:
            with self._state:
                self._running -= 1
                self._last_use = time.monotonic()

    def _reply(self, request: dict[str, Any], cancelled: threading.Event) -> dict[str, Any]:
        context = ToolContext(self._workspace, cancelled=cancelled, language_server=self._language_server)
        try:
            result = find_tool(request["tool"]).run(context, request["arguments"])
        except ToolError as error:
            return {"error": str(error)}
        except Exception:
            # A bug of the tool is no concern of the terminal; its traceback goes to the log.
            _LOG.exception("tool %s failed", request["tool"])
            return {"error": bug_in(request["tool"])}
        return {"result": result.model_dump(mode="json")}


def _connect_or_start(workspace: Workspace, idle_minutes: float | None) -> socket.socket:
    address = _address(workspace)
    if connection := _connect(address):
        return connection
    if idle_minutes is None:
        raise UnavailableError
    _start(workspace, idle_minutes)
    give_up_at = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < give_up_at:
        if connection := _connect(address):
            return connection
        time.sleep(_TICK)
    raise UnavailableError


def _connect(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    return connection


def _start(workspace: Workspace, idle_minutes: float) -> None:
    """A process of its own session, which holds neither our terminal nor our pipes, and is no child of ours."""
    python = str(workspace.python or "")
    try:
        starter = subprocess.run(
            [sys.executable, "-P", "-m", "punie_tui.background", workspace.root, str(idle_minutes), python],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=_SECONDS_TO_START,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise UnavailableError from None
    if starter.returncode != 0:
        raise UnavailableError


def _await_reply(connection: socket.socket, cancelled: threading.Event) -> bytes:
    """The reply, or nothing if the process has gone. Hanging up is what stops the tool over there."""
    reply = bytearray()
    connection.settimeout(_TICK)
    while not reply.endswith(b"\n"):
        if cancelled.is_set():
            raise ToolCancelledError("Stopped.")
        with suppress(TimeoutError):
            if not (chunk := connection.recv(1 << 20)):
                return b""
            reply += chunk
    return bytes(reply)


def _line(connection: socket.socket) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        if not (chunk := connection.recv(1 << 16)):
            raise ConnectionError
        line += chunk
    return bytes(line)


def _set_when_closed(connection: socket.socket, cancelled: threading.Event) -> None:
    with suppress(OSError):
        connection.recv(1)
    cancelled.set()


@contextmanager
def _lock(path: Path) -> Generator[bool]:
    """Whether this is the only process that holds the lock, which ends with it whatever happens."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def _address(workspace: Workspace) -> Path:
    """The socket of a tree, of this version of punie, and of what steers the choice of an interpreter.

    Raises UnavailableError if the path is too long for a socket.
    """
    parts = [__version__, str(workspace.root), str(workspace.python), *(os.environ.get(name, "") for name in _STEERING)]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    address = home_directory("state") / "warm" / f"{digest}.socket"
    if len(os.fsencode(address)) > _LONGEST_ADDRESS:
        raise UnavailableError
    return address


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _main() -> None:
    folder, idle_minutes, python = sys.argv[1:]
    if os.fork():
        # Whoever started us has seen that we can run, and goes on.
        os._exit(0)
    log_to_file()
    # Ends the loop in order, with the language server.
    signal.signal(signal.SIGTERM, _exit)
    serve(Workspace.at(Path(folder), is_trusted=True, python=python), float(idle_minutes))


if __name__ == "__main__":
    _main()
