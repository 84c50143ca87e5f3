"""Servers on this machine are found by their list of models; whatever else listens there is left alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from socket import create_server

import pytest

from punie_tui.engine.model_servers import ModelServer, local_servers
from punie_tui.engine.openai_engine import KEY_VARIABLE
from tests.engine.chat_server import ChatServer, serving


@pytest.fixture
def servers() -> Iterator[list[ChatServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serving()) for _ in range(3)]


def closed_port() -> int:
    """Where nobody listens."""
    with create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def test_servers_are_listed_with_their_models_in_the_order_of_the_ports(
    servers: list[ChatServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    one, several, locked = servers
    several.models = ["a:7b", "b", "bad\nname", "x" * 300]
    locked.list_status = 401
    ports = {server.server_port: name for server, name in zip(servers, ("One", "Several", "Locked"), strict=True)}
    assert local_servers({closed_port(): "nobody", **ports}) == [
        ModelServer(one.server_port, "One", ("local-model",)),
        ModelServer(several.server_port, "Several", ("a:7b", "b")),
        ModelServer(locked.server_port, "Locked", (), wants_key=True),
    ]
    # Whoever listens on a usual port is not told the key.
    assert {sent for server in servers for sent in server.authorizations} == {None}


def test_a_model_of_several_is_named_in_its_address() -> None:
    assert ModelServer(1234, "", ("one",)).choices == ("http://127.0.0.1:1234/v1",)
    assert ModelServer(1234, "").choices == ("http://127.0.0.1:1234/v1",)
    assert ModelServer(1234, "", ("one", "two")).choices == (
        "http://127.0.0.1:1234/v1#one",
        "http://127.0.0.1:1234/v1#two",
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhtml",
        b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 3 }',
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_server_of_models_is_none(answer: bytes) -> None:
    with create_server(("127.0.0.1", 0)) as listening:

        def reply() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        threading.Thread(target=reply, daemon=True).start()
        assert local_servers({listening.getsockname()[1]: "other"}) == []


def test_a_port_that_says_nothing_holds_nobody_up() -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        assert local_servers({listening.getsockname()[1]: "silent"}) == []
