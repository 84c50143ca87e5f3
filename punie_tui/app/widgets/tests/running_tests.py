"""One run of tests at a time, on a thread of its own, told to the tests screen while it goes on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel
from textual.message import Message

from punie_tools.tool import Tool
from punie_tui.agent.person_calls import CallWatch

if TYPE_CHECKING:
    from pathlib import Path

    from textual.screen import Screen
    from textual.timer import Timer

    from punie_tui.agent.events import Event
    from punie_tui.agent.session import Session
    from punie_tui.agent.tool_step import Outcome

_SECONDS_BETWEEN_DRAINS = 1 / 15


@dataclass
class TestRun:
    """What runs: a tool with its arguments, and how the person is told of it."""

    __test__ = False
    tool: str | Tool
    arguments: dict[str, object]
    title: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    begun: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    """By the clock of the files; 0 while it runs."""
    failed: int = 0
    done: int = 0
    total: int | None = None

    def saw_change(self, path: Path) -> bool:
        """Whether a file was last changed while this ran; not of one that is gone."""
        try:
            return self.began_at <= path.lstat().st_ctime <= self.ended_at
        except OSError:
            return False

    @property
    def is_everything(self) -> bool:
        return self.tool == "pytest_run" and not self.arguments

    @property
    def target(self) -> str:
        """What it runs, as the person named it; empty where that is more than one thing."""
        return str(self.arguments.get("target") or self.arguments.get("test") or "")

    @property
    def seconds(self) -> float:
        """How long it runs already."""
        return time.monotonic() - self.begun


class RunningTests:
    """Belongs to a screen. `told` gets there what a run tells of its tests, in its order, a few times a second."""

    @dataclass
    class Ended(Message):
        """A run came to its end, whichever. Whoever gets it calls `end`."""

        run: TestRun
        outcome: Outcome

    def __init__(self, screen: Screen[None], session: Session, told: Callable[[Sequence[BaseModel]], None]) -> None:
        self._screen = screen
        self._session = session
        self._told = told
        self._parts: deque[BaseModel] = deque()
        self._ticker: Timer | None = None
        self.current: TestRun | None = None

    @property
    def can_be_stopped(self) -> bool:
        """Whether something runs that nobody has stopped yet."""
        return self.current is not None and not self.current.cancelled.is_set()

    def start(self, run: TestRun) -> None:
        """Nothing else runs."""
        self.current = run
        self._ticker = self._screen.set_interval(_SECONDS_BETWEEN_DRAINS, self._drain)
        self._screen.run_worker(lambda: self._perform(run), thread=True, group="test-run")

    def stop(self) -> None:
        """Let what runs come to an early end, if something does."""
        if self.current is not None:
            self.current.cancelled.set()

    def end(self) -> None:
        """Tell what is left to tell of the run that has ended."""
        self._drain()
        self.current = None
        if self._ticker is not None:
            self._ticker.stop()

    def _perform(self, run: TestRun) -> None:
        def note(event: Event) -> None:
            if event.kind == "tool_progressed":
                run.done, run.total = event.done, event.total
                run.title = event.text if isinstance(run.tool, Tool) else run.title

        watch = CallWatch(run.cancelled, on_event=note, on_part=self._parts.append)
        outcome = self._session.person_calls.run(run.tool, run.arguments, watch)
        run.ended_at = time.time()
        self._screen.post_message(self.Ended(run, outcome))

    def _drain(self) -> None:
        """Take what the run has told since the last time, however much it is."""
        self._told([self._parts.popleft() for _ in range(len(self._parts))])
