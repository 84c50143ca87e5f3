"""The only thread crossing of the app: prompts go to the turn thread, events come back in batches, questions wait.

This module imports nothing heavy: the session, and with it the tools and the engine, is made on the turn thread by
the factory it is given, after the first frame.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from punie_tools.sentences import counted
from punie_tui.app.joined_events import joined

if TYPE_CHECKING:
    from punie_tools.changes.review import HunkPlace, Review
    from punie_tui.agent.approval import ApprovalQuestion, AskPerson, Decision
    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.events import Event
    from punie_tui.agent.meant import AskWhich
    from punie_tui.agent.session import Session
    from punie_tui.engine.protocol import ToolCall

    _Work = Callable[[Session], Iterable[Event]]

# Events reach the screen at most this often, however fast the model streams.
_SECONDS_BETWEEN_DRAINS = 1 / 30
_SECONDS_BETWEEN_CANCEL_CHECKS = 0.1


_Answer = TypeVar("_Answer")
_Outcome = TypeVar("_Outcome")


class _Pending(Generic[_Answer]):
    """What a thread of the turn waits on; `answer` may be called once, from the UI thread."""

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._answer: _Answer | None = None

    def answer(self, answer: _Answer) -> None:
        self._answer = answer
        self._answered.set()

    def wait(self, is_cancelled: Callable[[], bool]) -> _Answer | None:
        """The answer; None when the turn was stopped first. Blocks: never call it on the UI thread."""
        while not self._answered.wait(_SECONDS_BETWEEN_CANCEL_CHECKS):
            if is_cancelled():
                return None
        return self._answer


class PendingApproval(_Pending["Decision"]):
    """A call that waits for the person."""

    def __init__(self, question: ApprovalQuestion) -> None:
        """Made on the turn's thread: to cut a large proposal into hunks takes a while."""
        from punie_tools.changes.review import Review

        super().__init__()
        self.question = question
        self.review = Review(question.proposal) if question.proposal else None
        self.left_review_at: HunkPlace | None = None

    @property
    def decided_in_review(self) -> str:
        """What stands in the review that the person came back from; empty where nothing was decided or said in it."""
        if self.review is None or not self.review.is_begun:
            return ""
        verdicts = [self.review.hunk(place).verdict for place in self.review.places]
        accepted, rejected = (verdicts.count(verdict) for verdict in ("accepted", "rejected"))
        said = f"; {counted(len(self.review.comments), 'comment')}" if self.review.comments else ""
        return f"In the review: {accepted} accepted, {rejected} rejected, {self.review.undecided_count} left{said}."

    @property
    def comments(self) -> str:
        """What the person said of lines in the review that they came back from, each with its place."""
        return "; ".join(each.told for each in (self.review.comments if self.review else ()))

    def begun_review_with_all(self) -> Review | None:
        """The review with every hunk accepted, for what the person wrote in it; None where they wrote nothing."""
        if self.review is None or not self.review.is_begun:
            return None
        self.review.accept(self.review.places)
        return self.review


