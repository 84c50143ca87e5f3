"""ScriptedEngine: replays given deltas. For tests and screenshots only, never a default."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from punie_tui.engine.protocol import Delta, EngineError, Request, Usage

Reply = Sequence[Delta | EngineError | threading.Event]


class ScriptedEngine:
    """Plays one reply a `generate`, in order; an Event in a reply is waited for, an EngineError raised.

    `requests` keeps what was asked, for assertions.
    """

    def __init__(
        self,
        replies: Sequence[Reply],
        *,
        model_name: str = "scripted",
        writes_answers: bool = True,
        context_length: int = 32_768,
    ) -> None:
        self.model_name = model_name
        self.writes_answers = writes_answers
        self.context_length = context_length
        self.requests: list[Request] = []
        self._replies = list(replies)

    def start(self) -> None:
        """Nothing to load."""

    def check(self) -> None:
        """Nothing can be wrong."""

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        self.requests.append(request)
        if not self._replies:
            raise EngineError("The script has no reply left.")
        for delta in self._replies.pop(0):
            match delta:
                case EngineError():
                    raise delta
                case threading.Event():
                    while not delta.wait(0.02) and not is_cancelled():
                        pass
                case _:
                    yield delta
            if is_cancelled():
                yield _usage("cancelled")
                return
        yield _usage("end")

    def close(self) -> None:
        """Nothing to free."""


def _usage(reason: str) -> Usage:
    return Usage(
        prompt_tokens=1,
        cached_tokens=0,
        generated_tokens=1,
        seconds_to_first_token=0.0,
        seconds=0.0,
        stop_reason="cancelled" if reason == "cancelled" else "end",
    )
