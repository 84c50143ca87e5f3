"""Another model for the running session: listed, chosen by keyboard, and gone on with; what fails changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server

import pytest
from app_driver import Drive, Driven
from textual.widgets import Input

from punie_tui.app.screens.models import ModelsScreen
from punie_tui.engine.models import models_folder
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.routed_engine import RoutedEngine
from punie_tui.own_files import settings_file
from tests.engine.chat_server import ChatServer, finish, serving, text
from tests.engine.tiny_models import build_model


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "x = 1\n"})


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as running:
        running.chunks = [text("Written."), finish("stop"), "[DONE]"]
        yield running


@pytest.fixture
def writer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNIE_ROUTE_FIRST", "false")


def unused_port() -> int:
    with create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def pull(name: str, source: Path) -> None:
    """Lay a model where `punie models pull` does."""
    folder = models_folder() / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("1")
    (folder / "snapshots").mkdir()
    source.rename(folder / "snapshots" / "1")


async def open_models(driven: Driven) -> ModelsScreen:
    await driven.pilot.press("ctrl+x", "M")
    screen = await driven.shown(ModelsScreen)
    await driven.until(lambda: screen.looks_ended == 1, "the models")
    return screen


def asked(server: ChatServer) -> list[str]:
    """What the last request told the server of the conversation, the system's message aside."""
    return [message["content"] for message in server.asked[-1]["messages"] if message["role"] != "system"]


async def answering(driven: Driven, name: str) -> None:
    await driven.until(lambda: driven.main.session is not None and driven.main.session.engine.model_name == name, name)


@pytest.mark.usefixtures("writer_alone")
async def test_a_server_that_is_found_goes_on_with_the_conversation(
    drive: Drive, repository: Path, server: ChatServer
) -> None:
    replies = [[TextDelta("First answer.")]]
    async with drive(repository, replies, writes_answers=True, server_ports={server.server_port: "Ours"}) as driven:
        await driven.ask("first")
        await driven.finished()
        assert not server.authorizations
        screen = await open_models(driven)
        assert screen.names == ["nano", "local-model", "another one …"]
        await driven.pilot.press("down", "enter")
        await driven.said("local-model answers from the next message on, until punie ends; s in /model keeps it")
        await driven.ask("second")
        await driven.finished(2)
        assert asked(server) == ["first", "First answer.", "second"]
        assert driven.main.session
        assert driven.main.session.model == server.address
        assert not settings_file().exists()


async def test_nano_stays_in_front_and_the_choice_is_kept(drive: Drive, repository: Path, server: ChatServer) -> None:
    async with drive(repository, server_ports={server.server_port: "Ours"}) as driven:
        await open_models(driven)
        await driven.pilot.press("down", "s")
        await answering(driven, "nano → local-model")
        await driven.said("and at every start.")
        assert settings_file().read_text() == f'model = "{server.address}"\n'
        assert driven.main.session
        assert isinstance(driven.main.session.engine, RoutedEngine)
        await driven.ask("write a class that adds numbers, with tests")
        await driven.finished()
        await driven.said("Written.")


@pytest.mark.usefixtures("writer_alone")
async def test_a_model_of_the_disk_answers(drive: Drive, repository: Path, tmp_path: Path) -> None:
    pull("tiny-org/Tiny", build_model(tmp_path / "tiny"))
    async with drive(repository, server_ports={}) as driven:
        await open_models(driven)
        await driven.pilot.press("down", "enter")
        await answering(driven, "tiny-org/Tiny")
        await open_models(driven)
        await driven.pilot.press("up", "enter")
        await answering(driven, "nano")
        await driven.said("nano answers from the next message on")
        await driven.ask("/model nano")
        await driven.said("nano answers already, until punie ends")


async def test_where_nothing_is_found_it_says_how_something_comes(drive: Drive, repository: Path) -> None:
    port = unused_port()
    async with drive(repository, server_ports={port: "Nobody"}) as driven:
        await driven.ask("/model")
        screen = await driven.shown(ModelsScreen)
        await driven.until(lambda: screen.looks_ended == 1, "the models")
        assert f"No server answered here on the ports {port}" in screen.told
        assert "punie models pull" in screen.told
        await driven.pilot.press("escape")
        assert driven.app.screen is driven.main


@pytest.mark.usefixtures("writer_alone")
async def test_a_server_that_died_meanwhile_leaves_the_model_as_it_was(drive: Drive, repository: Path) -> None:
    with serving() as server:
        async with drive(repository, [[TextDelta("Still me.")]], server_ports={server.server_port: "Ours"}) as driven:
            await open_models(driven)
            server.shutdown()
            server.server_close()
            await driven.pilot.press("down", "s")
            await driven.said(f"scripted answers as before: The server at {server.address} cannot be used")
            assert not settings_file().exists()
            await driven.ask("who is it?")
            await driven.finished()
            assert driven.engine.requests


@pytest.mark.usefixtures("writer_alone")
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            "org/unknown",
            "scripted answers as before: org/unknown is not on this machine. Get it with: punie models pull",
        ),
        ("no model", "There is no model 'no model'."),
        ("http://", "is no server's address"),
        ("http://[", "cannot be opened"),
        ("~nobody-of-that-name/x", "answers as before: "),
    ],
)
async def test_what_is_typed_and_is_none_is_told_in_a_line(
    drive: Drive, repository: Path, typed: str, told: str
) -> None:
    async with drive(repository, server_ports={}) as driven:
        screen = await open_models(driven)
        await driven.pilot.press("end", "enter")
        screen.query_one(Input).value = typed
        await driven.pilot.press("enter")
        await driven.said(told)


@pytest.mark.usefixtures("writer_alone")
async def test_while_a_turn_runs_the_model_waits_for_its_end(
    drive: Drive, repository: Path, server: ChatServer
) -> None:
    may_end = threading.Event()
    async with drive(repository, [[TextDelta("One."), may_end]], writes_answers=True, server_ports={}) as driven:
        await driven.ask("first")
        await driven.said("One.")
        driven.main.change_model(server.address)
        await driven.said("is opened when it has ended")
        await driven.ask("second")
        assert driven.main.session
        assert driven.main.session.engine is driven.engine
        may_end.set()
        await driven.finished(2)
        assert asked(server) == ["first", "One.", "second"]
