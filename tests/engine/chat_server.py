"""A stand-in for servers that speak OpenAI's chat completions, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ChatServer(ThreadingHTTPServer):
    """Answers every request with `chunks`; after those it may wait, or go on for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.chunks: list[Any] = []
        self.models: list[str] | None = ["local-model"]
        self.listed: Any = None
        self.is_list_broken = False
        self.list_status = 200
        self.status = 200
        self.is_endless = False
        self.is_silent = False
        self.asked: list[dict[str, Any]] = []
        self.authorizations: set[str | None] = set()
        self.refusal = b'{"error": {"message": "no such model"}}'
        self.hung_up = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            self._send(b"", 404)
            return
        self.server.authorizations.add(self.headers["Authorization"])
        if self.server.is_list_broken:
            self.close_connection = True
            return
        models = [{"id": name, "max_model_len": 1234 + place} for place, name in enumerate(self.server.models or ())]
        self._send(
            json.dumps({"data": self.server.listed or models}).encode(),
            404 if self.server.models is None else self.server.list_status,
        )

    def do_POST(self) -> None:
        assert self.path == "/v1/chat/completions"
        self.server.authorizations.add(self.headers["Authorization"])
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.status != 200:
            self._send(self.server.refusal, self.server.status)
            return
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for chunk in self.server.chunks:
                self._event(chunk)
            if self.server.is_silent:
                # Ends when the other side hangs up.
                assert self.rfile.read(1) == b""
                self.server.hung_up.set()
            while self.server.is_endless:
                self._event(text("more "))
        except OSError:
            # The other side may hang up as early as before the first header.
            self.server.hung_up.set()
        self.close_connection = True

    def _event(self, chunk: Any) -> None:
        content = chunk if isinstance(chunk, str) else json.dumps(chunk)
        self.wfile.write(f"data: {content}\n\n".encode())
        self.wfile.flush()

    def _send(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - named by http.server
        """Tests print nothing."""


def text(content: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content}}]}


def call(arguments: str, name: str | None = None, index: int = 0) -> dict[str, Any]:
    return {
        "choices": [{"delta": {"tool_calls": [{"index": index, "function": {"name": name, "arguments": arguments}}]}}]
    }


def finish(reason: str) -> dict[str, Any]:
    return {"choices": [{"delta": {}, "finish_reason": reason}]}


@contextmanager
def serving() -> Iterator[ChatServer]:
    """One that answers until the end of the block."""
    with ChatServer() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()
