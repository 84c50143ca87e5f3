"""Every event a turn can tell the world: drawn by the app, printed by `--json`, kept in the session file."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, TypeAdapter, model_serializer
from pydantic_core import PydanticSerializationError

from punie_tools.tool import Risk
from punie_tui.agent.attachment import Attachment


def _now() -> datetime:
    return datetime.now().astimezone()


class TokenUsage(BaseModel):
    """Tokens and seconds of a whole turn, summed over its replies; `generation_seconds` leaves out the tools."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    seconds_to_first_token: float = 0.0
    generation_seconds: float = 0.0
    seconds: float = 0.0


class _Event(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    turn_id: str = ""
    time: datetime = Field(default_factory=_now)

    @model_serializer(mode="wrap")
    def _kind_first(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = serialize(self)
        return {"kind": fields.pop("kind"), **fields}


class SessionStarted(_Event):
    """First line of a session file; `forked_from` is the session that the turns after it were copied from."""

    kind: Literal["session_started"] = "session_started"
    format: int = 1
    punie_version: str
    workspace: str
    model: str
    forked_from: str = ""


class SessionRenamed(_Event):
    """The person gave the session a name; an empty one takes it back."""

    kind: Literal["session_renamed"] = "session_renamed"
    name: str


class SessionRewound(_Event):
    """The session stands at the end of turn `to_turn` again, or before its first turn where that is empty.

    `undone` are the turns whose files were taken back with it, `redone` those whose files were made again.
    """

    kind: Literal["session_rewound"] = "session_rewound"
    to_turn: str
    undone: list[str] = []
    redone: list[str] = []


class SessionClosed(_Event):
    """Whoever wrote the session ended in order; without it the last line was written by a program that died."""

    kind: Literal["session_closed"] = "session_closed"


class NoticeGiven(_Event):
    """Something that the person should know now; it is no part of the session."""

    kind: Literal["notice_given"] = "notice_given"
    text: str


class TurnStarted(_Event):
    """`prompt` is what the person wrote; what it brings along stands beside it.

    `by_hand`: its calls are the person's own, and no model's.
    """

    kind: Literal["turn_started"] = "turn_started"
    prompt: str
    model: str
    attachments: tuple[Attachment, ...] = ()
    by_hand: bool = False


class TurnSteered(_Event):
    """The person said more while the turn ran; the model reads it before its next reply."""

    kind: Literal["turn_steered"] = "turn_steered"
    text: str
    attachments: tuple[Attachment, ...] = ()


class RequestRouted(_Event):
    """Who replies, where a model that routes reads requests before one that writes.

    `likelihood` is how sure the first one was of its own reply; `is_handed_over` where the other one gives it.
    """

    kind: Literal["request_routed"] = "request_routed"
    model: str
    likelihood: float
    is_handed_over: bool


class PrefillProgressed(_Event):
    """Tokens of the prompt read so far; `cached` of the total came from the cache."""

    kind: Literal["prefill_progressed"] = "prefill_progressed"
    done: int
    total: int
    cached: int


class TextStreamed(_Event):
    kind: Literal["text_streamed"] = "text_streamed"
    text: str


class ReasoningStreamed(_Event):
    kind: Literal["reasoning_streamed"] = "reasoning_streamed"
    text: str


class ToolRequested(_Event):
    """The model asked for a call; `parent_call_id` is set on calls made inside `execute_code`."""

    kind: Literal["tool_requested"] = "tool_requested"
    call_id: str
    parent_call_id: str | None = None
    tool: str
    arguments: dict[str, Any]


class ApprovalRequested(_Event):
    """The person is asked; `detail` is the whole command or diff, `note` why trust in the folder does not hold."""

    kind: Literal["approval_requested"] = "approval_requested"
    call_id: str
    risk: Risk
    detail: str
    note: str = ""


class ToolApproved(_Event):
    """`by` names who allowed it: `person`, `always`, `policy`, `trust` or `--yes`."""

    kind: Literal["tool_approved"] = "tool_approved"
    call_id: str
    by: str


class ToolDenied(_Event):
    kind: Literal["tool_denied"] = "tool_denied"
    call_id: str
    reason: str


def denial_sentence(tool: str, reason: str) -> str:
    """What an answer that is made of results says of a call that was denied."""
    return f"{tool} was not run: {reason}."


class ToolStarted(_Event):
    kind: Literal["tool_started"] = "tool_started"
    call_id: str


class ToolProgressed(_Event):
    kind: Literal["tool_progressed"] = "tool_progressed"
    call_id: str
    done: int
    total: int | None
    text: str


class ToolFinished(_Event):
    """`result` is the typed result's JSON form; `Tool.revive` makes it typed again.

    `review` is what the person let stand of its changes, where they reviewed them. `names_only_some` says that the
    summary leaves out some of what the result holds.
    """

    kind: Literal["tool_finished"] = "tool_finished"
    call_id: str
    tool: str
    result: dict[str, Any]
    summary: str
    names_only_some: bool = False
    seconds: float
    review: dict[str, Any] | None = None


class ToolFailed(_Event):
    kind: Literal["tool_failed"] = "tool_failed"
    call_id: str
    tool: str
    error: str
    seconds: float


class PersonCalled(_Event):
    """The person ran a call of their own beside the turns, which no model reads; `end` is what came of it."""

    kind: Literal["person_called"] = "person_called"
    call_id: str
    tool: str
    arguments: dict[str, Any]
    end: Annotated[ToolFinished | ToolFailed | ToolDenied, Field(discriminator="kind")]


class PersonActed(_Event):
    """The person did something beside the turns, such as a commit; `text` is the sentence that the chat told of it."""

    kind: Literal["person_acted"] = "person_acted"
    text: str


class PersonRan(_Event):
    """The person ran a command in their own shell and got `output`; `ending` says if it went wrong."""

    kind: Literal["person_ran"] = "person_ran"
    command: str
    output: str
    ending: str = ""


class PersonChangedFiles(_Event):
    """The person is about to have punie change files beside the turns; the journal knows that by `turn_id`."""

    kind: Literal["person_changed_files"] = "person_changed_files"


BesideTurnsEvent = PersonActed | PersonCalled | PersonRan | PersonChangedFiles
"""What the person does beside the turns; it belongs to none of them."""


class ChoicesOffered(_Event):
    kind: Literal["choices_offered"] = "choices_offered"
    question: str
    choices: list[str]


class MessageQueued(_Event):
    """The person sent it while a turn ran, and it waits. It stands in no turn until one begins with its text.

    `is_command`: it is no prompt for a model, but what the prompt's `/` does.
    """

    kind: Literal["message_queued"] = "message_queued"
    text: str
    message_id: str = ""
    mentions: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    is_command: bool = False


class QueueChanged(_Event):
    """Which messages wait now, by their ids and in their order; all others were sent, or taken back."""

    kind: Literal["queue_changed"] = "queue_changed"
    waiting: list[str]


class ContextTrimmed(_Event):
    """Old messages left the prompt so that the rest fits the model's context."""

    kind: Literal["context_trimmed"] = "context_trimmed"
    removed_tokens: int
    kept_tokens: int
    summary: str


class TurnFinished(_Event):
    """Last event of a turn. `asked`: the turn waits for the person."""

    kind: Literal["turn_finished"] = "turn_finished"
    reason: Literal["done", "stopped", "asked", "limit", "failed"]
    answer: str
    usage: TokenUsage = TokenUsage()


Event = Annotated[
    SessionStarted
    | SessionRenamed
    | SessionRewound
    | SessionClosed
    | NoticeGiven
    | TurnStarted
    | TurnSteered
    | RequestRouted
    | PrefillProgressed
    | TextStreamed
    | ReasoningStreamed
    | ToolRequested
    | ApprovalRequested
    | ToolApproved
    | ToolDenied
    | ToolStarted
    | ToolProgressed
    | ToolFinished
    | ToolFailed
    | PersonCalled
    | PersonActed
    | PersonRan
    | PersonChangedFiles
    | ChoicesOffered
    | MessageQueued
    | QueueChanged
    | ContextTrimmed
    | TurnFinished,
    Field(discriminator="kind"),
]

EVENT_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def event_line(event: Event) -> str:
    """The event as a line of JSON, without its end. Half a surrogate pair, which JSON cannot carry, is spelled out."""
    try:
        return event.model_dump_json()
    except PydanticSerializationError:
        # Without blanks, as in all other lines, which lists of sessions know by their first bytes.
        return json.dumps(_encodable(event.model_dump(mode="json")), ensure_ascii=False, separators=(",", ":"))


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_encodable(name): _encodable(each) for name, each in cast("dict[str, Any]", value).items()}
        case list():
            return [_encodable(each) for each in cast("list[Any]", value)]
        case _:
            return value
