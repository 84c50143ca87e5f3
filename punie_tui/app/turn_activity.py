"""What goes on in a turn, in a word or two, as its events tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from punie_tui.app.widgets.reading_bar import reading_texts

if TYPE_CHECKING:
    from punie_tui.agent.events import Event

WAITS_FOR_PERSON = "waiting for you"
"""While a question stands there."""


def activity_of(event: Event) -> tuple[str, ...]:
    """Wordings that take less and less room; none where the event tells of nothing that goes on."""
    match event.kind:
        case "turn_started":
            return ("thinking",)
        case "request_routed" if event.is_handed_over:
            return f"asking {event.model}", "thinking"
        case "prefill_progressed":
            return reading_texts(event.done, event.total, event.cached)
        case "text_streamed":
            return ("writing",)
        case "tool_requested":
            return (event.tool,)
        case "approval_requested" | "choices_offered":
            return (WAITS_FOR_PERSON,)
        case "turn_finished":
            return ("ready",)
        case _:
            return ()
