"""A session as its file tells it: its turns, how far they count after a rewind, and its name.

Reading is forgiving: lines that are torn, foreign or of a newer punie are left out and counted. The file keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from punie_tools.errors import reason_of
from punie_tools.sentences import counted
from punie_tui.agent.events import (
    EVENT_ADAPTER,
    BesideTurnsEvent,
    Event,
    MessageQueued,
    NoticeGiven,
    PersonActed,
    PersonCalled,
    PersonChangedFiles,
    PersonRan,
    PrefillProgressed,
    QueueChanged,
    ReasoningStreamed,
    SessionClosed,
    SessionRenamed,
    SessionRewound,
    SessionStarted,
    TextStreamed,
    ToolFinished,
    ToolProgressed,
    ToolRequested,
    TurnFinished,
    TurnStarted,
    TurnSteered,
)

FORMAT = 1
LOST_PROMPT = "(this prompt cannot be read any more)"
# No event is longer; what is, is a hole that a crash left or no session at all.
_LONGEST_LINE = 64 * 1024 * 1024


HAND = "hand-"
"""What the id of a call begins with that the person ran in place of a model's turn."""


class SessionError(Exception):
    """A session cannot be used; one sentence for the person."""


@dataclass
class RecordedTurn:
    """One turn, and what the person did beside it and after it.

    Streamed text stands in one event unless the person did something meanwhile, and progress is left out.
    """

    events: list[Event] = field(default_factory=list[Event])

    @property
    def started(self) -> TurnStarted:
        first = self.events[0]
        assert isinstance(first, TurnStarted)
        return first

    @property
    def turn_id(self) -> str:
        return self.started.turn_id

    @property
    def prompt(self) -> str:
        return self.started.prompt

    @property
    def is_by_hand(self) -> bool:
        """Whether the prompt is a command of the person, who ran its calls."""
        return any(isinstance(event, ToolRequested) and event.call_id.startswith(HAND) for event in self.events)

    @property
    def end(self) -> TurnFinished | None:
        """What ended it, if anything did; what the person did after it stands behind that."""
        return next((event for event in reversed(self.events) if isinstance(event, TurnFinished)), None)

    @property
    def is_finished(self) -> bool:
        return self.end is not None

    @property
    def has_edits(self) -> bool:
        """Whether a result tells of a change of files."""
        return any(isinstance(event, ToolFinished) and event.result.get("diff") for event in self.events)


