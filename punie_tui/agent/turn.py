"""One user prompt becomes a finished turn: the loop of reply, calls and results, as a generator of events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import uuid4

from punie_tools.code import program_syntax
from punie_tools.named_arguments import named_arguments
from punie_tools.tool import Tool
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.calls_of_reply import run_calls
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    ChoicesOffered,
    ContextTrimmed,
    Event,
    PrefillProgressed,
    ReasoningStreamed,
    RequestRouted,
    TextStreamed,
    TokenUsage,
    TurnFinished,
    TurnStarted,
    TurnSteered,
    denial_sentence,
)
from punie_tui.agent.meant import NONE_OF_THEM, QUESTION, AskWhich, Meaning, meanings
from punie_tui.agent.tool_step import Outcome, ToolBench
from punie_tui.engine.protocol import (
    Doubt,
    Engine,
    EngineError,
    Progress,
    ReasoningDelta,
    Request,
    Routed,
    Sampling,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)

_LOG = logging.getLogger(__name__)
_SAME_CALLS_IN_A_ROW = 3

Steering = Callable[[], Sequence[tuple[str, tuple[Attachment, ...]]]]
Reason = Literal["done", "stopped", "asked", "limit", "failed"]


def _says_nothing() -> Sequence[tuple[str, tuple[Attachment, ...]]]:
    return ()


@dataclass(frozen=True)
class TurnLimits:
    """Where a turn ends by itself; `temperature` and `seed` are passed to the engine.

    A reply that the model thinks less likely than `ask_below` is not acted on before the person has chosen. Who wants
    the same reply to the same request each time `waits_for_names`, which may take seconds.
    """

    max_calls: int = 16
    max_tokens: int = 8192
    temperature: float = 0.0
    seed: int = 0
    ask_below: float = 0.0
    waits_for_names: bool = False


@dataclass
class _Reply:
    writes_answers: bool
    """Whether the model that gives it does."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    doubt: Doubt | None = None
    is_declined: bool = False


