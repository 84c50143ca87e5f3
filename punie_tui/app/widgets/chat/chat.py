"""The chat pane: the transcript, told turn by turn from events."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical

from punie_tools.safe_text import safe_text
from punie_tui.app.widgets.chat.transcript import Transcript

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tui.agent.events import Event, ToolRequested, TurnFinished

_ENDINGS = {"stopped": "Stopped.", "limit": "Stopped at a limit.", "asked": "", "failed": "", "done": ""}


class Chat(Vertical):
    """Shows prompts, answers and, in a line each, the calls between them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("pageup,pagedown", "page", "Scroll", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._streamed = ""

    def compose(self) -> ComposeResult:
        yield Transcript(id="transcript")

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    def handle(self, event: Event) -> None:
        """Show what an event means for the conversation."""
        match event.kind:
            case "turn_started":
                self._streamed = ""
                self.transcript.replace_last_queued()
                self.transcript.add("person", safe_text(event.prompt))
            case "text_streamed":
                self._streamed += event.text
                self.transcript.stream(safe_text(event.text))
            case "tool_requested" if event.parent_call_id is None:
                self._streamed = ""
                self.transcript.add("call", _call_line(event))
            case "tool_denied":
                self.transcript.add("note", safe_text(f"Not run: {event.reason}", single_line=True))
            case "message_queued":
                self.transcript.add("queued", safe_text(event.text))
            case "context_trimmed" | "choices_offered":
                text = event.summary if event.kind == "context_trimmed" else event.question
                self.transcript.add("note", safe_text(text))
            case "turn_finished":
                self._finish(event)
            case _:
                pass

    def _finish(self, event: TurnFinished) -> None:
        if event.reason == "failed":
            self.transcript.add("error", safe_text(event.answer))
        elif event.answer and self._streamed != event.answer:
            # Nothing was streamed, so the answer is made of results: their text is no Markdown.
            self.transcript.add("result", safe_text(event.answer))
        if ending := _ENDINGS[event.reason]:
            self.transcript.add("note", ending)


def _call_line(event: ToolRequested) -> str:
    arguments = ", ".join(f"{name}={_shortened(value)}" for name, value in event.arguments.items())
    return safe_text(f"{event.tool}({arguments})", single_line=True)


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
