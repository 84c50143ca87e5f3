"""Run a child process so that it cannot hang punie, fill its memory, outlive its call, or inherit its secrets."""

from __future__ import annotations

import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

import psutil

from punie_tools.errors import ToolCancelledError, ToolError

DEFAULT_OUTPUT_LIMIT = 16 * 1024 * 1024
MARKER = "PUNIE_CHILD_ID"

_TICK = 0.05
_CHUNK = 1 << 16
_LINE_LIMIT = 1 << 20
_SECONDS_FOR_HELD_PIPES = 0.3
_SWEEPS = 8
_SECONDS_BETWEEN_SWEEPS = 0.01
_KEPT_VARIABLES = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
_KEPT_PREFIXES = ("LC_", "XDG_")
_STEERING_PREFIXES = ("PYTHON", "GIT_", "LD_", "DYLD_", "PUNIE_", "PYTEST_", "COV_")
_STEERING_VARIABLES = frozenset({"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"})


@dataclass(frozen=True)
class FinishedProcess:
    """How a child ended. `exit_code` is negative for a signal; `truncated` says that output went past the limit."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    truncated: bool
    seconds: float


def clean_environment() -> dict[str, str]:
    """A small environment for programs that punie brings along: nothing in it steers them or holds a secret."""
    kept = {
        name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES or name.startswith(_KEPT_PREFIXES)
    }
    return {**kept, "PATH": _absolute_path(), "TERM": "dumb"}


def project_environment() -> dict[str, str]:
    """The person's own environment, for programs of the project, without what belongs to punie's interpreter."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_STEERING_PREFIXES) and name not in _STEERING_VARIABLES
    }
    return {**kept, "PATH": _absolute_path(), "TERM": "dumb"}


def find_program(name: str, root: Path, beside: Sequence[str] = ()) -> str | None:
    """A program by its absolute path: in the folders `beside` punie, else on PATH, but never in the tree at `root`.

    An active `.venv` puts a folder on PATH that may hold anything.
    """
    root = root.resolve()
    entries = [entry for entry in _absolute_path().split(os.pathsep) if not Path(entry).resolve().is_relative_to(root)]
    return shutil.which(name, path=os.pathsep.join([*beside, *entries]))


def run_process(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    timeout: float,
    cancelled: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    output_limit: int = DEFAULT_OUTPUT_LIMIT,
    on_stdout_line: Callable[[str], None] | None = None,
    on_stdout: Callable[[bytes], None] | None = None,
    on_stderr: Callable[[bytes], None] | None = None,
    keep_tail: bool = False,
    sweep: bool = False,
    channel: socket.socket | None = None,
    until: threading.Event | None = None,
) -> FinishedProcess:
    """Run argv to its end, for `timeout` seconds, or to the person's stop; then nothing of it is left.

    `output_limit` counts bytes, of stdout and stderr each: what goes beyond is read and dropped. `on_stdout_line` gets
    every line, also those beyond the limit; `on_stdout` and `on_stderr` get the bytes as they come, for output too
    large to go line by line. With `keep_tail` half of what is kept is the end of the stream, after a line that tells
    the gap. With `sweep` even a child that ended by itself is searched for what left its group. `channel` is one end of
    a socket pair: the child has it as its stdin instead of `stdin`, to talk both ways, and here it is closed. Once
    `until` is set the child has done what it was started for, and is ended as if its time was over.
    Raises ToolError if argv cannot be started and ToolCancelledError when `cancelled` is set. Whoever reads the result
    decides what a timeout or an exit code means.
    """
    marker = uuid4().hex
    environment = clean_environment() if environment is None else environment
    with channel if channel is not None else nullcontext():
        stdin_descriptor = subprocess.PIPE if channel is None else channel.fileno()
        process = _start(argv, cwd, {**environment, MARKER: marker}, stdin_descriptor)
    return attend_process(
        process,
        timeout=timeout,
        marker=marker,
        cancelled=cancelled,
        stdin=stdin,
        output_limit=output_limit,
        on_stdout_line=on_stdout_line,
        on_stdout=on_stdout,
        on_stderr=on_stderr,
        keep_tail=keep_tail,
        sweep=sweep,
        until=until,
    )


