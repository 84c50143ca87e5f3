"""What the person sends: it waits for its turn, is read by the one that runs, or is taken back to the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from punie_tui.app.message_queue import MessageQueue, QueuedMessage, held_words
from punie_tui.app.widgets.chat.prompt import Prompt, typed_plainly
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.events import MessageQueued
    from punie_tui.agent.session import Session
    from punie_tui.agent.steering import SteeringMessage
    from punie_tui.app.turn_runner import TurnRunner
    from punie_tui.app.widgets.chat.queue_panel import QueuePanel
    from punie_tui.engine.protocol import ToolCall


class Outbox:
    """Holds everything until a session is open, and then sends one message after the other."""

    def __init__(
        self,
        screen: Screen[None],
        runner: Callable[[], TurnRunner],
        run_command: Callable[[str], None],
        note: Callable[[str], None],
    ) -> None:
        """`runner` is asked for when something is sent; `note` shows a sentence."""
        self._screen = screen
        self._runner = runner
        self._run_command = run_command
        self._note = note
        self._session: Session | None = None
        self._panel: QueuePanel | None = None
        self._is_turn_running = False
        self.queue = MessageQueue(
            lambda: self._session is None or self._is_turn_running, self._take_back, self._queue_changed
        )

    @property
    def is_turn_running(self) -> bool:
        """Whether a turn runs, or was begun and reads what is mentioned."""
        return self._is_turn_running

    @property
    def panel(self) -> QueuePanel | None:
        """Where the messages that wait are shown."""
        return self._panel

    def show_in(self, panel: QueuePanel) -> None:
        """From now on show there what waits."""
        self._panel = panel
        self._queue_changed()

    def take_session(self, session: Session) -> None:
        """What is sent goes there; what waited when it was left is held until the person lets it go on."""
        self._session = session
        if left := self.queue.forget(session.take_left_behind()):
            self._note(f"{held_words(left)} in the session that you left, for when you go on with it.")
        waiting = session.take_waiting()
        self.queue.hold([self._restored(message) for message in waiting])
        if waiting:
            told = held_words(len(waiting))
            self._note(f"{told} since this session was left; Enter in the empty prompt sends.")

    # Sending.

    def send(self, message: Prompt.Sent) -> None:
        """Let the model answer, after what waits."""
        self.queue.add(self._queued(message))

    def run_after_turn(self, command: str) -> None:
        """Do what a command says, once the turn that runs has ended."""
        self.do_after_messages(command, lambda: self._run_command(command))

    def do_after_messages(self, command: str, do: Callable[[], None]) -> None:
        """Do what a command says after the messages that wait; as long as it waits the command stands among them."""
        self.queue.add(QueuedMessage(command, do, is_turn=False))

    def start_anew(self) -> None:
        """Begin a new session after the messages that wait."""

        def begin() -> None:
            self.change_session(lambda session: session.start_anew())

        self.do_after_messages("/new", begin)

    def change_session(self, change: Callable[[Session], object]) -> None:
        """Go to another session after the turns that wait; what is held stays with the one that is left."""
        if self._session:
            self._session.let_stay(self.queue.kept_held())
        self._runner().change_session(change)

    def call_by_hand(self, prompt: str, calls: Sequence[ToolCall]) -> None:
        """Run the person's own calls, after the messages that wait."""

        def call() -> None:
            self._turn_runs(True)
            self._runner().call_by_hand(prompt, calls)

        self.queue.add(QueuedMessage(prompt, call))

    def send_next(self) -> None:
        """Send what waited for the session."""
        self.queue.send_next()

    @property
    def is_paused(self) -> bool:
        """Whether something is done that no message may overtake."""
        return self.queue.is_paused

    def pause(self) -> Callable[[], None]:
        """Send nothing until what this gives is called."""
        return self.queue.pause()

    @property
    def is_held(self) -> bool:
        """Whether messages wait for the person."""
        return self.queue.is_held

    def let_go_on(self) -> None:
        """Send what is held."""
        self.queue.let_go_on()

    def _queued(self, message: Prompt.Sent) -> QueuedMessage:
        from punie_tui.agent.steering import SteeringMessage

        steering = SteeringMessage(message.text, message.mentions, self._prompt.take_brought())
        return QueuedMessage(message.text, lambda: self._submit(steering), steering)

    def _restored(self, message: MessageQueued) -> QueuedMessage:
        from punie_tui.agent.steering import SteeringMessage

        if message.is_command:
            return QueuedMessage(
                message.text, lambda: self._run_command(message.text), is_turn=False, message_id=message.message_id
            )
        steering = SteeringMessage(message.text, message.mentions, message.attachments)
        return QueuedMessage(message.text, lambda: self._submit(steering), steering, message_id=message.message_id)

    def _submit(self, message: SteeringMessage) -> None:
        self._turn_runs(True)
        # The turn has begun when what is mentioned has been read, which may take a while.
        activity = "reading what is mentioned" if message.mentions else "thinking"
        self._screen.query_one(StatusLine).show_activity(activity, is_busy=True)
        self._runner().submit(message.text, message.attachments, message.mentions)

    # Steering.

    def can_steer(self) -> bool:
        """Whether the model would read a message while the turn runs."""
        return self._is_turn_running and self._session is not None and self._session.engine.writes_answers

    def steer(self, message: Prompt.Sent) -> None:
        """Let the running turn read it."""
        self.steer_with(self._queued(message))

    def steer_with_first(self) -> None:
        """Let the running turn read the first message that waits."""
        for first in self.queue.unsent[:1]:
            self.steer_with(first)

    def steer_with(self, queued: QueuedMessage) -> None:
        """Let the running turn read it, or wait for its end where that cannot be."""
        if self._session and self._is_turn_running and queued.steering and self._session.steer(queued.steering):
            self.queue.steer(queued)
            return
        if queued not in self.queue.messages:
            self.queue.add(queued)
        if self._is_turn_running and queued.steering:
            self._note("This model reads one request in a turn; the message waits for its end.")

    def _take_back(self, message: SteeringMessage) -> bool:
        return self._session is not None and self._session.take_back_steering(message)

    # What comes of it.

    def turn_started(self) -> None:
        """What was sent is a prompt now."""
        self.queue.turn_started()
        self._turn_runs(True)

    def turn_steered(self, text: str) -> None:
        """The turn has read this message."""
        self.queue.turn_steered(text)

    def turn_finished(self, *, is_stopped: bool) -> None:
        """Send the next message; after a stop all are held."""
        waits = len(self.queue.messages)
        self._turn_runs(False)
        self.queue.turn_finished(is_stopped=is_stopped)
        if self.queue.is_held and is_stopped:
            self._note(f"{held_words(waits)}; Enter in the empty prompt sends.")

    def change(self, queued: QueuedMessage) -> None:
        """Take it back to the prompt, with what it would have brought along."""
        self._prompt.take_back(queued.text if queued.steering is None else typed_plainly(queued.text))
        for attachment in queued.steering.attachments if queued.steering else ():
            self._prompt.bring(attachment)
        self._prompt.focus()

    def _turn_runs(self, is_running: bool) -> None:
        self._is_turn_running = is_running
        self._screen.refresh_bindings()

    def _queue_changed(self) -> None:
        if panel := self._panel:
            had_focus = panel.has_focus
            panel.show()
            if had_focus and not panel.display:
                self._prompt.focus()
        session = self._session
        if session and session.keep_waiting(self.queue.kept()):
            # Off the UI thread; the session's end writes what this could not any more.
            self._screen.run_worker(session.write_waiting, thread=True, group="queue")

    @property
    def _prompt(self) -> Prompt:
        return self._screen.query_one(Prompt)
