"""The loop that draws a reply token by token: pipelined while text is free, masked where a grammar rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from math import inf
from typing import Literal

from punie_tui.engine.cache.prompt_cache import PromptCache
from punie_tui.engine.decoding.grammar import GrammarCompiler, GrammarState
from punie_tui.engine.mlx_adapter import (
    Array,
    Sampler,
    add_bias,
    keep_allowed,
    likelihoods,
    start_computing,
    token_value,
)
from punie_tui.engine.prompt_format import Constraint, ReplyDecoder, ReplyDelta

_OTHERS_WEIGHED = 3
_MOST_REFUSED = 64

StopReason = Literal["end", "limit", "cancelled"]


class TokenLoop:
    """Draws one reply. `stop_reason` and `drawn_count` are true at every moment of it.

    After each delta the cache holds the prompt and every token drawn so far, the last one included.
    """

    def __init__(
        self,
        cache: PromptCache,
        compiler: GrammarCompiler,
        decoder: ReplyDecoder,
        sampler: Sampler,
        end_tokens: frozenset[int],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._cache = cache
        self._compiler = compiler
        self._decoder = decoder
        self._sampler = sampler
        self._end_tokens = end_tokens
        self._is_cancelled = is_cancelled
        self._constraint: Constraint | None = None
        self._grammar: GrammarState | None = None
        self._is_strict = True
        self._is_stuck = False
        self.stop_reason: StopReason = "limit"
        self.drawn_count = 0
        self.first_drawn_at: float | None = None

    def run(self, logits: Array, max_tokens: int, begun: Sequence[int] = ()) -> Iterator[ReplyDelta]:
        """Yield the deltas of a reply; `logits` come after the tokens it has `begun` with, which the cache holds."""
        self._follow_constraint()
        for token in begun:
            yield from self._push(token)
        while not self._is_over(max_tokens):
            if self._grammar is None:
                logits = yield from self._draw_freely(logits, max_tokens)
            else:
                logits = yield from self._draw_by_grammar(logits, self._grammar, max_tokens)
        yield from self._decoder.finish()

    def _draw_freely(self, logits: Array, max_tokens: int) -> Generator[ReplyDelta, None, Array]:
        """Draw until the reply is over or a grammar takes over; returns the logits to go on from.

        The step after a token is under way before the token's value is known, so the device never waits for Python.
        When a grammar takes over, the token drawn ahead is thrown away and the logits it came from are kept.
        """
        drawn = self._sampler.draw(logits, self.drawn_count)
        start_computing(drawn)
        while self._grammar is None and not self._is_over(max_tokens):
            logits = self._cache.feed_drawn(drawn)
            drawn_ahead = self._sampler.draw(logits, self.drawn_count + 1)
            start_computing(drawn_ahead)
            token = token_value(drawn)
            self._cache.name_drawn(token)
            yield from self._push(token)
            drawn = drawn_ahead
        return logits

    def _draw_by_grammar(
        self, logits: Array, grammar: GrammarState, max_tokens: int
    ) -> Generator[ReplyDelta, None, Array]:
        """Draw until the reply or this stretch of it is over; returns the logits to go on from."""
        while self._grammar is grammar and not self._is_over(max_tokens):
            tokens = grammar.forced_tokens()[: max_tokens - self.drawn_count]
            if not tokens:
                allowed = grammar.allowed()
                logits = keep_allowed(add_bias(logits, self._decoder.bias), allowed)
                token = self._draw_fitting(logits, allowed)
                if token is None:
                    # Nothing can be said any more: what has begun is dropped, as if the reply had been cut off here.
                    self.stop_reason = "limit"
                    self._is_stuck = True
                    return logits
                tokens = [token]
                if self._decoder.weighs:
                    self._decoder.weigh(*likelihoods(logits, tokens[0], _OTHERS_WEIGHED))
            logits = self._cache.feed(tokens)
            start_computing(logits)
            for token in tokens:
                yield from self._push(token)
        return logits

    def _draw_fitting(self, logits: Array, allowed: bytes) -> int | None:
        """The first token, in the order in which the sampler draws them, that the decoder does not refuse.

        A decoder that refuses very many is no longer asked strictly. None if that leaves nothing.
        """
        for refused in range(2 * _MOST_REFUSED):
            token = token_value(self._sampler.draw(logits, self.drawn_count))
            if not allowed[token]:
                return None
            self._is_strict &= refused < _MOST_REFUSED
            if not self._decoder.refuses(token, strictly=self._is_strict):
                return token
            logits = add_bias(logits, {token: -inf})
        return None

    def _push(self, token: int) -> Iterator[ReplyDelta]:
        """Account for a drawn token that the cache holds already."""
        self.drawn_count += 1
        self.first_drawn_at = self.first_drawn_at or time.perf_counter()
        if token in self._end_tokens:
            self.stop_reason = "end"
            return
        if self._grammar is not None:
            self._grammar.take([token])
        yield from self._decoder.push(token)
        self._follow_constraint()
        if self._constraint and self._constraint.ends_reply and self._grammar and self._grammar.is_complete:
            self.stop_reason = "end"

    def _follow_constraint(self) -> None:
        """Begin or leave a stretch when the decoder says so."""
        if self._decoder.constraint is self._constraint:
            return
        self._constraint = constraint = self._decoder.constraint
        self._grammar = constraint and self._compiler.start(constraint.grammar, constraint.prefix, constraint.held)
        self._is_strict = True

    def _is_over(self, max_tokens: int) -> bool:
        if self.stop_reason == "end" or self._is_stuck:
            return True
        if self._is_cancelled():
            self.stop_reason = "cancelled"
        return self.stop_reason == "cancelled" or self.drawn_count >= max_tokens