class PendingChoice(_Pending["int | None"]):
    """Choices that wait for the person; the answer is the place of one, None for none of them."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.choices = choices


class RunnerListener(Protocol):
    """What the runner tells; all methods are called on the UI thread, and only while it shows what it is told."""

    @property
    def is_showing(self) -> bool: ...

    def session_opened(self, session: Session) -> None: ...

    def session_failed(self, error: str) -> None: ...

    def events_arrived(self, events: Sequence[Event]) -> None: ...

    def approval_wanted(self, pending: PendingApproval) -> None: ...

    def approval_settled(self, pending: PendingApproval) -> None: ...

    def choice_wanted(self, pending: PendingChoice) -> None: ...

    def choice_settled(self, pending: PendingChoice) -> None: ...


class TurnRunner:
    """Owns the turn thread. Prompts run one after the other; those sent early wait for the session."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_session: Callable[[AskPerson, AskWhich], Session],
        listener: RunnerListener,
    ) -> None:
        """`open_session` runs on the turn thread; what it raises is told by `session_failed`."""
        self._loop = loop
        # Textual looks there for its app when a screen is opened; the loop's own calls from a thread know of none.
        self._context = copy_context()
        self._open_session = open_session
        self._listener = listener
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._events: deque[Event] = deque()
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name="turn", daemon=True)

    def start(self) -> None:
        """Begin to open the session."""
        self._thread.start()

    def submit(self, prompt: str, attachments: Sequence[Attachment] = (), mentions: Sequence[str] = ()) -> None:
        """Run a turn on this prompt after those before it."""
        self._work.put(lambda session: session.run(prompt, attachments, mentions))

    def call_by_hand(self, prompt: str, calls: Sequence[ToolCall]) -> None:
        """Run the person's own calls after the turns that wait."""
        self._work.put(lambda session: session.call_by_hand(prompt, calls))

    def rewind(self, to_turn: str) -> None:
        """Go back or forward to the end of a turn, after the turns that wait."""
        self._work.put(lambda session: session.rewind(to_turn))

    def change_session(self, change: Callable[[Session], object]) -> None:
        """Let the session become another, after the turns that wait; it is then told as a session that opened."""

        def work(session: Session) -> Iterable[Event]:
            change(session)
            self._tell(self._listener.session_opened, session)
            return ()

        self._work.put(work)

    def do(self, work: Callable[[Session], _Outcome], then: Callable[[_Outcome], object]) -> None:
        """Do something with the session after the turns that wait; `then` gets what came of it, on the UI thread."""

        def run(session: Session) -> Iterable[Event]:
            self._tell(then, work(session))
            return ()

        self._work.put(run)

    def stop(self) -> None:
        """Stop the running turn; prompts that wait still run."""
        if self._session is not None:
            self._session.stop()

    def close(self, timeout: float = 3.0) -> None:
        """Stop everything and wait until the turn thread has ended, at most `timeout` seconds."""
        self.stop()
        self._work.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            session = self._open_session(self._ask_person, self._ask_which)
        except Exception as error:  # a boundary: whatever is wrong is told to the person instead of ending a thread
            self._tell(self._listener.session_failed, str(error) or type(error).__name__)
            return
        self._session = session
        session.look_for_interrupted()
        self._tell(self._listener.session_opened, session)
        while (work := self._work.get()) is not None:
            for event in work(session):
                self._add(event)
        session.close()

    def _add(self, event: Event) -> None:
        """Only the step from empty to non-empty wakes the UI thread: a wake-up a token would block the model."""
        with self._lock:
            was_empty = not self._events
            self._events.append(event)
        if was_empty:
            self._tell(self._loop.call_later, _SECONDS_BETWEEN_DRAINS, self._drain)

    def _drain(self) -> None:
        with self._lock:
            events = list(self._events)
            self._events.clear()
        if self._listener.is_showing:
            self._listener.events_arrived(list(joined(events)))

    def _ask_person(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        from punie_tui.agent.approval import Decision

        pending = PendingApproval(question)
        self._tell(self._listener.approval_wanted, pending)
        decision = pending.wait(is_cancelled)
        self._tell(self._listener.approval_settled, pending)
        return decision or Decision.stopped()

    def _ask_which(self, choices: tuple[str, ...], is_cancelled: Callable[[], bool]) -> int | None:
        pending = PendingChoice(choices)
        self._tell(self._listener.choice_wanted, pending)
        place = pending.wait(is_cancelled)
        self._tell(self._listener.choice_settled, pending)
        return place

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(self._pass_on, callback, *arguments, context=self._context)
        except RuntimeError:
            # The app has closed its loop; nobody listens any more.
            return

    def _pass_on(self, callback: Callable[..., object], *arguments: object) -> None:
        if self._listener.is_showing:
            callback(*arguments)
