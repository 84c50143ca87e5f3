"""The engine's own loop without any format: plain text, whatever the tokens are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from punie_tui.engine.cache.prompt_cache import PromptCache
from punie_tui.engine.decoding.reply import LoadedModel
from punie_tui.engine.decoding.token_loop import TokenLoop
from punie_tui.engine.mlx_adapter import Sampler
from punie_tui.engine.prompt_format import Tokenizer
from punie_tui.engine.protocol import Sampling, TextDelta


class FreeText:
    """A ReplyDecoder that no grammar rules."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @property
    def constraint(self) -> None:
        return None

    @property
    def bias(self) -> Mapping[int, float]:
        return {}

    @property
    def weighs(self) -> bool:
        return False

    def weigh(self, drawn: float, others: Sequence[tuple[int, float]]) -> None:
        """Never told."""

    def push(self, token: int) -> Sequence[TextDelta]:
        return [TextDelta(self._tokenizer.token_bytes(token).decode("utf-8", "replace"))]

    def finish(self) -> Sequence[TextDelta]:
        return []


def seconds_a_token(loaded: LoadedModel, prompt: list[int], count: int) -> float:
    """Draw so many tokens, at least two, whatever they are; the first, for which the prompt is read, does not count."""
    cache = PromptCache(loaded.model)
    text = FreeText(loaded.tokenizer)
    loop = TokenLoop(cache, loaded.compiler, text, Sampler(Sampling()), frozenset(), lambda: False)
    for _ in loop.run(cache.feed(prompt), count):
        pass
    ended = time.perf_counter()
    assert loop.first_drawn_at is not None
    return (ended - loop.first_drawn_at) / (count - 1)
