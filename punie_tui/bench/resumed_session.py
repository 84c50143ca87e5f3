"""A long session that is gone on with: until its end stands on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from punie_tools.files.grep import GrepMatch, GrepResult
from punie_tui.agent.events import (
    Event,
    SessionStarted,
    TextStreamed,
    ToolFinished,
    ToolRequested,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    event_line,
)
from punie_tui.agent.session_log import sessions_folder
from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure

_LAST_WORDS = "all-is-here"


def resumed_session(folder: Path, home: Path, events: int, runs: int) -> Iterator[Figure]:
    """Seconds from the start of the program, its own first frame included."""
    _write_session(folder, home, events)
    seconds: list[float] = []
    for _ in range(runs):
        with start("punie_tui", "--resume", folder=folder, home=home) as app:
            seconds.append(app.wait_for(_LAST_WORDS))
    yield Figure("resume of a long session", median(seconds), "s", 2.0, events)


def _write_session(folder: Path, home: Path, events: int) -> None:
    place = sessions_folder(home / "state", folder)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "20260101-000000-000000.jsonl").open("w", encoding="utf-8") as file:
        for event in _session(folder, events):
            file.write(event_line(event) + "\n")


def _session(folder: Path, events: int) -> Iterator[Event]:
    """So many events, give or take a turn; the last turn says the last words."""
    yield SessionStarted(punie_version="0", workspace=str(folder), model="nano")
    written, number = 1, 0
    while written < events:
        turn = list(_turn(number, [f"Words {piece} of turn {number}. " for piece in range(number % 4)]))
        yield from turn
        written, number = written + len(turn), number + 1
    yield from _turn(number, [_LAST_WORDS])


def _turn(number: int, pieces: Sequence[str]) -> Iterator[Event]:
    """A question, a call with what it found and, where a model writes, an answer: five to eight events."""
    turn, call = f"t{number}", f"c{number}"
    matches = tuple(GrepMatch(file="notes.txt", line=line, column=1, text="TODO") for line in range(1, 2 + number % 5))
    result = GrepResult(pattern="TODO", matches=matches, match_count=len(matches), file_count=1)
    yield TurnStarted(turn_id=turn, prompt=f"where is TODO {number}?", model="nano")
    yield ToolRequested(turn_id=turn, call_id=call, tool="grep", arguments={"pattern": "TODO"})
    yield ToolStarted(turn_id=turn, call_id=call)
    yield ToolFinished(
        turn_id=turn, call_id=call, tool="grep", result=result.model_dump(), summary=result.summary, seconds=0.01
    )
    for piece in pieces:
        yield TextStreamed(turn_id=turn, text=piece)
    yield TurnFinished(turn_id=turn, reason="done", answer="".join(pieces) or result.summary)
