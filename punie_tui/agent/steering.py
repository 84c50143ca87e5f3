"""What the person says while a turn runs, for the model to read before its next reply."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from punie_tui.agent.attachment import Attachment


@dataclass(frozen=True)
class SteeringMessage:
    """What was written, and what of it are mentions; `attachments` it brings besides."""

    text: str
    mentions: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class SteeringBox:
    """Put into by the person's thread and emptied by the turn's: each message is had by one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[SteeringMessage] = []

    def put(self, message: SteeringMessage) -> None:
        """Let the turn read it at its next step."""
        with self._lock:
            self._messages.append(message)

    def take(self) -> list[SteeringMessage]:
        """All of them, in order; the box is then empty."""
        with self._lock:
            taken, self._messages = self._messages, []
        return taken

    def take_back(self, message: SteeringMessage) -> bool:
        """Whether the turn had not read it yet; now it never will."""
        with self._lock:
            is_here = message in self._messages
            if is_here:
                self._messages.remove(message)
        return is_here
