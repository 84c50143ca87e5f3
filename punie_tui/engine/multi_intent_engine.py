"""Other readings of a request, where they are likelier: as several wishes, and as one that goes on with nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from punie_tui.engine.protocol import Delta, Doubt, Engine, Message, Request, TextDelta, ToolCall, Usage

_MOST_CUTS = 6
_SURE = 0.9
"""A whole reply this likely stands: no two parts can be so much likelier."""

_LIKELIER = 1.1
"""How much likelier than the whole both parts together have to be, measured on hands that nano was not trained on."""

_LIKELIER_ALONE = 1.2
_LIKELIER_THAN_AGAIN = 0.5
_LIKELIER_WITH_ITS_OWN_NAMES = 0.1
"""How much likelier a request has to be without the turns before it, also where with them it repeats the last one.

Of complete requests after an alike one far more are then read rightly, and hardly fewer of those that go on. Of all the
less likelihood may be one that makes the last call anew with names of its own, as "again" has none.
"""

_CUT = re.compile(
    r"(?:\s*[,;.]\s+|\s+)(?:and\s+)?(?:then|after that|afterwards|also|plus|next)\b,?\s+"
    r"|\s*[;\n&+]\s*|\s*[-=]>\s*|\s*[,.]?\s+and\s+|\s*,\s+|[.!]\s+",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")


def two_parts(request: str) -> Iterator[tuple[str, str]]:
    """The ways to read a request as two, one after the other: "format src | then run the tests". Quotes stay whole."""
    quoted = [match.span() for match in _QUOTED.finditer(request)]
    cuts = [
        match
        for match in _CUT.finditer(request)
        if not any(start < match.end() and match.start() < end for start, end in quoted)
    ]
    for cut in cuts[:_MOST_CUTS]:
        before, after = request[: cut.start()].strip(), request[cut.end() :].strip()
        if before and after:
            yield before, after


class MultiIntentEngine:
    """The Engine protocol over nano, which has seen few requests with several wishes and mixes them up.

    Where it is unsure of several calls that it makes of a request, and that can be read as two, each part is asked as a
    request of its own, the second after the calls of the first. If both are likelier than the whole they are the reply.
    After other turns a request is also read as the first one: a name of an earlier turn often wins over a plain word.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def model_name(self) -> str:
        """That of the engine."""
        return self._engine.model_name

    @property
    def writes_answers(self) -> bool:
        """As the engine says."""
        return self._engine.writes_answers

    @property
    def context_length(self) -> int:
        """That of the engine."""
        return self._engine.context_length

    def start(self) -> None:
        """Begin to load in the background; idempotent."""
        self._engine.start()

    def check(self) -> None:
        """As the engine does. Raises EngineError."""
        self._engine.check()

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        """Yield the deltas of one reply, a Usage last. Closing the iterator cancels. Raises EngineError."""
        last = request.messages[-1]
        if last.role == "user" and not request.begin_with:
            yield from _Asked(self._engine, request, is_cancelled).likeliest(list(two_parts(last.content)))
        else:
            yield from self._engine.generate(request, is_cancelled)

    def close(self) -> None:
        """Stop the model thread and free the model; idempotent."""
        self._engine.close()


@dataclass(frozen=True)
class _Reply:
    """What a reply comes to. `deltas` hold all of it but the Usage."""

    deltas: tuple[Delta, ...]
    calls: tuple[ToolCall, ...]
    doubt: Doubt
    is_sentence: bool

    @property
    def likelihood(self) -> float:
        """That of a reply that makes sense; a Doubt without a label tells of one that does not."""
        return self.doubt.likelihood if self.doubt.label else 0.0

    @property
    def may_be_parted(self) -> bool:
        """Whether it is an unsure one of several calls, or makes no sense.

        What reads as two where nano makes one call is mostly a wish and a remark.
        """
        return self.likelihood < _SURE if len(self.calls) > 1 else not self.likelihood

    def at_most(self, likelihood: float) -> _Reply:
        """The same, no likelier than that."""
        return self._with_doubt(replace(self.doubt, likelihood=min(self.doubt.likelihood, likelihood)))

    def with_others(self, others: tuple[str, ...]) -> _Reply:
        """The same, which may also have been one of these."""
        return self._with_doubt(replace(self.doubt, others=others))

    def _with_doubt(self, doubt: Doubt) -> _Reply:
        deltas = tuple(doubt if isinstance(delta, Doubt) else delta for delta in self.deltas)
        return replace(self, deltas=deltas, doubt=doubt)

    def then(self, second: _Reply, others: tuple[str, ...]) -> _Reply:
        """Both as one reply, which may also have been one of the `others`."""
        calls = (*self.calls, *second.calls)
        label = f"{self.doubt.label}, then {second.doubt.label}"
        doubt = Doubt(self.likelihood * second.likelihood, label, others)
        return _Reply((*calls, doubt), calls, doubt, is_sentence=False)