def attend_process(
    process: subprocess.Popen[bytes],
    *,
    timeout: float,
    marker: str,
    cancelled: threading.Event | None = None,
    stdin: bytes = b"",
    output_limit: int = DEFAULT_OUTPUT_LIMIT,
    on_stdout_line: Callable[[str], None] | None = None,
    on_stdout: Callable[[bytes], None] | None = None,
    on_stderr: Callable[[bytes], None] | None = None,
    keep_tail: bool = False,
    sweep: bool = False,
    until: threading.Event | None = None,
) -> FinishedProcess:
    """Bring a child to its end as `run_process` does, for a library that insists on starting it.

    It was started in a session of its own, with pipes, and with `marker` as `MARKER` in its environment.
    """
    started = time.monotonic()
    outputs = (_Output(output_limit, on_stdout, keep_tail), _Output(output_limit, on_stderr, keep_tail))
    pipes = _Pipes(process, stdin, *outputs, on_stdout_line)
    try:
        never = threading.Event()
        timed_out = _attend(process, pipes, started + timeout, cancelled or never, until or never)
        pipes.finish_last_line()
    finally:
        _end_tree(process, marker, has_let_go=not pipes.are_open and not sweep)
        pipes.close()
    return FinishedProcess(
        exit_code=process.returncode,
        stdout=pipes.stdout.kept(),
        stderr=pipes.stderr.kept(),
        timed_out=timed_out,
        truncated=pipes.stdout.is_truncated or pipes.stderr.is_truncated,
        seconds=time.monotonic() - started,
    )


class LastingProcess:
    """A child that answers for as long as it is wanted, such as a server; `end` leaves nothing of it."""

    def __init__(self, argv: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str]) -> None:
        """Start argv with pipes. Raises ToolError if it cannot be started."""
        self._marker = uuid4().hex
        self._process = _start(argv, cwd, {**environment, MARKER: self._marker})
        assert self._process.stdin and self._process.stdout and self._process.stderr  # asked for as pipes
        self.stdin, self.stdout, self.stderr = self._process.stdin, self._process.stdout, self._process.stderr
        self.pid = self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.poll()

    def end(self) -> None:
        """Kill it with everything that it started; harmless if it has ended."""
        _sweep(self._process, self._marker)
        self._process.wait()


def _absolute_path() -> str:
    """PATH without relative entries, which would find programs in the repository."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if entry.startswith("/"))


def _start(
    argv: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], stdin: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    name = Path(argv[0]).name
    try:
        return subprocess.Popen(
            [str(part) for part in argv],
            cwd=cwd,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        if error.filename is not None and Path(error.filename) == cwd:
            raise ToolError(f"{name} cannot run in {cwd}: there is no such folder.") from None
        raise ToolError(f"{name} cannot run: there is no program {str(argv[0])!r}.") from None
    except OSError as error:
        raise ToolError(f"{name} cannot run: {error.strerror or error}.") from None
    except ValueError as error:
        raise ToolError(f"{name} cannot run: its arguments hold something no program takes ({error}).") from None


def _attend(
    process: subprocess.Popen[bytes],
    pipes: _Pipes,
    deadline: float,
    cancelled: threading.Event,
    until: threading.Event,
) -> bool:
    """Feed and drain the child until it has ended; True if the deadline came first, or `until` was set."""
    give_up_pipes_at = float("inf")
    while True:
        has_exited = process.poll() is not None
        now = time.monotonic()
        if has_exited:
            give_up_pipes_at = min(give_up_pipes_at, now + _SECONDS_FOR_HELD_PIPES)
            if not pipes.are_open or now >= give_up_pipes_at:
                return False
        if cancelled.is_set():
            raise ToolCancelledError("Stopped.")
        if now >= deadline or until.is_set():
            return True
        if pipes.are_open:
            pipes.pump(_TICK)
        else:
            _wait_for_exit(process, _TICK)


def _wait_for_exit(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Until it has ended, or so long. `Popen.wait` looks at ever longer intervals; Linux tells of the very moment."""
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):
            descriptor = os.pidfd_open(process.pid)
            try:
                watch = select.poll()
                watch.register(descriptor, select.POLLIN)
                watch.poll(seconds * 1000)
            finally:
                os.close(descriptor)
            return
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


class _Output:
    """What is kept of one stream, up to the limit: its head, and with `keep_tail` its tail."""

    def __init__(self, limit: int, receive: Callable[[bytes], None] | None, keep_tail: bool) -> None:
        self.is_truncated = False
        self._receive = receive
        self._tail_limit = limit // 2 if keep_tail else 0
        self._head_limit = limit - self._tail_limit
        self._head, self._tail = bytearray(), bytearray()
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        room = self._head_limit - len(self._head)
        self._head += chunk[:room]
        if len(chunk) > room:
            self._tail += chunk[max(0, room) :]
            # Cut now and then only: cutting at each chunk would move the whole tail each time.
            if len(self._tail) > 2 * self._tail_limit:
                self._cut_tail()
        if self._receive:
            self._receive(chunk)

    def kept(self) -> bytes:
        """Head and tail as one text; the gap between them is told on a line of its own."""
        self._cut_tail()
        gap = f"\n… {self._dropped} bytes left out …\n".encode() if self._dropped and self._tail_limit else b""
        return bytes(self._head) + gap + bytes(self._tail)

    def _cut_tail(self) -> None:
        surplus = len(self._tail) - self._tail_limit
        if surplus > 0:
            del self._tail[:surplus]
            self._dropped += surplus
            self.is_truncated = True


