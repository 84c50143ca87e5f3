"""A model that routes in front of one that writes: what it is sure of never waits for the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

from punie_tui.engine.protocol import (
    Delta,
    Doubt,
    Engine,
    EngineError,
    Request,
    Routed,
    TextDelta,
    ToolCall,
    Usage,
)

_LOG = logging.getLogger(__name__)
_LONGEST_ROUTED = 400
"""Characters of a request; what is longer says more than a call or two can hold."""


class RoutedEngine:
    """The Engine protocol over two engines.

    The router reads each new request first. If it is surer of its calls than `route_above` they are the reply; if not,
    or if it has only a sentence to say, the writer gets the request as if it alone had been asked. Whatever follows
    in the turn is the writer's.
    """

    def __init__(self, router: Engine, writer: Engine, route_above: float) -> None:
        self._router = router
        self._writer = writer
        self._route_above = route_above

    @property
    def model_name(self) -> str:
        """Both, in the order in which they are asked."""
        return f"{self._router.model_name} → {self._writer.model_name}"

    @property
    def writes_answers(self) -> bool:
        """The writer does; a Routed tells of replies that it did not give."""
        return self._writer.writes_answers

    @property
    def context_length(self) -> int:
        """The writer's; a router reads little of a conversation."""
        return self._writer.context_length

    def start(self) -> None:
        """Begin to load both in the background, the router first."""
        self._router.start()
        self._writer.start()

    def check(self) -> None:
        """Wait for the writer; without a router it replies to all. Raises EngineError."""
        self._writer.check()

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        """Yield the deltas of one reply, a Usage last. Closing the iterator cancels. Raises EngineError."""
        if _is_for_router(request):
            routed = self._route(request, is_cancelled)
            yield from routed
            if any(isinstance(delta, Usage) for delta in routed):
                return
        yield from self._writer.generate(request, is_cancelled)

    def close(self) -> None:
        """Stop and free both."""
        self._router.close()
        self._writer.close()

    def _route(self, request: Request, is_cancelled: Callable[[], bool]) -> list[Delta]:
        """The router's whole reply, or without a Usage what comes before the writer's."""
        likeliest = replace(request, sampling=replace(request.sampling, temperature=0.0))
        try:
            deltas = list(self._router.generate(likeliest, is_cancelled))
        except EngineError as error:
            _LOG.warning("%s routes nothing: %s", self._router.model_name, error)
            return []
        usage = next(delta for delta in deltas if isinstance(delta, Usage))
        if usage.stop_reason == "cancelled":
            return [usage]
        calls = [delta for delta in deltas if isinstance(delta, ToolCall)]
        likelihood = next((delta.likelihood for delta in deltas if isinstance(delta, Doubt) and delta.label), 0.0)
        says_something = any(isinstance(delta, TextDelta) for delta in deltas)
        if calls and not says_something and likelihood > self._route_above:
            return [Routed(self._router.model_name, self._router.writes_answers, likelihood), *calls, usage]
        return [Routed(self._writer.model_name, self._writer.writes_answers, likelihood)]


def _is_for_router(request: Request) -> bool:
    """Whether a turn begins with words alone, and few of them."""
    last = request.messages[-1]
    is_new = last.role == "user" and not last.is_steering
    return is_new and not last.attached and len(last.content) <= _LONGEST_ROUTED
