"""A conversation in, deltas out: the types that everything which runs a model agrees on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


class EngineError(Exception):
    """The model cannot be used; the text tells a person what is wrong and what to do next."""


@dataclass(frozen=True)
class ToolCall:
    """A complete call: it parsed, and its arguments fit the tool's schema. `id` is unique in the conversation."""

    id: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """One message. `calls` is set on assistant messages, `call_id` and `tool` on tool messages (content: JSON).

    `attached` is what the person's words bring along; a model that only routes reads the words alone. `is_steering` is
    set on a user message that came while the turn before it was running, and belongs to it.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    tool: str = ""
    attached: str = ""
    is_steering: bool = False

    @property
    def whole(self) -> str:
        """The content, and below it what is attached."""
        return f"{self.content}\n\n{self.attached}" if self.attached else self.content


HeldTo = Literal["path", "symbol", "test", "program"]
"""What a string argument, or each of a list's strings, can only be: a name of something, or a program."""


@dataclass(frozen=True)
class ToolSpec:
    """A tool as a model is told of it. `parameters` is the JSON schema of its arguments (an object).

    `held` are the arguments that are not free, which the model is not told of: its decoding sees to them.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    held: Mapping[str, HeldTo] = field(default_factory=dict[str, HeldTo])

    @property
    def as_function(self) -> dict[str, Any]:
        """As chat templates, servers and training data have it."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer, never half a character."""

    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    """A piece of what the model thinks aloud before it answers."""

    text: str


@dataclass(frozen=True)
class Progress:
    """How much of the prompt is read, in tokens; `cached` of the total came from the key-value cache."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True)
class Usage:
    """The last delta of every generation. Times in seconds."""

    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    seconds_to_first_token: float
    seconds: float
    stop_reason: Literal["end", "limit", "cancelled"]


@dataclass(frozen=True)
class Doubt:
    """What a model that only routes thinks of its whole reply; comes after its calls and before its text.

    `likelihood` is between 0 and 1, `label` the reply in a line that a person can read. `others` are the beginnings of
    the next likeliest replies, likeliest first, each to be given back as `Request.begin_with`.
    """

    likelihood: float
    label: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Routed:
    """Which of several models gives this reply; comes first, where the one that routes was asked.

    `likelihood` is how sure that one was of its own reply, also where another model replies.
    """

    model_name: str
    writes_answers: bool
    likelihood: float


Delta = TextDelta | ReasoningDelta | ToolCall | Progress | Doubt | Routed | Usage


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn: temperature 0 is greedy; the same seed gives the same tokens on the same machine."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_tokens: int = 2048


class TreeNames(Protocol):
    """What can be named in a working tree. Folders `unread` were not read: anything may be below them."""

    @property
    def paths(self) -> Sequence[str] | None:
        """Files and folders from the root; None while they are unknown."""
        ...

    @property
    def unread(self) -> Sequence[str]:
        """Some of the paths."""
        ...

    @property
    def words(self) -> Sequence[str] | None:
        """The identifiers of its code; None while they are unknown."""
        ...


class ProgramSyntax(Protocol):
    """Judges a program while it is written; quick, and called from the model thread."""

    def can_go_on(self, text: str, /) -> bool:
        """Whether some program begins with this text."""
        ...

    def is_whole(self, text: str, /) -> bool:
        """Whether the text is a program."""
        ...


def _no_names() -> TreeNames | None:
    return None


def _no_path_exists(path: str) -> bool:
    return False


def _no_path_is_meant(path: str) -> str | None:
    return None


@dataclass(frozen=True)
class Request:
    """Everything a model is given for one reply.

    `path_exists` lets a prompt format tell words that are paths of the working tree from words that are not; it is
    called from the model thread and must be quick. `path_meant` gives the path that one which does not exist can only
    mean, and may take its time. `begin_with` is how the reply has to begin, as a Doubt named it. `read_names` is called
    beside the reply, on a thread of its own; until it is done the arguments that are held to names are free. With
    `waits_for_names` the reply waits for it, so that it is the same however long that takes.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    path_exists: Callable[[str], bool] = _no_path_exists
    path_meant: Callable[[str], str | None] = _no_path_is_meant
    begin_with: str = ""
    read_names: Callable[[], TreeNames | None] = _no_names
    waits_for_names: bool = False
    program_syntax: ProgramSyntax | None = None


class Engine(Protocol):
    """What runs a model. All methods may be called from any thread; one generation runs at a time."""

    @property
    def model_name(self) -> str:
        """The name shown to the person, such as `nano` or a hub id."""
        ...

    @property
    def writes_answers(self) -> bool:
        """Whether it can turn tool results into prose. If not (nano), the turn's answer is the results' summaries."""
        ...

    @property
    def context_length(self) -> int:
        """The longest prompt and reply together, in tokens."""
        ...

    def start(self) -> None:
        """Begin to load in the background; idempotent. An error is raised by the next `generate`."""
        ...

    def check(self) -> None:
        """Wait until it could reply, as far as that can be known. Raises EngineError that says why it cannot."""
        ...

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        """Yield the deltas of one reply, a Usage last. Closing the iterator cancels. Raises EngineError."""
        ...

    def close(self) -> None:
        """Stop the model thread and free the model; idempotent."""
        ...
