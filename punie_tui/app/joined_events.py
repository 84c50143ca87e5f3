"""Text that streamed since the last frame, as one event: what it costs to show does not depend on the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from punie_tui.agent.events import Event, ReasoningStreamed, TextStreamed


def joined(events: Sequence[Event]) -> Iterator[Event]:
    """The same events in the same order; those that follow each other and stream the same are one."""
    streamed: list[TextStreamed | ReasoningStreamed] = []
    for event in events:
        if streamed and (event.kind, event.turn_id) != (streamed[0].kind, streamed[0].turn_id):
            yield _one(streamed)
            streamed = []
        if event.kind == "text_streamed" or event.kind == "reasoning_streamed":
            streamed.append(event)
        else:
            yield event
    if streamed:
        yield _one(streamed)


def _one(streamed: Sequence[TextStreamed | ReasoningStreamed]) -> Event:
    if len(streamed) == 1:
        return streamed[0]
    return streamed[0].model_copy(update={"text": "".join(each.text for each in streamed)})
