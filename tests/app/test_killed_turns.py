"""The real app, killed while its turns run: what stood on the screen is there again when its session goes on.

`PUNIE_TEST_APP_KILLS=100 PUNIE_TEST_SEED=7` kills it oftener, at other moments; the name of a test ends with its seed.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from app_on_terminal import AppOnTerminal
from terminal_cells import TerminalCells

from punie_tui.agent.session_log import session_files, sessions_folder
from punie_tui.agent.session_markdown import session_markdown
from punie_tui.agent.session_record import read_record
from punie_tui.own_files import home_directory

KILLS_OF_SESSION = 10
SESSIONS = -(-int(os.environ.get("PUNIE_TEST_APP_KILLS", "10")) // KILLS_OF_SESSION)
FIRST_SEED = int(os.environ.get("PUNIE_TEST_SEED", "0"))
LINES, COLUMNS = 30, 100
SECONDS_OF_WORD = 0.005
RESTORED = b"\x1b[<u"
"""What the supervisor writes first once the app is dead."""
QUESTION = b"Go on with it? [Y/n] "
MOST_WORDS = 120
WORDS_IN_SIGHT = 30
SAID = re.compile(r"request\d+|turn\d+word\d+")


class WritingServer(ThreadingHTTPServer):
    """A model that searches first, and then writes numbered words at a model's pace until nobody listens."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._begin("application/json")
        self.wfile.write(b'{"data": [{"id": "writer", "max_model_len": 1000000}]}')

    def do_POST(self) -> None:
        messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
        self._begin("text/event-stream")
        # A killed app hangs up.
        with suppress(OSError):
            if messages[-1]["role"] == "tool":
                asked = [each["content"] for each in messages if each["role"] == "user"]
                self._write_words(re.findall(r"\d+", asked[-1])[0])
            else:
                call = {"index": 0, "id": "c", "function": {"name": "grep", "arguments": '{"pattern": "TODO"}'}}
                self._send({"tool_calls": [call]}, "tool_calls")
                self.wfile.write(b"data: [DONE]\n\n")

    def _write_words(self, turn: str) -> None:
        for number in range(10**6):
            self._send({"content": f"turn{turn}word{number} "})
            select.select([], [], [], SECONDS_OF_WORD)

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def _send(self, delta: dict[str, object], reason: str | None = None) -> None:
        self.wfile.write(f"data: {json.dumps({'choices': [{'delta': delta, 'finish_reason': reason}]})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Nothing on stderr."""


@pytest.fixture
def server() -> Iterator[WritingServer]:
    with WritingServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SESSIONS))
def test_what_stood_on_the_screen_of_a_killed_app_is_there_again(
    tmp_path: Path, server: WritingServer, seed: int
) -> None:
    folder, chance = tmp_path.resolve() / "project", random.Random(seed)
    folder.mkdir()
    (folder / "notes.txt").write_text("TODO\n")
    with AppOnTerminal(folder, "--model", server.address, PUNIE_ROUTE_FIRST="false") as app:
        cells = TerminalCells(LINES, COLUMNS)
        app.read_until_shown(cells, stands("ask mode"))
        for number in range(KILLS_OF_SESSION):
            app.type_in(f"request{number}\r".encode())
            # As soon as the request stands there, or so many words of its answer.
            least = chance.randrange(MOST_WORDS) if chance.random() < 0.9 else -1
            shown = killed_screen(app, cells, lambda rows, turn=number, least=least: has_come(rows, turn, least))
            kept = document(folder).split()
            # Of what was shown the very last event may be lost, and nothing before it.
            lost = [each for each in said(shown) if each not in kept]
            assert len(lost) <= 1, (number, least, lost)
            app.type_in(b"y\r")
            cells = TerminalCells(LINES, COLUMNS)
            # That the turn was stopped stands below it now, so that the first lines may be out of sight.
            wanted = {each for each in said(shown)[-WORDS_IN_SIGHT:] if each not in lost}
            app.read_until_shown(cells, lambda rows, wanted=wanted: wanted <= {*said(rows)})
            app.read_until_shown(cells, stands("ask mode"))
        app.type_in(b"\x11")
        app.read_until(None)
        assert app.process.wait(60) == 0
    assert len(session_files(sessions_folder(home_directory("state"), folder))) == 1
    assert document(folder).count("request") == KILLS_OF_SESSION


def stands(text: str) -> Callable[[list[str]], bool]:
    return lambda rows: any(text in row for row in rows)


def has_come(rows: list[str], turn: int, least: int) -> bool:
    """Whether a turn's answer has come so far; the word itself may be out of sight by then. -1 is its request."""
    numbers = [int(number) for number in re.findall(rf"turn{turn}word(\d+)", " ".join(rows))]
    return max(numbers) >= least if numbers else least < 0 and stands(f"› request{turn}")(rows)


def killed_screen(app: AppOnTerminal, cells: TerminalCells, is_seen: Callable[[list[str]], bool]) -> list[str]:
    """What stands on the terminal after the last that the app wrote, killed when something is seen there."""
    app.read_until_shown(cells, is_seen)
    (child,) = psutil.Process(app.process.pid).children()
    child.kill()
    app.cells = None
    cells.write(app.read_until(QUESTION).partition(RESTORED)[0])
    return cells.rows


def document(folder: Path) -> str:
    """The session as it is kept."""
    (file,) = session_files(sessions_folder(home_directory("state"), folder))
    return session_markdown(read_record(file), "")


def said(rows: list[str]) -> list[str]:
    """The requests and the words of answers that stand on a screen."""
    return SAID.findall(" ".join(rows))
