"""The messages of a conversation, and how they are cut to what a model can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from punie_tui.agent.attachment import Attachment, attached_text, words_of
from punie_tui.agent.events import (
    Event,
    TextStreamed,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnStarted,
    TurnSteered,
)
from punie_tui.agent.project_notes import ProjectNotes
from punie_tui.agent.tool_step import Outcome
from punie_tui.engine.protocol import Message, ToolCall

# Prompts are budgeted before they are tokenised; four characters a token is right within a third for code and English.
_CHARACTERS_PER_TOKEN = 4
_RESULT_CHARACTERS = 12_000
_SHARE_FOR_PROMPT = 0.7
_SHARE_FOR_NOTES = 0.2
_CUT_OFF = "Error: Stopped."


@dataclass(frozen=True)
class Trimmed:
    """What was left out of a prompt, in estimated tokens."""

    removed_tokens: int
    kept_tokens: int


class Conversation:
    """All messages so far. Nothing is forgotten here; `fitted` leaves the oldest turns out of a prompt.

    `notes` stand at the end of the system message: they may change, and what is before them stays in a model's cache.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.notes = ProjectNotes()

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Conversation:
        """The conversation that a session's events tell of."""
        replay = _Replay(cls())
        for event in events:
            replay.add(event)
        replay.end_reply()
        return replay.conversation

    def add_prompt(self, prompt: str, attachments: Sequence[Attachment] = ()) -> None:
        words, attached = words_of(prompt, attachments), attached_text(attachments)
        self.messages.append(Message("user", words, attached=attached))

    def add_steering(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """What the person said while the turn ran."""
        words, attached = words_of(text, attachments), attached_text(attachments)
        self.messages.append(Message("user", words, attached=attached, is_steering=True))

    def add_reply(self, text: str, calls: tuple[ToolCall, ...]) -> None:
        self.messages.append(Message("assistant", text, calls=calls))

    def add_outcome(self, outcome: Outcome) -> None:
        content = f"Error: {outcome.error}" if outcome.result is None else outcome.result.model_dump_json()
        if outcome.review:
            content += f"\nThe person reviewed it: {outcome.review.model_dump_json()}"
        self.add_result(outcome.call, content)

    def add_result(self, call: ToolCall, content: str) -> None:
        """What a call gave, as the model reads it."""
        self.messages.append(Message("tool", shortened(content), call_id=call.id, tool=call.tool))

    def fitted(self, context_length: int) -> tuple[tuple[Message, ...], Trimmed | None]:
        """The system message and the newest turns that fit, whole turns only; the newest turn always stays."""
        notes = self.notes.fitted(int(context_length * _SHARE_FOR_NOTES))
        budget = int(context_length * _SHARE_FOR_PROMPT) - notes.tokens
        turns = _split_into_turns(self.messages)
        kept: list[Message] = []
        while turns and (not kept or estimated_tokens(turns[-1] + kept) <= budget):
            kept = turns.pop() + kept
        removed = [message for turn in turns for message in turn]
        trimmed = Trimmed(estimated_tokens(removed), estimated_tokens(kept)) if removed else None
        system = f"{system_prompt()}\n\n{notes.as_read}" if notes.as_read else system_prompt()
        return (Message("system", system), *kept), trimmed


class _Replay:
    """Makes messages of events again: replies of text and calls, each call followed by its result."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self._text = ""
        self._calls: list[ToolCall] = []
        self._results: dict[str, str] = {}

    def add(self, event: Event) -> None:
        match event:
            case TurnStarted():
                self.end_reply()
                self.conversation.add_prompt(event.prompt, event.attachments)
            case TurnSteered():
                self.end_reply()
                self.conversation.add_steering(event.text, event.attachments)
            case TextStreamed():
                self.end_calls()
                self._text += event.text
            case ToolRequested(parent_call_id=None):
                # Calls run side by side; one that comes when all others have ended is of a reply of its own.
                if len(self._results) == len(self._calls):
                    self.end_calls()
                self._calls.append(ToolCall(event.call_id, event.tool, event.arguments))
            case ToolFinished() | ToolFailed() | ToolDenied():
                self._add_result(event)
            case TurnFinished():
                streamed = self._text
                self.end_reply()
                if event.answer and event.answer != streamed:
                    self.conversation.add_reply(event.answer, ())
            case _:
                pass

    def _add_result(self, event: ToolFinished | ToolFailed | ToolDenied) -> None:
        if any(call.id == event.call_id for call in self._calls):
            # Another one is of a call inside a program, whose own result holds what came of it.
            self._results[event.call_id] = content_of(event)

    def end_calls(self) -> None:
        """Whatever comes next is of another reply, if this one has called anything."""
        if self._calls:
            self.end_reply()

    def end_reply(self) -> None:
        """What was said and called so far becomes messages; a call that a crash cut off has a result too."""
        if self._text or self._calls:
            self.conversation.add_reply(self._text, tuple(self._calls))
        for call in self._calls:
            self.conversation.add_result(call, self._results.get(call.id, _CUT_OFF))
        self._text, self._calls, self._results = "", [], {}


def content_of(end: ToolFinished | ToolFailed | ToolDenied) -> str:
    """What a call gave, as the model reads it before it is shortened."""
    match end:
        case ToolFinished():
            review = f"\nThe person reviewed it: {_json(end.review)}" if end.review else ""
            return _json(end.result) + review
        case ToolFailed():
            return f"Error: {end.error}"
        case ToolDenied():
            return f"Error: {end.reason}"


def tokens_of_call(call: ToolCall, content: str) -> int:
    """About how many tokens of a prompt the call and what it gave take."""
    return estimated_tokens([Message("assistant", "", calls=(call,)), Message("tool", shortened(content))])


def _json(value: object) -> str:
    """As Pydantic writes results, so that a conversation that goes on reads as it did."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def system_prompt() -> str:
    """What a bigger model is told about its work; nano's prompt format leaves it out."""
    return files("punie_tui.agent").joinpath("prompts/system.md").read_text(encoding="utf-8")


def estimated_tokens(messages: Iterable[Message]) -> int:
    """An estimate from the number of characters, calls included."""
    return sum(len(message.whole) + len(str(message.calls)) for message in messages) // _CHARACTERS_PER_TOKEN


def shortened(content: str) -> str:
    """A tool result as a model gets it: a long one keeps its head and tail and says what is missing."""
    if len(content) <= _RESULT_CHARACTERS:
        return content
    half = _RESULT_CHARACTERS // 2
    return f"{content[:half]}\n… {len(content) - 2 * half} characters left out …\n{content[-half:]}"


def _split_into_turns(messages: Iterable[Message]) -> list[list[Message]]:
    turns: list[list[Message]] = []
    for message in messages:
        if (message.role == "user" and not message.is_steering) or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns
