"""JSON-RPC over a server's pipes: requests out, answers and notifications in, and no way for the server to hang us.

A client library would be welcome; the one that is kept (pygls) reads no stderr, knows no deadlines and waits for ever
on half a message, and says itself that its client is meant for tests.
"""

from __future__ import annotations

import json
import os
import queue
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, NoReturn, cast

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.message_frames import FrameDecoder, framed
from punie_tools.process import LastingProcess
from punie_tools.sentences import shortened

Json = Any
"""Whatever json.loads returns; it becomes typed one step further, by lsprotocol's converter."""

_CHUNK = 1 << 16
_LONGEST_LINE = 4096
_MOST_UNREAD_ANSWERS = 10_000
_LONGEST_REASON = 300
_SECONDS_FOR_LAST_WORDS = 0.2
_TICK = 0.05
_STDERR_LINES = 20
_METHOD_NOT_FOUND = -32601


class ServerFailedError(ToolError):
    """The server died, closed its pipe, broke the protocol or did not answer in time; it is of no use any more."""


class ServerSilentError(ServerFailedError):
    """The server did not answer in time; asking another one would only wait once more."""


class ServerRefusedError(ToolError):
    """The server answered a request with an error; it works on."""


@dataclass(frozen=True)
class Receivers:
    """What the server says unasked. Both run on the reading thread and must not wait.

    `answer` returns the result of a request of the server.
    """

    notification: Callable[[str, Json], None]
    answer: Callable[[str, Json], Json]


