"""Every event a turn can tell the world: drawn by the app, printed by `--json`, kept in the session file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, TypeAdapter, model_serializer

from punie_tools.tool import Risk


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
    """First line of a session file."""

    kind: Literal["session_started"] = "session_started"
    format: int = 1
    punie_version: str
    workspace: str
    model: str


class TurnStarted(_Event):
    kind: Literal["turn_started"] = "turn_started"
    prompt: str
    model: str


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

    `review` is what the person let stand of its changes, where they reviewed them.
    """

    kind: Literal["tool_finished"] = "tool_finished"
    call_id: str
    tool: str
    result: dict[str, Any]
    summary: str
    seconds: float
    review: dict[str, Any] | None = None


class ToolFailed(_Event):
    kind: Literal["tool_failed"] = "tool_failed"
    call_id: str
    tool: str
    error: str
    seconds: float


class ChoicesOffered(_Event):
    kind: Literal["choices_offered"] = "choices_offered"
    question: str
    choices: list[str]


class MessageQueued(_Event):
    kind: Literal["message_queued"] = "message_queued"
    text: str


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
    | TurnStarted
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
    | ChoicesOffered
    | MessageQueued
    | ContextTrimmed
    | TurnFinished,
    Field(discriminator="kind"),
]

EVENT_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)
