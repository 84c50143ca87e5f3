"""The app with a scripted engine that streams for ever: what the benches look at. `… KIND LINES_ABOVE`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import punie_tui.app
from punie_tui.agent.approval import AskPerson
from punie_tui.agent.events import TextStreamed, TurnFinished, TurnStarted
from punie_tui.agent.meant import AskWhich
from punie_tui.agent.session import Session
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.bench.streamed_texts import READY, TEXTS, StreamedText, tokens_of
from punie_tui.engine.protocol import Delta, Request, TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

_LINES_OF_DOCUMENT = 200
_LINES_IN_A_TURN = 500


class TimedEngine(ScriptedEngine):
    """Gives a document of its size at once, and then lets it grow for ever, each token in its time."""

    def __init__(self, text: StreamedText) -> None:
        super().__init__([])
        self._text = text

    def check(self) -> None:
        """Nothing can be wrong."""

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        yield TextDelta(self._text.begun(_LINES_OF_DOCUMENT))
        waits = threading.Event()
        due = time.monotonic()
        for gap, token in tokens_of(self._text.lines_from(_LINES_OF_DOCUMENT)):
            due += gap
            waits.wait(max(due - time.monotonic(), 0))
            if is_cancelled():
                return
            yield TextDelta(token)


class StreamingApp(PunieApp):
    """Shows so many lines, then says that it is ready."""

    # Textual looks for a relative one beside the class that is run.
    CSS_PATH = Path(punie_tui.app.__path__[0]) / "punie.tcss"
    lines_above = 0

    def on_ready(self) -> None:
        super().on_ready()
        self.set_timer(0.3, self._fill)

    def _fill(self) -> None:
        (main,) = (screen for screen in self.screen_stack if isinstance(screen, MainScreen))
        if not main.is_ready:
            self.set_timer(0.1, self._fill)
            return
        for first in range(0, self.lines_above, _LINES_IN_A_TURN):
            text = TEXTS["paragraphs"].of(min(_LINES_IN_A_TURN, self.lines_above - first) // 2)
            main.events_arrived([TurnStarted(prompt="more", model="x"), TextStreamed(text=text)])
            main.events_arrived([TurnFinished(reason="done", answer=text)])
        self.call_after_refresh(self._say_ready, main)

    def _say_ready(self, main: MainScreen) -> None:
        """All lines are broken into rows, as they are seconds after they came: that shall not count."""
        blocks = main.query_one(Chat).transcript.blocks
        blocks.settle_some(len(blocks.blocks))
        main.note(READY)


def main(kind: str, lines_above: int) -> None:
    """Run it in the current directory."""
    folder = Path.cwd().resolve()

    def open_session(ask_person: AskPerson, _ask_which: AskWhich) -> Session:
        return Session(folder, TimedEngine(TEXTS[kind]), Settings(), ask_person=ask_person)

    app = StreamingApp(folder, open_session)
    app.lines_above = lines_above
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