@dataclass
class _Turn:
    """The state of one turn while it runs."""

    engine: Engine
    conversation: Conversation
    bench: ToolBench
    limits: TurnLimits
    ask_which: AskWhich | None = None
    steering: Steering = _says_nothing
    started: float = field(default_factory=time.monotonic)
    usage: TokenUsage = field(default_factory=TokenUsage)
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    failed_replies: int = 0

    def events(self) -> Iterator[Event]:
        while True:
            reply = _Reply(self.engine.writes_answers)
            yield from self._read_reply(reply)
            self.conversation.add_reply(reply.text, reply.calls)
            if self.bench.cancelled.is_set():
                yield self.finished("stopped", reply.text)
                return
            if reply.is_declined:
                yield self.finished("asked", reply.text)
                return
            if not reply.calls:
                if not self._is_at_limit(reply) and (yield from self._steered()):
                    continue
                yield self.finished(*self._end_of_text(reply))
                return
            if excess := self._excess(reply.calls):
                yield from self._give_up(excess)
                return
            outcomes: list[Outcome] = []
            for event in run_calls(reply.calls, self.bench):
                if isinstance(event, list):
                    outcomes = event
                else:
                    yield event
            for outcome in outcomes:
                self.conversation.add_outcome(outcome)
            if end := self._end_after(outcomes, reply):
                if end[0] == "done" and (yield from self._steered()):
                    continue
                self.conversation.add_reply(end[1], ())
                yield self.finished(*end)
                return
            yield from self._steered()

    def _steered(self) -> Generator[Event, None, bool]:
        """Let the model read what the person said meanwhile; whether they said anything. One that routes reads none."""
        messages = self.steering() if self.engine.writes_answers else ()
        for text, attachments in messages:
            self.conversation.add_steering(text, attachments)
            yield TurnSteered(text=text, attachments=attachments)
        return bool(messages)

    def _is_at_limit(self, reply: _Reply) -> bool:
        is_cut_off = reply.usage is not None and reply.usage.stop_reason == "limit"
        return is_cut_off or self.usage.generated_tokens >= self.limits.max_tokens

    def _read_reply(self, reply: _Reply) -> Iterator[Event]:
        limits = replace(self.limits, max_tokens=self.limits.max_tokens - self.usage.generated_tokens)
        _, trimmed = self.conversation.fitted(self.engine.context_length)
        # A model that only routes reads a turn or two anyway; to tell of that would be noise.
        if trimmed and self.engine.writes_answers:
            yield ContextTrimmed(
                removed_tokens=trimmed.removed_tokens,
                kept_tokens=trimmed.kept_tokens,
                summary="The oldest turns were left out of the prompt so that the rest fits the model.",
            )
        request = request_for(self.conversation, self.engine, self.bench, limits)
        for delta in self.engine.generate(request, self.bench.cancelled.is_set):
            match delta:
                case TextDelta():
                    reply.text += delta.text
                    # What comes after a doubt is not said before the person has chosen.
                    if reply.doubt is None:
                        yield TextStreamed(text=delta.text)
                case ReasoningDelta():
                    yield ReasoningStreamed(text=delta.text)
                case ToolCall():
                    reply.calls = (*reply.calls, delta)
                case Progress():
                    yield PrefillProgressed(done=delta.done, total=delta.total, cached=delta.cached)
                case Doubt():
                    reply.doubt = delta
                case Routed():
                    reply.writes_answers = delta.writes_answers
                    yield RequestRouted(
                        model=delta.model_name,
                        likelihood=round(delta.likelihood, 3),
                        is_handed_over=delta.writes_answers,
                    )
                case Usage():
                    self._count(delta)
                    reply.usage = delta
        if reply.doubt:
            yield from self._settle(reply, reply.doubt, request)
            if reply.text:
                yield TextStreamed(text=reply.text)

    def _settle(self, reply: _Reply, doubt: Doubt, request: Request) -> Iterator[Event]:
        """Let the person choose where the model is not sure; a reply that makes no sense gives way to the next."""
        must_ask = self.ask_which is not None and doubt.likelihood < self.limits.ask_below
        if doubt.label and not must_ask:
            return
        first = Meaning(doubt.label, reply.text, reply.calls)
        found = meanings(first, doubt, request, self.engine, self.bench.cancelled.is_set)
        chosen: int | None = 0
        if must_ask and self.ask_which is not None and (len(found) > 1 or (found and not doubt.label)):
            labels = tuple(meaning.label for meaning in found)
            yield ChoicesOffered(question=QUESTION, choices=list(labels))
            chosen = self.ask_which(labels, self.bench.cancelled.is_set)
        if chosen is None:
            reply.text, reply.calls, reply.is_declined = NONE_OF_THEM, (), True
        elif found:
            reply.text, reply.calls = found[chosen].text, found[chosen].calls

    def _count(self, usage: Usage) -> None:
        is_first = self.usage.prompt_tokens == 0
        self.usage = TokenUsage(
            prompt_tokens=self.usage.prompt_tokens + usage.prompt_tokens,
            cached_tokens=self.usage.cached_tokens + usage.cached_tokens,
            generated_tokens=self.usage.generated_tokens + usage.generated_tokens,
            generation_seconds=self.usage.generation_seconds + usage.seconds - usage.seconds_to_first_token,
            seconds_to_first_token=(usage.seconds_to_first_token if is_first else self.usage.seconds_to_first_token),
        )

    def _end_of_text(self, reply: _Reply) -> tuple[Reason, str]:
        if reply.usage and reply.usage.stop_reason == "limit":
            return "limit", reply.text
        return "done", reply.text

    def _excess(self, calls: Sequence[ToolCall]) -> str:
        """Why these calls are not run any more: too many, or always the same one. Empty when all is well."""
        self.calls += [(call.tool, repr(sorted(call.arguments.items(), key=str))) for call in calls]
        if len(self.calls) > self.limits.max_calls:
            return f"This turn wants more than {self.limits.max_calls} tool calls."
        last = self.calls[-_SAME_CALLS_IN_A_ROW:]
        if len(last) == _SAME_CALLS_IN_A_ROW and len(set(last)) == 1:
            return f"The model asks for the same {last[0][0]} call again and again."
        return ""

    def _give_up(self, excess: str) -> Iterator[Event]:
        if len(self.calls) > self.limits.max_calls:
            yield self.finished("limit", excess)
            return
        yield ChoicesOffered(question=f"{excess} How should it go on?", choices=["Try another way", "Stop here"])
        yield self.finished("asked", excess)

    def _end_after(self, outcomes: Sequence[Outcome], reply: _Reply) -> tuple[Reason, str] | None:
        """How the turn ends after these outcomes; None when the model gets to read them and go on."""
        if self.bench.cancelled.is_set():
            return "stopped", ""
        if any(outcome.waits_for_person for outcome in outcomes):
            return "asked", _answer_from(outcomes)
        if not reply.writes_answers:
            failures = [_is_failure(outcome) for outcome in outcomes]
            if any(failures) and self.engine.writes_answers:
                # A model that writes stands behind the one that routes, and goes on from what failed.
                return None
            # A model that writes reads why the mode forbids a call; in place of one that does not, the person does.
            forbidden = any(outcome.is_against_policy for outcome in outcomes)
            return ("asked" if forbidden else "failed" if all(failures) else "done"), _answer_from(outcomes)
        self.failed_replies = self.failed_replies + 1 if any(_is_failure(outcome) for outcome in outcomes) else 0
        if self.failed_replies > 1:
            return "failed", _answer_from(outcomes)
        if self.usage.generated_tokens >= self.limits.max_tokens:
            return "limit", f"This turn used its {self.limits.max_tokens} tokens."
        return None

    def finished(self, reason: Reason, answer: str) -> TurnFinished:
        usage = self.usage.model_copy(update={"seconds": time.monotonic() - self.started})
        return TurnFinished(reason=reason, answer=answer, usage=usage)


