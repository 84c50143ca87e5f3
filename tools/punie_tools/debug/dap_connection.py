"""The Debug Adapter Protocol over a socket, from one thread: requests are answered and events kept until asked for."""

from __future__ import annotations

import json
import select
import socket
import time
from collections import deque
from contextlib import suppress
from typing import Any, cast

from punie_tools.message_frames import FrameDecoder, framed

Body = dict[str, Any]
"""Whatever json.loads returns for an object; whoever asked knows its fields."""

_CHUNK = 1 << 16


class DebuggeeGoneError(Exception):
    """The program has ended, or its debugger says what is no message."""


class DebuggerRefusedError(Exception):
    """The debugger answered a request with an error."""


class DapConnection:
    """One thread asks at a time; all methods raise DebuggeeGoneError."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._channel.setblocking(False)
        self._decoder = FrameDecoder()
        self._events: deque[tuple[str, Body]] = deque()
        self._answers: dict[int, Body] = {}
        self._next_seq = 1

    def request(self, command: str, arguments: Body, timeout: float) -> Body:
        """The answer's body. Raises DebuggerRefusedError, and TimeoutError after `timeout` seconds."""
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        deadline = time.monotonic() + timeout
        self._send({"seq": seq, "type": "request", "command": command, "arguments": arguments}, deadline)
        while seq not in self._answers:
            self._receive(deadline)
        answer = self._answers.pop(seq)
        if not answer.get("success"):
            raise DebuggerRefusedError(str(answer.get("message") or f"{command} failed"))
        return answer.get("body") or {}

    def event(self, name: str, timeout: float) -> Body:
        """The body of the next event of that name; others before it are dropped. Raises TimeoutError, as `request`."""
        deadline = time.monotonic() + timeout
        while True:
            while self._events:
                found, body = self._events.popleft()
                if found == name:
                    return body
            self._receive(deadline)

    def _send(self, message: Body, deadline: float) -> None:
        rest = memoryview(framed(json.dumps(message).encode("utf-8")))
        while rest:
            self._wait([], [self._channel], deadline)
            try:
                rest = rest[self._channel.send(rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise DebuggeeGoneError(str(error)) from None

    def _receive(self, deadline: float) -> None:
        """Take what has come, and wait for it if nothing has."""
        self._wait([self._channel], [], deadline)
        try:
            chunk = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            raise DebuggeeGoneError(str(error)) from None
        if not chunk:
            raise DebuggeeGoneError("the program has ended")
        try:
            for body in self._decoder.feed(chunk):
                self._keep(json.loads(body))
        except ValueError as error:
            raise DebuggeeGoneError(str(error)) from None

    def _keep(self, message: object) -> None:
        if not isinstance(message, dict):
            raise ValueError("a message is no object")
        fields = cast("Body", message)
        if fields.get("event") == "terminated":
            # It waits a moment for the other side to close before it ends.
            with suppress(OSError):
                self._channel.shutdown(socket.SHUT_WR)
        if fields.get("type") == "event":
            self._events.append((str(fields.get("event")), fields.get("body") or {}))
        elif fields.get("type") == "response":
            self._answers[int(fields.get("request_seq", 0))] = fields

    def _wait(self, readers: list[socket.socket], writers: list[socket.socket], deadline: float) -> None:
        left = deadline - time.monotonic()
        try:
            found = select.select(readers, writers, [], max(left, 0.0))
        except (OSError, ValueError) as error:
            # Another thread has closed it.
            raise DebuggeeGoneError(str(error)) from None
        if not any(found):
            raise TimeoutError