class _Lines:
    """Cuts a stream of bytes into lines; a line beyond the limit loses its end, not its neighbours."""

    def __init__(self, receive: Callable[[str], None]) -> None:
        self._receive = receive
        self._rest = bytearray()

    def add(self, chunk: bytes) -> None:
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            self._append(line)
            self.finish(even_if_empty=True)
        self._append(rest)

    def finish(self, *, even_if_empty: bool = False) -> None:
        if self._rest or even_if_empty:
            line = self._rest.decode("utf-8", "replace").removesuffix("\r")
            self._rest.clear()
            self._receive(line)

    def _append(self, piece: bytes) -> None:
        self._rest += piece[: _LINE_LIMIT - len(self._rest)]


class _Pipes:
    """The three pipes of a child, served by one thread without ever blocking on one of them."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: bytes,
        stdout: _Output,
        stderr: _Output,
        on_stdout_line: Callable[[str], None] | None,
    ) -> None:
        assert process.stdout and process.stderr  # both were asked for as pipes
        self.stdout, self.stderr = stdout, stderr
        self._lines = _Lines(on_stdout_line) if on_stdout_line else None
        self._files = tuple(file for file in (process.stdin, process.stdout, process.stderr) if file)
        self._stdout_file, self._stdin_file = process.stdout, process.stdin
        self._input = memoryview(stdin)
        self._selector = selectors.DefaultSelector()
        for file in self._files:
            os.set_blocking(file.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ)
        self._selector.register(process.stderr, selectors.EVENT_READ)
        if process.stdin and stdin:
            self._selector.register(process.stdin, selectors.EVENT_WRITE)
        elif process.stdin:
            process.stdin.close()

    @property
    def are_open(self) -> bool:
        return bool(self._selector.get_map())

    def pump(self, timeout: float) -> None:
        """Move what can be moved within the timeout."""
        for key, _ in self._selector.select(timeout):
            if self._stdin_file and key.fileobj is self._stdin_file:
                self._write(self._stdin_file)
            else:
                self._read(key.fd, is_stdout=key.fileobj is self._stdout_file)

    def finish_last_line(self) -> None:
        """Deliver a last line that has no newline."""
        if self._lines:
            self._lines.finish()

    def close(self) -> None:
        """Close them; output that a killed child left in a pipe is not waited for."""
        self._selector.close()
        for file in self._files:
            with suppress(OSError):
                file.close()

    def _read(self, descriptor: int, *, is_stdout: bool) -> None:
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(descriptor)
            return
        (self.stdout if is_stdout else self.stderr).add(chunk)
        if is_stdout and self._lines:
            self._lines.add(chunk)

    def _write(self, file: IO[bytes]) -> None:
        try:
            written = os.write(file.fileno(), self._input[:_CHUNK])
        except BlockingIOError:
            return
        except OSError:
            # The child does not read its input to the end, which is its right.
            written = len(self._input)
        self._input = self._input[written:]
        if not self._input:
            self._selector.unregister(file)
            with suppress(OSError):
                file.close()


def _end_tree(process: subprocess.Popen[bytes], marker: str, *, has_let_go: bool) -> None:
    """Kill whatever the call started. After a child that ended by itself and let go of its pipes, that is its group.

    A process that called setsid has left the group, and its parent may be gone: it is found as a descendant or by the
    marker in its environment.
    """
    if process.poll() is not None and has_let_go:
        _kill_group(process.pid)
    else:
        _sweep(process, marker)
    process.wait()


def _sweep(process: subprocess.Popen[bytes], marker: str) -> None:
    """Kill what is found until nothing new is found twice: a process shows no environment while it becomes another."""
    killed: set[int] = set()
    quiet_rounds = 0
    for _ in range(_SWEEPS):
        found = {victim.pid: victim for victim in (*_descendants(process.pid), *_marked(marker))}
        _kill_group(process.pid)
        for victim in found.values():
            with suppress(psutil.Error):
                victim.kill()
        quiet_rounds = 0 if found.keys() - killed else quiet_rounds + 1
        if quiet_rounds == 2:
            return
        killed |= found.keys()
        time.sleep(_SECONDS_BETWEEN_SWEEPS)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _marked(marker: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == marker:
                yield process
