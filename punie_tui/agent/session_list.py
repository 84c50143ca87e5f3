"""The sessions of a folder: found, listed, searched, and forked, renamed or removed where no program has them open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from punie_tools.errors import reason_of
from punie_tui import __version__
from punie_tui.agent.events import Event, SessionClosed, SessionRenamed, SessionRewound, SessionStarted
from punie_tui.agent.session_log import SessionInUseError, SessionLog, is_in_use, session_files
from punie_tui.agent.session_record import SessionError, SessionRecord, read_event, read_lines, title_of

LAST = "last"
"""Names the session that was last gone on with, of those that no other program has open."""

# The few kinds that a list tells of; the others, nearly all of a long file, are not even parsed.
_LISTED_KINDS = tuple(
    b'{"kind":"%s"' % kind
    for kind in (
        b"session_started",
        b"session_renamed",
        b"session_rewound",
        b"turn_started",
        b"turn_finished",
        b"person_ran",
        b"person_acted",
    )
)
_ENDS = (b'{"kind":"session_closed"', b'{"kind":"session_renamed"')
_OF_ONE_PROGRAM = (b'{"kind":"session_started"', b'{"kind":"message_queued"', b'{"kind":"queue_changed"')
"""What a copy leaves out: who began the session, and what waits to be sent in it."""
_TAIL_BYTES = 65_536
_LONGEST_NAME = 120


@dataclass(frozen=True)
class SessionSummary:
    """A session as a list shows it. `problem` says why it cannot be gone on with; it is then listed all the same."""

    session_id: str
    name: str
    first_prompt: str
    began_with: str
    """The first prompt, or what the person did where nothing was asked."""
    turn_count: int
    last_used: datetime
    model: str
    forked_from: str
    size: int
    is_in_use: bool
    is_interrupted: bool
    problem: str
    searchable: str
    """Id, name, prompts, answers and commands, as a search compares them."""

    @property
    def title(self) -> str:
        """The name, or else what it began with."""
        return title_of(self.name, self.began_with)

    def matches(self, words: str) -> bool:
        """Whether each of the words stands somewhere in it, in any case."""
        return all(word in self.searchable for word in words.casefold().split())


class SessionList:
    """The sessions of one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist."""
        self.folder = folder

    def summaries(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[SessionSummary]:
        """All sessions, the one last used first; ends early once nobody waits for them."""
        for path in self._by_use():
            if is_stopped():
                return
            with suppress(FileNotFoundError):
                yield self.summary(path)

    def summary(self, path: Path) -> SessionSummary:
        """One session. Raises FileNotFoundError."""
        status = path.stat()
        problem = ""
        record = SessionRecord()
        try:
            record = SessionRecord(_listed_events(path))
            record.check(path.stem)
        except SessionError as error:
            problem = str(error)
        except OSError as error:
            problem = f"Session {path.stem} cannot be read: {reason_of(error)}."
        turns = record.current_turns
        in_use = is_in_use(path)
        return SessionSummary(
            session_id=path.stem,
            name=record.name,
            first_prompt=turns[0].prompt if turns else "",
            began_with=record.began_with,
            turn_count=len(turns),
            last_used=datetime.fromtimestamp(status.st_mtime).astimezone(),
            model=record.started.model if record.started else "",
            forked_from=record.started.forked_from if record.started else "",
            size=status.st_size,
            is_in_use=in_use,
            is_interrupted=not in_use and not problem and bool(record.events) and not _ends_in_order(path),
            problem=problem,
            searchable="\n".join((path.stem, record.name, *_said(record.events))).casefold(),
        )

    def interrupted(self) -> SessionSummary | None:
        """The session last used, if the program that wrote it died; None where it ended in order or still runs."""
        for path in self._by_use()[:1]:
            with suppress(OSError):
                if not is_in_use(path) and not _ends_in_order(path):
                    summary = self.summary(path)
                    return summary if summary.is_interrupted else None
        return None

    def find(self, name: str) -> Path:
        """The session of an id, of its beginning, of the person's name for it, or of `last`. Raises SessionError."""
        paths = self._by_use()
        if name in ("", LAST):
            if free := next((path for path in paths if not is_in_use(path)), None):
                return free
            raise SessionError("There is no earlier session of this folder.")
        ids = {path.stem: path for path in paths}
        if name in ids:
            return ids[name]
        matching = [path for session_id, path in ids.items() if session_id.startswith(name)]
        matching = matching or [ids[each.session_id] for each in self.summaries() if each.name == name]
        if len(matching) == 1:
            return matching[0]
        if matching:
            raise SessionError(f"Several sessions are called {name}: {', '.join(path.stem for path in matching[:5])}.")
        near = get_close_matches(name, ids, 1)
        hint = f" Do you mean {near[0]}?" if near else " `punie sessions` lists them."
        raise SessionError(f"There is no session {name} of this folder.{hint}")

    def fork(self, path: Path, to_turn: str | None = None) -> Path:
        """Copy a session, also one that is in use, to a new one that stands at the end of `to_turn`, if given.

        Raises SessionError.
        """
        try:
            record = SessionRecord(map(read_event, read_lines(path)))
            record.check(path.stem)
            started = SessionStarted(
                punie_version=__version__,
                workspace=record.started.workspace if record.started else "",
                model=record.started.model if record.started else "",
                forked_from=path.stem,
            )
            log = SessionLog.create(self.folder, started)
            if log.problem:
                raise OSError(log.problem)
            for line in read_lines(path):
                if not line.startswith(_OF_ONE_PROGRAM):
                    log.append_line(line)
            if to_turn is not None:
                log.append(SessionRewound(to_turn=to_turn))
            log.append(SessionClosed())
            log.close()
        except OSError as error:
            raise SessionError(f"Session {path.stem} cannot be copied: {reason_of(error)}.") from None
        return log.path

    def rename(self, path: Path, name: str) -> None:
        """Give a session a name that lists show; an empty one takes it back. Raises SessionError."""
        try:
            status = path.stat()
            log = SessionLog(path)
        except SessionInUseError:
            raise SessionError(f"Session {path.stem} is open in another punie; rename it there.") from None
        except OSError as error:
            raise SessionError(f"Session {path.stem} cannot be renamed: {reason_of(error)}.") from None
        log.append(SessionRenamed(name=clean_name(name)))
        log.close()
        if log.problem:
            raise SessionError(f"Session {path.stem} cannot be renamed: {log.problem}.")
        # A name is no use of it: the session keeps its place.
        with suppress(OSError):
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def remove(self, path: Path) -> None:
        """Delete a session for good. Raises SessionError."""
        if is_in_use(path):
            raise SessionError(f"Session {path.stem} is open in a punie; close it there first.")
        try:
            path.unlink()
        except OSError as error:
            raise SessionError(f"Session {path.stem} cannot be removed: {reason_of(error)}.") from None

    def _by_use(self) -> list[Path]:
        """The last used first; of those used in the same moment the one started last."""
        return sorted(session_files(self.folder), key=_use, reverse=True)


def clean_name(name: str) -> str:
    """A person's name for a session: one line of printable text."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:_LONGEST_NAME]


def _use(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _listed_events(path: Path) -> Iterator[Event | None]:
    for line in read_lines(path):
        if line.startswith(_LISTED_KINDS):
            yield read_event(line)


def _said(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        if event.kind == "turn_started":
            yield event.prompt
        elif event.kind == "turn_finished":
            yield event.answer
        elif event.kind == "person_ran":
            yield f"! {event.command}"
        elif event.kind == "person_acted":
            yield event.text


def _ends_in_order(path: Path) -> bool:
    """Whether whoever wrote the session closed it; a name may have been given since. Raises OSError."""
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
        lines = file.read().strip(b"\0\n").split(b"\n")
    last = next((line for line in reversed(lines) if not line.startswith(_ENDS[1])), b"")
    return last.startswith(_ENDS[0])
