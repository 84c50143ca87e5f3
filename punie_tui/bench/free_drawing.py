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

    def refuses(self, token: int, *, strictly: bool) -> bool:
        return False

    def push(self, token: int) -> Sequence[TextDelta]:
        return [TextDelta(self._tokenizer.token_bytes(token).decode("utf-8", "replace"))]

    def finish(self) -> Sequence[TextDelta]:
        return []


def moments_of_tokens(loaded: LoadedModel, prompt: list[int], count: int) -> list[float]:
    """When each of so many tokens was drawn, whatever they are."""
    cache = PromptCache(loaded.model)
    text = FreeText(loaded.tokenizer)
    loop = TokenLoop(cache, loaded.compiler, text, Sampler(Sampling()), frozenset(), lambda: False)
    return [time.perf_counter() for _ in loop.run(cache.feed(prompt), count)]


def seconds_a_token(loaded: LoadedModel, prompt: list[int], count: int) -> float:
    """Draw so many tokens, at least two; the first, for which the prompt is read, does not count."""
    moments = moments_of_tokens(loaded, prompt, count)
    return (moments[-1] - moments[0]) / (count - 1)
