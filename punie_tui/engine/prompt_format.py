"""The only place where a conversation becomes tokens, and where the tokens of a reply become deltas again.

A format knows one family of models. It writes the prompt, says which grammar rules the reply and from where on, and
reads the reply as it streams. The decoding loop knows tokens and grammars only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from punie_tui.engine.protocol import Doubt, ReasoningDelta, Request, TextDelta, ToolCall

ReplyDelta = TextDelta | ReasoningDelta | ToolCall | Doubt


class Tokenizer(Protocol):
    """What a format may ask of a model's tokenizer."""

    @property
    def end_tokens(self) -> frozenset[int]:
        """The tokens that end a reply. They are never pushed into a decoder."""
        ...

    def encode(self, text: str) -> list[int]:
        """Tokens of `text`; special tokens written in it become their ids, nothing is added around it."""
        ...

    def token_id(self, name: str) -> int | None:
        """The id of the one token spelled `name` (such as `<tool_call>`), None when there is none."""
        ...

    def is_special(self, token: int) -> bool:
        """Whether the token is a mark of its own, which a grammar names bare and text cannot spell."""
        ...

    def is_control(self, token: int) -> bool:
        """Whether the token steers the conversation and is no part of what is said, such as `<|im_end|>`."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """What the token stands for; may be part of a character. A special token gives its name."""
        ...


class HeldGrammar:
    """A stricter grammar for a stretch, written and compiled beside the reply: the stretch follows it if it is ready.

    `write` may take its time, and gives nothing where there is nothing to be stricter about.
    """

    def __init__(self, write: Callable[[], str | None]) -> None:
        self.write = write
        self.compiled: object | None = None


@dataclass(frozen=True, eq=False)
class Constraint:
    """A stretch of the reply that a grammar rules. A new object means a new stretch, even with the same grammar.

    `grammar` is Lark in llguidance's dialect, where special tokens are written bare (`<tool_call>`). `prefix` are
    bytes of the stretch that the model has written already. With `ends_reply` the reply is over where the grammar is;
    without, free text follows. `held` is the grammar to prefer.
    """

    grammar: str
    prefix: bytes = b""
    ends_reply: bool = False
    held: HeldGrammar | None = None


class ReplyDecoder(Protocol):
    """Reads one reply, token by token."""

    @property
    def constraint(self) -> Constraint | None:
        """The grammar that the next token has to follow; None while text is free. Asked after each `push`.

        A reply that is ruled from its first token on has a constraint before any token is pushed.
        """
        ...

    @property
    def bias(self) -> Mapping[int, float]:
        """What is added to the logits of tokens where a grammar rules; empty where the model alone decides."""
        ...

    @property
    def weighs(self) -> bool:
        """Whether it wants to be told how likely the tokens were that a grammar left open."""
        ...

    def weigh(self, drawn: float, others: Sequence[tuple[int, float]]) -> None:
        """How likely the token is that will be pushed next, and which others could have come, likeliest first."""
        ...

    def refuses(self, token: int, *, strictly: bool) -> bool:
        """Whether this token, which the grammar allows, would spoil what is being written.

        If not `strictly`, then only if it would end it as something that it must not be.
        """
        ...

    def push(self, token: int) -> Sequence[ReplyDelta]:
        """The deltas that this token completes."""
        ...

    def finish(self) -> Sequence[ReplyDelta]:
        """What was held back, once the last token is in; an unfinished call is dropped, never guessed."""
        ...


@dataclass(frozen=True)
class EncodedPrompt:
    """A request as the model reads it, and the decoder for the one reply to it.

    The last of `tokens` may belong to the reply: `begun` are those, which the decoder has not seen yet. `held` is what
    the decoder's constraints may name, to be compiled meanwhile.
    """

    tokens: Sequence[int]
    decoder: ReplyDecoder
    begun: Sequence[int] = ()
    held: HeldGrammar | None = None


class PromptFormat(Protocol):
    """How one family of models is spoken to."""

    def encode(self, request: Request) -> EncodedPrompt:
        """Raises EngineError when the model cannot read such a conversation."""
        ...


def new_call_id() -> str:
    """An id no other call of any conversation has."""
    return f"call_{uuid.uuid4().hex[:12]}"