def _last_calls(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    return next((message.calls for message in reversed(messages) if message.calls), ())


def _made(calls: Sequence[ToolCall]) -> list[tuple[str, dict[str, object]]]:
    return [(call.tool, dict(call.arguments)) for call in calls]


def _tools(reply: _Reply) -> list[str]:
    return [call.tool for call in reply.calls]


def _takes_names_from(text: str, calls: Sequence[ToolCall]) -> bool:
    """Whether the calls have names and texts for arguments, and the person wrote all of them."""
    values = [value for call in calls for value in call.arguments.values() if isinstance(value, str)]
    return bool(values) and all(value.lower() in text.lower() for value in values)


class _Asked:
    """One request and all the replies that it takes to answer it."""

    def __init__(self, engine: Engine, request: Request, is_cancelled: Callable[[], bool]) -> None:
        self._engine = engine
        self._request = request
        self._is_cancelled = is_cancelled
        self._usages: list[Usage] = []

    def likeliest(self, readings: Sequence[tuple[str, str]]) -> Iterator[Delta]:
        """The reply to the whole, or to the two parts of one of the readings; where neither makes sense, another."""
        found = whole = self._whole()
        bar = whole.likelihood * _LIKELIER
        for parts in readings if whole.may_be_parted else ():
            reply = None if self._is_stopped else self._reply_to_parts(*parts, whole.doubt.others)
            if reply and reply.likelihood > bar:
                found, bar = reply, reply.likelihood
        yield from (found if found.likelihood else self._next_likeliest(whole)).deltas
        yield self._usage()

    def _whole(self) -> _Reply:
        """The request read after the turns before it or as the first one. What was made of each begins otherwise."""
        *before, last = self._request.messages
        reply = self._reply(self._request.messages)
        if self._is_stopped or not any(message.calls for message in before):
            return reply
        alone = self._reply((*(message for message in before if message.role == "system"), last))
        likelier = _LIKELIER_ALONE
        if _made(reply.calls) == _made(_last_calls(before)):
            names_its_own = _takes_names_from(last.content, alone.calls) and _tools(alone) == _tools(reply)
            likelier = _LIKELIER_WITH_ITS_OWN_NAMES if names_its_own else _LIKELIER_THAN_AGAIN
        is_likelier = alone.likelihood > reply.likelihood * likelier and not alone.is_sentence
        return alone.with_others(reply.doubt.others) if is_likelier else reply

    def _next_likeliest(self, senseless: _Reply) -> _Reply:
        """The likeliest other reply that makes sense; how likely one is that was told how to begin, it cannot know."""
        for begin in senseless.doubt.others:
            reply = None if self._is_stopped else self._reply(self._request.messages, begin)
            if reply and reply.likelihood:
                return reply.at_most(1 - senseless.doubt.likelihood)
        return senseless

    def _reply_to_parts(self, first: str, second: str, others: tuple[str, ...]) -> _Reply | None:
        """None where one of them asks for no call, or for one that makes no sense."""
        *before, last = self._request.messages
        asked = (*before, replace(last, content=first))
        done = self._reply(asked)
        if done.is_sentence or not done.likelihood:
            return None
        rest = self._reply((*asked, Message("assistant", calls=done.calls), replace(last, content=second)))
        return None if rest.is_sentence or not rest.likelihood else done.then(rest, others)

    def _reply(self, messages: Sequence[Message], begin_with: str = "") -> _Reply:
        request = replace(self._request, messages=tuple(messages), begin_with=begin_with)
        *deltas, usage = self._engine.generate(request, self._is_cancelled)
        self._usages += [usage] if isinstance(usage, Usage) else []
        calls = tuple(delta for delta in deltas if isinstance(delta, ToolCall))
        is_sentence = not calls or any(isinstance(delta, TextDelta) for delta in deltas)
        doubt = next((delta for delta in deltas if isinstance(delta, Doubt)), Doubt(0.0, "", ()))
        return _Reply(tuple(deltas), calls, doubt, is_sentence)

    @property
    def _is_stopped(self) -> bool:
        return self._usages[-1].stop_reason == "cancelled"

    def _usage(self) -> Usage:
        """That of the reply to the whole, with the time and the tokens of all of them."""
        return replace(
            self._usages[0],
            generated_tokens=sum(usage.generated_tokens for usage in self._usages),
            seconds=sum(usage.seconds for usage in self._usages),
            stop_reason=self._usages[-1].stop_reason,
        )