class SessionRecord:
    """What a session's events add up to. `turns` are all that can be gone to; the first `kept` of them count."""

    def __init__(self, events: Iterable[Event | None] = ()) -> None:
        """None stands for a line that could not be read."""
        self.started: SessionStarted | None = None
        self.name = ""
        self.before: list[Event] = []
        """What the person did before the first turn."""
        self.turns: list[RecordedTurn] = []
        self.kept = 0
        self.taken_back: set[str] = set()
        self._is_rewound = False
        self.is_closed = True
        self.unreadable_lines = 0
        self.waiting: list[MessageQueued] = []
        """The messages that were not sent yet, in their order."""
        self._queued: dict[str, MessageQueued] = {}
        self._pieces: list[str] = []
        self._streamed: TextStreamed | ReasoningStreamed | None = None
        for event in events:
            self._add(event)
        self._end_stream()

    def add(self, event: Event) -> None:
        """What happened next."""
        self._add(event)
        self._end_stream()

    @property
    def current_turns(self) -> list[RecordedTurn]:
        """The turns that the session consists of now."""
        return self.turns[: self.kept]

    def turns_between(self, place: int, other: int) -> list[RecordedTurn]:
        """Those that a way from the end of one place to that of the other passes."""
        return self.turns[min(place, other) : max(place, other)]

    def place_of(self, turn_id: str) -> int:
        """How many turns count at the end of that one; an empty id is before the first. Raises SessionError."""
        places = {turn.turn_id: number for number, turn in enumerate(self.turns, 1)}
        if turn_id and turn_id not in places:
            raise SessionError(f"There is no turn {turn_id} in this session.")
        return places[turn_id] if turn_id else 0

    def turn_id_of(self, name: str) -> str:
        """The id of a turn by it or by its number; empty for 0, which is before the first. Raises SessionError."""
        ids = [turn.turn_id for turn in self.turns]
        if name in ids:
            return name
        if name.isdecimal() and int(name) <= len(ids):
            return ids[int(name) - 1] if int(name) else ""
        raise SessionError(f"There is no turn {name} in this session; it has {counted(len(ids), 'turn')}.")

    def end_of_cut_off_turn(self) -> TurnFinished | None:
        """What ends the turn in which whoever wrote the session died; None where all are finished."""
        last = self.turns[self.kept - 1] if self.kept else None
        if last is None or last.is_finished:
            return None
        return TurnFinished(turn_id=last.turn_id, reason="stopped", answer="")

    @property
    def events(self) -> list[Event]:
        """The events of the current turns, and those before them."""
        return [*self.before, *(event for turn in self.current_turns for event in turn.events)]

    @property
    def title(self) -> str:
        """What lists and documents call it."""
        return title_of(self.name, self.began_with)

    @property
    def began_with(self) -> str:
        """What was asked first; of a session without a turn what the person did first, a command as it was typed."""
        if self.kept:
            return self.turns[0].prompt
        done = (f"! {each.command}" if isinstance(each, PersonRan) else each.text for each in _told_acts(self.before))
        return next(done, "")

    @property
    def changed_by_hand(self) -> set[str]:
        """What the journal calls the changes that the person had punie make beside the current turns."""
        return _changed_by_hand(self.events)

    @property
    def journal_turns(self) -> set[str]:
        """All of this session that the journal may know: its turns, and what was changed beside them."""
        events = [*self.before, *(event for turn in self.turns for event in turn.events)]
        return {turn.turn_id for turn in self.turns} | _changed_by_hand(events)

    def check(self, session_id: str) -> None:
        """Raise SessionError where this is no session, or one that only a newer punie understands."""
        if self.started is None and not self.turns:
            raise SessionError(f"Session {session_id} holds nothing that punie can read; it was left as it is.")
        if self.started is not None and self.started.format > FORMAT:
            raise SessionError(
                f"Session {session_id} was written by a newer punie ({self.started.punie_version}); "
                "it was left as it is. Update punie to go on with it."
            )

    def _add(self, event: Event | None) -> None:
        match event:
            case None:
                self.unreadable_lines += 1
            case TextStreamed() | ReasoningStreamed():
                self._stream(event)
            case PrefillProgressed() | ToolProgressed() | NoticeGiven():
                self.is_closed = False
            case SessionRenamed():
                self.name = event.name
            case MessageQueued():
                self._queued[event.message_id] = event
                self.waiting.append(event)
            case QueueChanged():
                self.waiting = [self._queued[name] for name in event.waiting if name in self._queued]
            case SessionStarted():
                self.started = self.started or event
            case _:
                self._end_stream()
                self.is_closed = isinstance(event, SessionClosed)
                self._add_to_turn(event)

    def _add_to_turn(self, event: Event) -> None:
        match event:
            case SessionClosed():
                pass
            case SessionRewound():
                self._rewind(event)
            case TurnStarted():
                self._forget_waiting(event.prompt)
                self._begin(event)
            case TurnSteered():
                self._forget_waiting(event.text)
                self._turn_of(event).events.append(event)
            case PersonActed() | PersonCalled() | PersonRan() | PersonChangedFiles():
                self._add_beside(event)
            case _:
                self._turn_of(event).events.append(event)

    def _add_beside(self, event: BesideTurnsEvent) -> None:
        """To the turn that it came in or after, if there was one yet."""
        (self.turns[self.kept - 1].events if self.kept else self.before).append(event)

    def _forget_waiting(self, text: str) -> None:
        """It was sent; a crash may have come before the queue could tell so."""
        sent = next((message for message in self.waiting if message.text == text), None)
        if sent is not None:
            self.waiting.remove(sent)

    def _begin(self, event: TurnStarted) -> None:
        if self._is_rewound:
            self._leave_behind()
        self.turns.append(RecordedTurn([event]))
        self.kept += 1

    def _leave_behind(self) -> None:
        """The turns that do not count; what went with them, edits by hand included, is not made again."""
        del self.turns[self.kept :]
        self.taken_back &= {turn.turn_id for turn in self.turns}
        self._is_rewound = False

    def _rewind(self, event: SessionRewound) -> None:
        places = [number for number, turn in enumerate(self.turns) if turn.turn_id == event.to_turn]
        if event.to_turn and not places:
            self.unreadable_lines += 1
            return
        self._is_rewound = True
        self.kept = places[-1] + 1 if event.to_turn else 0
        self.taken_back = (self.taken_back | set(event.undone)) - set(event.redone)

    def _turn_of(self, event: Event) -> RecordedTurn:
        """The turn that is going on; one of its own where the line that began the event's turn is lost."""
        if not self.kept or (event.turn_id and event.turn_id != self.turns[self.kept - 1].turn_id):
            self._begin(TurnStarted(turn_id=event.turn_id, time=event.time, prompt=LOST_PROMPT, model=""))
        return self.turns[self.kept - 1]

    def _stream(self, event: TextStreamed | ReasoningStreamed) -> None:
        last = self._streamed
        if last is None or last.kind != event.kind or last.turn_id != event.turn_id:
            self._end_stream()
            self.is_closed = False
            self._streamed = event
        self._pieces.append(event.text)

    def _end_stream(self) -> None:
        if self._streamed is not None:
            whole = self._streamed.model_copy(update={"text": "".join(self._pieces)})
            self._streamed, self._pieces = None, []
            self._turn_of(whole).events.append(whole)


def title_of(name: str, began_with: str) -> str:
    """The name, or else what the session began with."""
    return name or " ".join(began_with.split()) or "(nothing asked)"


def _told_acts(events: Iterable[Event]) -> Iterator[PersonRan | PersonActed]:
    return (event for event in events if isinstance(event, (PersonRan, PersonActed)))


def _changed_by_hand(events: Iterable[Event]) -> set[str]:
    return {event.turn_id for event in events if isinstance(event, PersonChangedFiles)}


def read_record(path: Path, waiting: Iterable[bytes] = ()) -> SessionRecord:
    """Read a session, and the lines of it that are not in the file yet. Raises SessionError where it is none."""
    try:
        record = SessionRecord(_events(path, waiting))
    except OSError as error:
        raise SessionError(f"Session {path.stem} cannot be read: {reason_of(error)}.") from None
    record.check(path.stem)
    return record


def _events(path: Path, waiting: Iterable[bytes]) -> Iterator[Event | None]:
    try:
        yield from map(read_event, read_lines(path))
    except (FileNotFoundError, NotADirectoryError):
        if not waiting:
            raise
    yield from map(read_event, waiting)


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a session file that hold anything, without the NULs that a crash of the machine leaves."""
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            if line := line.strip(b"\0\r\n\t "):
                yield line


def read_event(line: bytes) -> Event | None:
    """The event of a line; None where it is torn, foreign or of a newer punie."""
    try:
        return EVENT_ADAPTER.validate_json(line)
    except ValidationError:
        return None