class Connection:
    """Any thread may send, and none waits for the server to read: threads of its own write and read.

    So a message is never sent by half, and a server that will not read before it is read from does not stop us both.
    """

    def __init__(self, process: LastingProcess, receivers: Receivers, *, name: str) -> None:
        self.failure = ""
        """Why the connection is of no use; empty while it is."""
        self._process = process
        self._receivers = receivers
        self._name = name
        self._next_id = 1
        self._pending: dict[int, Future[Json]] = {}
        self._state = threading.Lock()
        self._has_ended = threading.Event()
        self._unsent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_words: deque[str] = deque(maxlen=_STDERR_LINES)
        self._has_said_all = threading.Event()
        os.set_blocking(process.stdin.fileno(), False)
        for work in (self._write_messages, self._read_messages, self._read_stderr):
            threading.Thread(target=work, name=f"{name} {work.__name__}", daemon=True).start()

    def request(self, method: str, params: Json, *, timeout: float, cancelled: threading.Event | None = None) -> Json:
        """The server's answer, within `timeout` seconds.

        Raises ServerFailedError, ServerRefusedError or ToolCancelledError.
        """
        deadline = time.monotonic() + timeout
        answer: Future[Json] = Future()
        with self._state:
            self.raise_if_failed()
            request_id, self._next_id = self._next_id, self._next_id + 1
            self._pending[request_id] = answer
        try:
            self._send({"id": request_id, "method": method, "params": params})
            return self._wait(answer, request_id, deadline, cancelled)
        except TimeoutError:
            self.fail_silent(f"it did not answer {method} within {timeout:g} s")
        finally:
            with self._state:
                self._pending.pop(request_id, None)

    def notify(self, method: str, params: Json) -> None:
        """Tell the server something. Raises ServerFailedError."""
        self.raise_if_failed()
        self._send({"method": method, "params": params})

    def give_up(self, reason: str) -> None:
        """End the server; whoever still waits for an answer is told. The first reason is the one that is kept."""
        with self._state:
            is_first = not self.failure
            self.failure = self.failure or reason
            waiting, self._pending = list(self._pending.values()), {}
        for answer in waiting:
            answer.set_exception(ServerFailedError(self._epitaph))
        if is_first:
            self._unsent.put(None)
            try:
                self._process.end()
            finally:
                self._has_ended.set()

    def close(self) -> None:
        """End the server, and return when it has ended, even if another thread has begun to end it."""
        self.give_up("it was closed")
        self._has_ended.wait()

    def fail_silent(self, reason: str) -> NoReturn:
        """End a server that hangs. Raises ServerSilentError."""
        self.give_up(reason)
        raise ServerSilentError(self._epitaph)

    def raise_if_failed(self) -> None:
        """Raise ServerFailedError once the connection is of no use."""
        if self.failure:
            raise ServerFailedError(self._epitaph)

    @property
    def _epitaph(self) -> str:
        return f"{self._name} is gone: {self.failure}."

    def _wait(self, answer: Future[Json], request_id: int, deadline: float, cancelled: threading.Event | None) -> Json:
        while True:
            left = deadline - time.monotonic()
            if cancelled is not None and cancelled.is_set():
                self._send({"method": "$/cancelRequest", "params": {"id": request_id}})
                raise ToolCancelledError("Stopped.")
            try:
                return answer.result(timeout=min(_TICK, max(left, 0.0)))
            except TimeoutError:
                if left <= 0:
                    raise

    def _send(self, message: dict[str, Json]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode("utf-8", "replace")
        self._unsent.put(framed(body))

    def _write_messages(self) -> None:
        try:
            with self._process.stdin as stream:
                while (message := self._unsent.get()) and not self.failure:
                    self._write(stream, memoryview(message))
        except OSError:
            # It has closed its end, most often because it has died.
            self.give_up(self._how_it_ended())

    def _write(self, stream: IO[bytes], rest: memoryview) -> None:
        while rest and not self.failure:
            if select.select([], [stream], [], _TICK)[1]:
                with suppress(BlockingIOError):
                    rest = rest[os.write(stream.fileno(), rest) :]

    def _read_messages(self) -> None:
        try:
            decoder = FrameDecoder()
            with self._process.stdout as stream:
                while chunk := os.read(stream.fileno(), _CHUNK):
                    for body in decoder.feed(chunk):
                        self._receive(body)
            decoder.finish()
        except (OSError, ValueError) as error:
            self.give_up(f"it broke the protocol ({shortened(str(error))})")
        except (LookupError, TypeError, AttributeError, RecursionError):
            # Receivers take a message apart without asking first whether all is there.
            self.give_up("it broke the protocol (a message is not made as it must be)")
        else:
            self.give_up(self._how_it_ended())

    def _receive(self, body: bytes) -> None:
        parsed: Json = json.loads(body)
        if not isinstance(parsed, dict):
            raise ValueError("a message is no object")
        message = cast("dict[str, Json]", parsed)
        method, message_id = message.get("method"), message.get("id")
        if not isinstance(method, str):
            self._resolve(message_id, message)
        elif message_id is None:
            self._receivers.notification(method, message.get("params"))
        else:
            self._answer(message_id, method, message.get("params"))

    def _resolve(self, message_id: Json, message: dict[str, Json]) -> None:
        """An answer to nothing that was asked, or that nobody waits for any more, is dropped."""
        with self._state:
            answer = self._pending.pop(message_id, None) if isinstance(message_id, int) else None
        if answer is None:
            return
        error = message.get("error")
        if isinstance(error, dict):
            reason = shortened(
                str(cast("dict[str, Json]", error).get("message") or "the request failed"), _LONGEST_REASON
            )
            answer.set_exception(ServerRefusedError(f"{self._name}: {reason}."))
        else:
            answer.set_result(message.get("result"))

    def _answer(self, message_id: Json, method: str, params: Json) -> None:
        try:
            reply: dict[str, Json] = {"result": self._receivers.answer(method, params)}
        except LookupError:
            reply = {"error": {"code": _METHOD_NOT_FOUND, "message": f"{method} is not supported"}}
        self._send({"id": message_id, **reply})
        if self._unsent.qsize() > _MOST_UNREAD_ANSWERS:
            raise ValueError("it asks without reading the answers")

    def _read_stderr(self) -> None:
        """Drained, or the server would stop at a full pipe; the last lines tell why it died."""
        with suppress(OSError, ValueError), self._process.stderr as stream:
            while line := stream.readline(_LONGEST_LINE):
                self._last_words.append(line.decode("utf-8", "replace").strip())
        self._has_said_all.set()

    def _how_it_ended(self) -> str:
        # The pipe closes a moment before the exit code is there.
        deadline = time.monotonic() + _SECONDS_FOR_LAST_WORDS
        while (code := self._process.exit_code) is None and time.monotonic() < deadline:
            time.sleep(_TICK / 10)
        if code is None:
            return "it closed its pipe"
        self._has_said_all.wait(_SECONDS_FOR_LAST_WORDS)
        said = next((line for line in tuple(self._last_words) if "rror" in line), "")
        return f"it ended with code {code}{f': {shortened(said)}' if said else ''}"