def new_turn_id() -> str:
    """A name that no other turn has."""
    return uuid4().hex[:12]


def run_turn(
    prompt: str,
    engine: Engine,
    conversation: Conversation,
    bench: ToolBench,
    limits: TurnLimits | None = None,
    attachments: Sequence[Attachment] = (),
    ask_which: AskWhich | None = None,
    steering: Steering = _says_nothing,
) -> Iterator[Event]:
    """Run one turn on the calling thread. Ends with exactly one `turn_finished`, whatever happens; never raises.

    Setting `bench.cancelled` from another thread stops the model and the running tools. `steering` is asked at each
    step for what the person said since; what it gives is the model's to read.
    """
    turn = _Turn(engine, conversation, bench, limits or TurnLimits(), ask_which, steering)
    turn_id = new_turn_id()
    conversation.add_prompt(prompt, attachments)
    started = TurnStarted(prompt=prompt, model=engine.model_name, attachments=tuple(attachments))
    for event in _guarded(turn, started):
        yield event.model_copy(update={"turn_id": turn_id})


def _guarded(turn: _Turn, started: TurnStarted) -> Iterator[Event]:
    yield started
    try:
        yield from turn.events()
    except EngineError as error:
        yield turn.finished("failed", str(error))
    except Exception:
        # A bug ends the turn, not the app; its traceback goes to the log.
        _LOG.exception("turn failed")
        yield turn.finished("failed", "punie has a bug: the turn ended unexpectedly; the log holds the details.")


def request_for(conversation: Conversation, engine: Engine, bench: ToolBench, limits: TurnLimits) -> Request:
    """What the engine is asked for the next reply; evaluation asks in the same way."""
    messages, _ = conversation.fitted(engine.context_length)

    def path_exists(path: str) -> bool:
        try:
            return (bench.workspace.root / path).exists()
        except (OSError, ValueError):
            return False

    def path_meant(path: str) -> str | None:
        try:
            return bench.workspace.only_path_ending(path)
        except (OSError, ValueError):
            return None

    return Request(
        messages=messages,
        tools=tool_specs(bench.tools.values()),
        sampling=Sampling(temperature=limits.temperature, seed=limits.seed, max_tokens=limits.max_tokens),
        path_exists=path_exists,
        path_meant=path_meant,
        read_names=bench.names.read if bench.names else _no_names,
        waits_for_names=limits.waits_for_names,
        program_syntax=program_syntax,
    )


def _no_names() -> None:
    """Nothing is known of the tree, and nothing is held to it."""


def tool_specs(tools: Iterable[Tool]) -> tuple[ToolSpec, ...]:
    """Tools as an engine is told of them."""
    return tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema, named_arguments(tool)) for tool in tools)


def _is_failure(outcome: Outcome) -> bool:
    return outcome.result is None and not (outcome.is_denied or outcome.is_denied_inside)


def _answer_from(outcomes: Sequence[Outcome]) -> str:
    """The results' own summaries, one a line; a call without a result says why, also one that a program made."""
    denials = dict.fromkeys(_sentence(denial) for outcome in outcomes for denial in outcome.denied_on_the_way)
    return "\n".join([*map(_sentence, outcomes), *denials])


def _sentence(outcome: Outcome) -> str:
    if outcome.result is not None:
        return outcome.result.summary
    if outcome.is_denied:
        return denial_sentence(outcome.call.tool, outcome.error)
    return outcome.error
