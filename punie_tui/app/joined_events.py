"""Text that streamed since the last frame, as one event: what it costs to show does not depend on the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from punie_tui.agent.events import Event

_STREAMED = ("text_streamed", "reasoning_streamed")


def joined(events: Sequence[Event]) -> Iterator[Event]:
    """The same events in the same order; those that follow each other and stream the same are one."""
    for (kind, _turn), group in groupby(events, lambda event: (event.kind, event.turn_id)):
        if kind not in _STREAMED:
            yield from group
            continue
        first, *others = group
        if others and (first.kind == "text_streamed" or first.kind == "reasoning_streamed"):
            text = "".join(each.text for each in (first, *others) if each.kind == first.kind)
            yield first.model_copy(update={"text": text})
        else:
            yield first
