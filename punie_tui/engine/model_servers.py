"""Which OpenAI-compatible servers run on this machine: the usual ports are asked, and no other host."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import cast

USUAL_PORTS: Mapping[int, str] = MappingProxyType(
    {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp or mlx_lm.server", 8000: "vLLM"}
)
"""Whose port it usually is; another server may listen there."""

_HOST = "127.0.0.1"
_SILENCE_SECONDS = 0.5
_SECONDS_FOR_ALL = 2.0
"""However slowly a server answers: who looks at the list is not kept waiting."""
_MOST_BYTES = 1_000_000
_MOST_MODELS = 100
_LONGEST_NAME = 200


@dataclass(frozen=True)
class ModelServer:
    """A server that answered. Without `models` it wants a key, or has no list of them."""

    port: int
    usual: str
    models: tuple[str, ...] = ()
    wants_key: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """What `--model` calls its models; where it has only one, whichever it has then."""
        address = f"http://{_HOST}:{self.port}/v1"
        return tuple(f"{address}#{name}" for name in self.models) if len(self.models) > 1 else (address,)


def local_servers(ports: Mapping[int, str] = USUAL_PORTS) -> list[ModelServer]:
    """Those that answer soon, in the order of the ports. No key is sent: anybody may listen there."""
    found: SimpleQueue[ModelServer | None] = SimpleQueue()

    def ask(port: int, usual: str) -> None:
        found.put(_ask(port, usual))

    for asked in ports.items():
        threading.Thread(target=ask, args=asked, name="punie-probe", daemon=True).start()
    deadline = time.monotonic() + _SECONDS_FOR_ALL
    servers = [server for server in _until(deadline, found, len(ports)) if server is not None]
    return sorted(servers, key=lambda server: list(ports).index(server.port))


def _until(deadline: float, found: SimpleQueue[ModelServer | None], count: int) -> Iterator[ModelServer | None]:
    for _ in range(count):
        try:
            yield found.get(timeout=max(deadline - time.monotonic(), 0.0))
        except Empty:
            return


def _ask(port: int, usual: str) -> ModelServer | None:
    connection = HTTPConnection(_HOST, port, timeout=_SILENCE_SECONDS)
    try:
        connection.request("GET", "/v1/models")
        return _answered(connection.getresponse(), port, usual)
    except (OSError, HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()


def _answered(response: HTTPResponse, port: int, usual: str) -> ModelServer | None:
    """None for what is no list of models. Raises what reading and parsing raise."""
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ModelServer(port, usual, wants_key=True)
    if response.status != HTTPStatus.OK:
        return None
    answer: object = json.loads(response.read(_MOST_BYTES))
    listed = cast("dict[str, object]", answer).get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    models = cast("list[object]", listed)[:_MOST_MODELS]
    names = [str(cast("dict[str, object]", model).get("id", "")) for model in models if isinstance(model, dict)]
    return ModelServer(port, usual, tuple(name for name in names if _is_name(name)))


def _is_name(text: str) -> bool:
    """Whether it can stand in an address as it is."""
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable() and not text.isspace()
