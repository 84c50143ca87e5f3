"""A long session that is gone on with: until its end stands on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from punie_tui.agent.events import SessionStarted, TextStreamed, TurnFinished, TurnStarted, event_line
from punie_tui.agent.session_log import sessions_folder
from punie_tui.bench.environment import start
from punie_tui.bench.figure import Figure

_LAST_WORDS = "all-is-here"
_EVENTS_IN_A_TURN = 25


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
        file.write(event_line(SessionStarted(punie_version="0", workspace=str(folder), model="nano")) + "\n")
        for number in range(max(events // _EVENTS_IN_A_TURN, 1)):
            is_last = number == max(events // _EVENTS_IN_A_TURN, 1) - 1
            words = [f"Word {number} of many. " for _ in range(_EVENTS_IN_A_TURN - 2)]
            answer = "".join(words) if not is_last else _LAST_WORDS
            turn = f"t{number}"
            file.write(event_line(TurnStarted(turn_id=turn, prompt="and then?", model="nano")) + "\n")
            for word in words if not is_last else [answer]:
                file.write(event_line(TextStreamed(turn_id=turn, text=word)) + "\n")
            file.write(event_line(TurnFinished(turn_id=turn, reason="done", answer=answer)) + "\n")
