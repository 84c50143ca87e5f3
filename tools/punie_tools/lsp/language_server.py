"""The language server of a working tree: one process, started on first need, kept in step with the disk, restarted."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from punie_tools.errors import ToolCancelledError, reason_of
from punie_tools.lsp.connection import ServerFailedError, ServerSilentError
from punie_tools.lsp.disk import FileChange, Snapshot, configuration_stamps
from punie_tools.lsp.server import Patience, Server, ServerProgram
from punie_tools.quality.interpreter import interpreter_of
from punie_tools.quality.pyright_process import find_pyright, write_stand_in
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

MOST_RESTARTS = 3

_TICK = 0.05
_SECONDS_TO_CLOSE = 5.0
_CLOSED = "The language server (pyright) is gone: it was closed."

Answer = TypeVar("Answer")
Program = Callable[[Workspace, Path], ServerProgram]
"""What to start for a workspace, with a folder for its files. Raises ToolError."""


@contextmanager
def language_server_of(context: ToolContext) -> Generator[LanguageServer]:
    """The context's server, or one that ends with this call."""
    if context.language_server:
        yield context.language_server
        return
    server = LanguageServer(context.workspace)
    try:
        yield server
    finally:
        server.close()


def pyright_program(workspace: Workspace, folder: Path) -> ServerProgram:
    """pyright's own server, which is told of the project's interpreter but starts none."""
    pyright = find_pyright()
    python = write_stand_in(interpreter_of(workspace), folder)
    return ServerProgram((pyright.node, pyright.language_server, "--stdio"), python, temporary=folder)


@dataclass(frozen=True)
class _Run:
    """A server with the folder for its files, which goes with it."""

    server: Server
    folder: tempfile.TemporaryDirectory[str]

    def end(self) -> None:
        self.server.close()
        self.folder.cleanup()


class LanguageServer:
    """Any thread may call; one is served at a time. Whoever makes it closes it."""

    def __init__(
        self, workspace: Workspace, *, program: Program = pyright_program, patience: Patience | None = None
    ) -> None:
        self.root = workspace.root
        self._workspace = workspace
        self.restarts = 0
        """How often a server that died was replaced."""
        self._program = program
        self._patience = patience or Patience()
        self._run: _Run | None = None
        self._last_failure = ""
        """Why the last server died; empty once another one has started."""
        self._known = Snapshot({})
        self._started_with: tuple[object, ...] = ()
        self._turn = threading.Lock()
        self._state = threading.Lock()
        """Held for a moment, while `close` may come in from another thread."""
        self._is_closed = False

    def call(self, work: Callable[[Server], Answer], cancelled: threading.Event) -> Answer:
        """Run work on a server that knows the tree as it is on the disk now.

        A server that dies meanwhile is replaced, and the work begun once more. Raises ServerFailedError if that one
        dies too, if the server hangs, or if it was replaced too often; ToolCancelledError.
        """
        self._wait_for_turn(cancelled)
        try:
            return self._attempt(work, cancelled)
        except ServerSilentError:
            raise
        except ServerFailedError:
            if cancelled.is_set():
                raise ToolCancelledError("Stopped.") from None
            return self._attempt(work, cancelled)
        finally:
            self._turn.release()

    @property
    def pid(self) -> int | None:
        """The running server's process; None while there is none."""
        run = self._run
        return run.server.pid if run else None

    def close(self) -> None:
        """End the server; who waits for it is told. It does not come back."""
        self._is_closed = True
        self._drop()
        # One that another thread is starting at this moment must not outlive us.
        if self._turn.acquire(timeout=_SECONDS_TO_CLOSE):
            self._turn.release()

    def _wait_for_turn(self, cancelled: threading.Event) -> None:
        while not self._turn.acquire(timeout=_TICK):
            if cancelled.is_set():
                raise ToolCancelledError("Stopped.")

    def _attempt(self, work: Callable[[Server], Answer], cancelled: threading.Event) -> Answer:
        self._raise_if_beyond_help()
        try:
            return work(self._ready_server(cancelled))
        except ServerFailedError as failure:
            self._last_failure = str(failure)
            self._drop()
            raise

    def _raise_if_beyond_help(self) -> None:
        if self._is_closed:
            raise ServerFailedError(_CLOSED)
        if self._last_failure and self.restarts >= MOST_RESTARTS:
            raise ServerFailedError(f"{self._last_failure} It was restarted {MOST_RESTARTS} times, which is enough.")

    def _ready_server(self, cancelled: threading.Event) -> Server:
        stamps = configuration_stamps(self.root, interpreter_of(self._workspace))
        if stamps != self._started_with:
            self._drop()
        if run := self._run:
            self._keep_in_step(run.server, cancelled)
            return run.server
        self._started_with = stamps
        return self._replace(cancelled) if self._last_failure else self._start(cancelled)

    def _replace(self, cancelled: threading.Event) -> Server:
        self.restarts += 1
        try:
            server = self._start(cancelled)
        except ToolCancelledError:
            self.restarts -= 1
            raise
        self._last_failure = ""
        return server

    def _start(self, cancelled: threading.Event) -> Server:
        self._known = Snapshot.of(self.root)
        server = self._new_server()
        server.files_on_disk = self._known.shown(self.root)
        try:
            server.start(cancelled)
        except BaseException:
            # One that was not introduced answers nothing.
            self._drop()
            raise
        return server

    def _new_server(self) -> Server:
        """A server's process, in the way of `close` as soon as it runs."""
        try:
            run = self._new_run()
        except OSError as error:
            # Such as a full disk under the temporary folder.
            reason = reason_of(error)
            raise ServerFailedError(f"The language server cannot be started: {reason}.") from None
        with self._state:
            is_wanted = not self._is_closed
            self._run = run if is_wanted else None
        if not is_wanted:
            run.end()
            raise ServerFailedError(_CLOSED)
        return run.server

    def _new_run(self) -> _Run:
        folder = tempfile.TemporaryDirectory(prefix="punie-pyright-")
        try:
            return _Run(Server(self._program(self._workspace, Path(folder.name)), self.root, self._patience), folder)
        except BaseException:
            folder.cleanup()
            raise

    def _keep_in_step(self, server: Server, cancelled: threading.Event) -> None:
        now = Snapshot.of(self.root, also=(*self._known.stamps, *map(str, server.published)))
        changes = now.changes_since(self._known)
        self._known = now
        server.files_on_disk = now.shown(self.root)
        server.tell_changes(changes)
        server.edited_files.update(path for path, change in changes.items() if change is not FileChange.DELETED)
        if set(changes.values()) - {FileChange.CHANGED}:
            server.wait_for_changes(cancelled)

    def _drop(self) -> None:
        with self._state:
            run, self._run = self._run, None
        if run:
            run.end()
