"""The order and the states of queued messages, without a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from punie_tui.agent.steering import SteeringBox, SteeringMessage
from punie_tui.app.message_queue import MessageQueue, QueuedMessage


class Turns:
    """One turn runs at a time; `sent` are the messages in the order in which their turns began."""

    def __init__(self) -> None:
        self.box = SteeringBox()
        self.is_busy = False
        self.sent: list[str] = []
        self.queue = MessageQueue(lambda: self.is_busy, self.box.take_back, lambda: None)

    def add(self, text: str) -> QueuedMessage:
        message = QueuedMessage(text, self._begin(text), SteeringMessage(text))
        self.queue.add(message)
        return message

    def end(self, *, is_stopped: bool = False) -> None:
        self.is_busy = False
        self.queue.turn_finished(is_stopped=is_stopped)

    def states(self) -> list[str]:
        return [f"{message.state} {message.text}" for message in self.queue.messages]

    def _begin(self, text: str) -> Callable[[], None]:
        def begin() -> None:
            self.is_busy = True
            self.sent.append(text)
            self.queue.turn_started()

        return begin


@pytest.fixture
def turns() -> Turns:
    return Turns()


def test_what_is_sent_after_a_stop_goes_before_what_is_held_and_in_its_order(turns: Turns) -> None:
    for text in ("first", "old"):
        turns.add(text)
    turns.end(is_stopped=True)
    for text in ("a", "b", "c"):
        turns.add(text)
    assert turns.states() == ["waits b", "waits c", "held old"]
    for _ in range(3):
        turns.end()
    assert turns.sent == ["first", "a", "b", "c"]
    assert turns.states() == ["held old"]
    turns.queue.let_go_on()
    assert turns.sent[-1] == "old"
    assert not turns.queue.is_held


def test_a_message_that_no_turn_read_is_read_once_as_the_next_prompt(turns: Turns) -> None:
    turns.add("first")
    late = turns.add("late")
    assert late.steering
    turns.box.put(late.steering)
    turns.queue.steer(late)
    turns.end()
    assert turns.sent == ["first", "late"]
    assert turns.box.take() == []


def test_a_message_that_steers_is_removed_only_while_it_is_not_read(turns: Turns) -> None:
    turns.add("first")
    unread, read = turns.add("unread"), turns.add("read")
    for message in (unread, read):
        assert message.steering
        turns.queue.steer(message)
    turns.box.put(SteeringMessage("unread"))
    assert turns.queue.remove(unread)
    assert not turns.queue.remove(read)
