"""The Engine protocol over a server that speaks OpenAI's chat completions, such as mlx_lm.server, LM Studio or vLLM."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from punie_tui.engine.prompt_format import new_call_id
from punie_tui.engine.protocol import (
    Delta,
    EngineError,
    Message,
    Progress,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 600.0
_POLL_SECONDS = 0.05
_USUAL_CONTEXT = 32_768
_MOST_NAMED = 8
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

KEY_VARIABLE = "PUNIE_API_KEY"
"""The key of a server comes from the environment alone: no file of punie's holds it."""


class OpenAIEngine:
    """Asks a server for each reply.

    The model asked is the one named in the address, or the only one that the server lists, or else whichever the
    server takes when none is named: a list may hold models that it would first have to load. Where it takes none
    without a name, the error tells which there are.
    """

    def __init__(self, address: str, key: str = "") -> None:
        """`address` is `http://HOST:PORT/v1` or `http://HOST:PORT/v1#MODEL`. Raises EngineError for anything else.

        `key` goes to the server with each request, and nowhere else.
        """
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if not parts.hostname or port == 0:
            raise EngineError(f"{address} is no server's address; give http://HOST:PORT/v1.")
        self._key = key.strip()
        if not (self._key.isascii() and self._key.isprintable()) and self._key:
            raise EngineError(f"{KEY_VARIABLE} holds something that no key holds; set it anew.")
        self._address = address.partition("#")[0].rstrip("/")
        self._host, self._port, self._is_encrypted = parts.hostname, port, parts.scheme == "https"
        self._path = parts.path.rstrip("/")
        self._model = parts.fragment
        self._listed: tuple[str, ...] = ()
        self._has_asked_for_models = False
        self._context_length = _USUAL_CONTEXT
        self._is_closed = threading.Event()

    @property
    def model_name(self) -> str:
        """What the server calls its model; the address until it was asked."""
        return self._model or self._address

    @property
    def writes_answers(self) -> bool:
        """Servers run chat models."""
        return True

    @property
    def context_length(self) -> int:
        """What the server says, where it says it."""
        return self._context_length

    def start(self) -> None:
        """The server has loaded its model already."""

    def close(self) -> None:
        """Let no further reply begin and stop the running one."""
        self._is_closed.set()

    def check(self) -> None:
        """Ask for the server's list of models. One that has no list can still reply. Raises EngineError."""
        try:
            status, listed = self._ask_for_models()
        except (OSError, HTTPException) as error:
            raise EngineError(self._explain(error)) from error
        is_lost = status == HTTPStatus.NOT_FOUND and not self._path
        if is_lost or status in _REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            hint = " Most servers answer below /v1." if is_lost else ""
            raise EngineError(self._refusal(status, "it gives no list of its models.") + hint)
        self._take_models(listed)

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        """Yield the deltas of one reply, a Usage last. Closing the iterator hangs up. Raises EngineError."""
        if self._is_closed.is_set():
            raise EngineError("The engine is closed.")
        if not self._has_asked_for_models:
            self._take_models(self._listed_models())
        connection = self._connect()
        watch = _CancelWatch(connection, lambda: self._is_closed.is_set() or is_cancelled())
        reply = _Reply({tool.name: tool for tool in request.tools}, self._address)
        try:
            yield from self._converse(connection, request, reply)
        except (OSError, HTTPException, EngineError) as error:
            # A reply that we hung up on breaks off in one way or another.
            if not watch.has_hung_up:
                raise error if isinstance(error, EngineError) else EngineError(self._explain(error)) from error
        finally:
            watch.end()
            connection.close()
        yield reply.usage(is_cancelled=watch.has_hung_up)

    def _converse(self, connection: HTTPConnection, request: Request, reply: _Reply) -> Iterator[Delta]:
        body = _request_body(request, self._model)
        wire = connection.sock
        wire.setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
        with closing(self._ask(connection, body)) as response:
            for chunk in self._chunks(response):
                yield from reply.read(chunk)
            if reply.has_finished:
                wire.setsockopt(SOL_SOCKET, SO_LINGER, _IN_PEACE)
        yield from reply.finish()

    def _take_models(self, models: Sequence[dict[str, Any]]) -> None:
        """Choose by the server's list which model is asked, and know what it says of that."""
        self._has_asked_for_models = True
        self._listed = tuple(str(model.get("id", "")) for model in models)
        if not self._model and len(models) == 1:
            self._model = str(models[0].get("id", ""))
        for model in models:
            length: object = model.get("max_model_len")
            if isinstance(length, int) and model.get("id") == self._model:
                self._context_length = length

    def _listed_models(self) -> list[dict[str, Any]]:
        """Nothing where there is no list; whether the address is right is seen when it is asked for a reply."""
        try:
            return self._ask_for_models()[1]
        except (OSError, HTTPException, EngineError):
            return []

    def _ask_for_models(self) -> tuple[int, list[dict[str, Any]]]:
        """The status and the list, on a connection of its own: some servers hang up after each answer."""
        connection = self._connect()
        connection.sock.settimeout(_CONNECT_SECONDS)
        try:
            with closing(self._send(connection, "GET", "/models")) as response:
                listed = self._parse(response.read()) if response.status == HTTPStatus.OK else {}
                return response.status, _objects(listed.get("data"))
        finally:
            connection.close()

    def _send(
        self, connection: HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> HTTPResponse:
        content = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        connection.request(method, self._path + path, content, headers)
        return connection.getresponse()

    def _ask(self, connection: HTTPConnection, body: Mapping[str, Any]) -> HTTPResponse:
        response = self._send(connection, "POST", "/chat/completions", body)
        if response.status != HTTPStatus.OK:
            with closing(response):
                said = " ".join(response.read(2000).decode("utf-8", "replace").split())
            raise EngineError(self._refusal(response.status, said))
        return response

    def _refusal(self, status: int, said: str) -> str:
        """Why there is no reply, and what to do. Who refuses a key may repeat it, so of that nothing else is told."""
        if status in _REFUSALS:
            how = f"does not take the key in {KEY_VARIABLE}" if self._key else f"wants a key: set {KEY_VARIABLE}"
            return f"The server at {self._address} {how} (it answered {status})."
        told = f"The server at {self._address} answered {status}: {self._without_key(said)[:300]}"
        if self._model or len(self._listed) < 2 or not 400 <= status < 500:
            return told
        more = f" and {len(self._listed) - _MOST_NAMED} more" if len(self._listed) > _MOST_NAMED else ""
        names = f"{', '.join(self._listed[:_MOST_NAMED])}{more}"
        return f"{told} It has several models; name one: --model {self._address}#{self._listed[0]} ({names})."

    def _without_key(self, text: str) -> str:
        """A server may repeat what it was sent."""
        return text.replace(self._key, "…") if self._key else text

    def _chunks(self, response: HTTPResponse) -> Iterator[dict[str, Any]]:
        """The events of the stream, to its end mark."""
        for line in response:
            name, _, content = line.decode("utf-8", "replace").strip().partition(":")
            if name != "data":
                continue
            if content.strip() == "[DONE]":
                return
            yield self._parse(content.encode())

    def _parse(self, content: bytes) -> dict[str, Any]:
        try:
            parsed: object = json.loads(content)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise EngineError(f"The server at {self._address} sends something else than a chat model does.")
        answer = cast("dict[str, Any]", parsed)
        if error := answer.get("error"):
            raise EngineError(f"The server at {self._address} reports: {self._without_key(json.dumps(error))[:300]}")
        return answer

    def _connect(self) -> HTTPConnection:
        connection_class = HTTPSConnection if self._is_encrypted else HTTPConnection
        connection = connection_class(self._host, self._port, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            raise EngineError(self._explain(error)) from error
        connection.sock.settimeout(_SILENCE_SECONDS)
        return connection

    def _explain(self, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        return f"The server at {self._address} cannot be used: {reason}. Is it running, and is the address right?"


# How a socket is closed. A server that is hung up on in peace may go on for a minute to send what nobody reads.
_RESET, _IN_PEACE = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


class _CancelWatch:
    """Hangs up as soon as the person stops the turn, even while the server says nothing."""

    def __init__(self, connection: HTTPConnection, is_cancelled: Callable[[], bool]) -> None:
        # Kept apart from the connection, which gives its socket away once a response begins.
        self._socket = connection.sock
        self._is_cancelled = is_cancelled
        self._is_over = threading.Event()
        self.has_hung_up = False
        self._thread = threading.Thread(target=self._watch, name="punie-server-watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Watch no longer."""
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_POLL_SECONDS):
            if self._is_cancelled():
                self.has_hung_up = True
                with suppress(OSError):
                    self._socket.shutdown(SHUT_RDWR)
                return


@dataclass
class _Reply:
    """One reply as it comes in; calls come in pieces and are given out whole."""

    tools: Mapping[str, ToolSpec]
    address: str
    started: float = field(default_factory=time.perf_counter)
    first_at: float | None = None
    stop_reason: Literal["end", "limit"] = "end"
    counts: dict[str, Any] = field(default_factory=dict[str, Any])
    pieces: int = 0
    has_finished: bool = False
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])

    def read(self, chunk: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of one event."""
        self.counts = _object(chunk.get("usage")) or self.counts
        for choice in _objects(chunk.get("choices"))[:1]:
            delta = _object(choice.get("delta"))
            self.pieces += 1
            if thought := delta.get("reasoning_content") or delta.get("reasoning"):
                yield from self._begun(ReasoningDelta(str(thought)))
            if text := _text_of(delta.get("content")):
                yield from self._begun(TextDelta(text))
            self._add_calls(delta)
            if reason := choice.get("finish_reason"):
                self.has_finished = True
                self.stop_reason = "limit" if reason == "length" else "end"

    def finish(self) -> Iterator[Delta]:
        """The calls, once all of them are there. A call cut off by the token limit is dropped."""
        if not self.has_finished:
            raise EngineError(f"The server at {self.address} broke off in the middle of its reply; try again.")
        if self.stop_reason == "end":
            for _, call in sorted(self.calls.items()):
                yield from self._begun(self._checked(call))

    def usage(self, *, is_cancelled: bool) -> Usage:
        """As the server counted, or by the pieces that came where it does not count."""
        finished = time.perf_counter()
        details = _object(self.counts.get("prompt_tokens_details"))
        return Usage(
            prompt_tokens=_count(self.counts.get("prompt_tokens")),
            cached_tokens=_count(details.get("cached_tokens")),
            generated_tokens=_count(self.counts.get("completion_tokens")) or self.pieces,
            seconds_to_first_token=(self.first_at or finished) - self.started,
            seconds=finished - self.started,
            stop_reason="cancelled" if is_cancelled else self.stop_reason,
        )

    def _begun(self, delta: Delta) -> Iterator[Delta]:
        """A delta; before the first one, that the prompt is read."""
        if self.first_at is None:
            self.first_at = time.perf_counter()
            total = _count(self.counts.get("prompt_tokens"))
            yield Progress(done=total, total=total, cached=0)
        yield delta

    def _add_calls(self, delta: Mapping[str, Any]) -> None:
        for place, part in enumerate(_objects(delta.get("tool_calls"))):
            index: object = part.get("index")
            call = self.calls.setdefault(index if isinstance(index, int) else place, {"name": "", "arguments": ""})
            function = _object(part.get("function"))
            call["name"] += str(function.get("name") or "")
            arguments: object = function.get("arguments")
            call["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments or {})

    def _checked(self, call: Mapping[str, str]) -> ToolCall:
        """The call. Raises EngineError when it does not fit its tool, because the server enforces nothing."""
        import jsonschema

        tool = self.tools.get(call["name"])
        if tool is None:
            raise EngineError(f"The model at {self.address} called a tool {call['name']!r} that does not exist.")
        try:
            arguments: object = json.loads(call["arguments"] or "{}")
            jsonschema.validate(arguments, dict(tool.parameters))
        except (ValueError, jsonschema.ValidationError) as error:
            reason = str(getattr(error, "message", error)).splitlines()[0]
            raise EngineError(
                f"The model at {self.address} called {tool.name} with arguments that do not fit: {reason[:300]}."
                " Ask again, or choose a stronger model."
            ) from error
        return ToolCall(new_call_id(), tool.name, cast("dict[str, Any]", arguments))


def _text_of(content: object) -> str:
    """Some servers give a list of parts, of which those with a text are shown."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in _objects(cast("object", content)))
    return str(content or "")


def _object(value: object) -> dict[str, Any]:
    """Servers send null where others leave a field out, and some send what no chat model does: both are nothing."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", each) for each in listed if isinstance(each, dict)]


def _count(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _request_body(request: Request, model: str) -> dict[str, Any]:
    sampling = request.sampling
    body: dict[str, Any] = {
        "messages": [_written_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "max_tokens": sampling.max_tokens,
    }
    if model:
        body["model"] = model
    if request.tools:
        body["tools"] = [tool.as_function for tool in request.tools]
    return body


def _written_message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.whole}
    if message.calls:
        written["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.tool, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in message.calls
        ]
    if message.role == "tool":
        written["tool_call_id"] = message.call_id
    return written
