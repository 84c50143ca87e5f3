"""The messages that wait while a turn runs: sent in order, one at each end of a turn, or read by the running one."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from punie_tools.sentences import counted

if TYPE_CHECKING:
    from punie_tui.agent.events import MessageQueued
    from punie_tui.agent.steering import SteeringMessage


_State = Literal["waits", "held", "sent", "steers"]
_UNSENT = ("waits", "held")


@dataclass(eq=False)
class QueuedMessage:
    """`send` begins its turn, or does what it says where `is_turn` is not set.

    `steering` is what a running turn may read of it; None where it is no message to a model. `held` waits until
    the person lets it go on, `sent` for its turn to begin, `steers` for the running one to read it.
    """

    text: str
    send: Callable[[], None]
    steering: SteeringMessage | None = None
    is_turn: bool = True
    state: _State = "waits"
    message_id: str = field(default_factory=lambda: uuid4().hex[:12])
    has_waited: bool = False
    """Whether the session's file may tell of it."""

    @property
    def has_mentions(self) -> bool:
        """Whether something is read before its turn begins, which may take a while."""
        return self.steering is not None and bool(self.steering.mentions)

    @property
    def event(self) -> MessageQueued | None:
        """As the session keeps it; None for what is neither a message to a model nor a command."""
        from punie_tui.agent.events import MessageQueued

        if self.steering is None:
            is_command = self.text.startswith("/")
            return MessageQueued(text=self.text, message_id=self.message_id, is_command=True) if is_command else None
        mentions, attachments = self.steering.mentions, self.steering.attachments
        return MessageQueued(text=self.text, message_id=self.message_id, mentions=mentions, attachments=attachments)


def held_words(count: int) -> str:
    """`1 message is held`, `2 messages are held`."""
    return f"{counted(count, 'message')} {'is' if count == 1 else 'are'} held"


class MessageQueue:
    """A turn that the person stopped holds what waits; what they send after that does not wait for it."""

    def __init__(
        self,
        is_busy: Callable[[], bool],
        take_back: Callable[[SteeringMessage], bool],
        on_change: Callable[[], None],
    ) -> None:
        """`take_back` says whether a running turn had not read a message yet, and keeps it from reading it."""
        self.messages: list[QueuedMessage] = []
        self._is_busy = is_busy
        self._take_back = take_back
        self._on_change = on_change
        self._pauses = 0

    @property
    def is_paused(self) -> bool:
        """Whether something is done that no message may overtake."""
        return self._pauses > 0

    def pause(self) -> Callable[[], None]:
        """Send nothing until what this gives is called."""
        self._pauses += 1

        def go_on() -> None:
            self._pauses -= 1
            self.send_next()

        return go_on

    @property
    def is_held(self) -> bool:
        """Whether messages wait for the person."""
        return any(message.state == "held" for message in self.messages)

    @property
    def unsent(self) -> list[QueuedMessage]:
        """Those that wait, for a turn's end or for the person."""
        return [message for message in self.messages if message.state in _UNSENT]

    def add(self, message: QueuedMessage) -> None:
        """Send it when its time comes, which is before the turn of those that are held."""
        held = (place for place, each in enumerate(self.messages) if each.state == "held")
        self.messages.insert(next(held, len(self.messages)), message)
        self.send_next()

    def hold(self, messages: Sequence[QueuedMessage]) -> None:
        """Let these wait for the person, after all others."""
        for message in messages:
            message.state = "held"
        self.messages.extend(messages)
        self._on_change()

    def kept(self) -> list[MessageQueued]:
        """What the session keeps until a turn tells it; what is sent without having waited needs no keeping."""
        for message in self.unsent:
            message.has_waited = True
        kept = (message.event for message in self.messages if message.state != "sent" or message.has_waited)
        return [message for message in kept if message is not None]

    def kept_held(self) -> list[MessageQueued]:
        """Those of them that wait for the person."""
        kept = (message.event for message in self.messages if message.state == "held")
        return [message for message in kept if message is not None]

    def forget(self, message_ids: Container[str]) -> int:
        """How many of these were held; they wait elsewhere now."""
        before = len(self.messages)
        self.messages = [message for message in self.messages if message.message_id not in message_ids]
        return before - len(self.messages)

    def steer(self, message: QueuedMessage) -> None:
        """The running turn was given it."""
        message.state = "steers"
        if message not in self.messages:
            self.messages.append(message)
        self._on_change()

    def let_go_on(self) -> None:
        """Send what is held."""
        self._change_state("held", "waits")
        self.send_next()

    def send_next(self) -> None:
        """Send the first message that waits if nothing runs, and before it what is no turn."""
        while not self.is_paused and not self._is_busy():
            first = next((message for message in self.messages if message.state == "waits"), None)
            if first is None:
                break
            self._send(first)
        self._on_change()

    def turn_started(self) -> None:
        """What was sent is a prompt now."""
        self._forget("sent")

    def turn_steered(self, text: str) -> None:
        """What steers was read."""
        self._forget("steers", text)

    def turn_finished(self, *, is_stopped: bool) -> None:
        """Send the next one. What no turn has read is the first to be sent; after a stop all is held."""
        unread = [message for message in self.messages if message.state == "steers"]
        for message in unread:
            if message.steering:
                # Left where it is, the next turn would read it beside the prompt that it becomes.
                self._take_back(message.steering)
            message.state = "waits"
        self.messages = [*unread, *(message for message in self.messages if message not in unread)]
        if is_stopped:
            self._change_state("waits", "held")
        self.send_next()

    def remove(self, message: QueuedMessage) -> bool:
        """Whether it was not sent or read yet; now it never will be."""
        if message not in self.messages or message.state == "sent":
            return False
        if message.state == "steers" and not (message.steering and self._take_back(message.steering)):
            return False
        self.messages.remove(message)
        self._on_change()
        return True

    def move(self, message: QueuedMessage, step: int) -> None:
        """Let it change places with the one before it, or the next."""
        place = self.messages.index(message)
        other = place + step
        if 0 <= other < len(self.messages) and self.messages[other].state == message.state in _UNSENT:
            self.messages[place], self.messages[other] = self.messages[other], message
            self._on_change()

    def _send(self, message: QueuedMessage) -> None:
        if message.is_turn:
            message.state = "sent"
        else:
            self.messages.remove(message)
        message.send()

    def _forget(self, state: str, text: str | None = None) -> None:
        for message in self.messages:
            if message.state == state and text in (None, message.text):
                self.messages.remove(message)
                break
        self._on_change()

    def _change_state(self, before: _State, after: _State) -> None:
        for message in self.messages:
            if message.state == before:
                message.state = after
