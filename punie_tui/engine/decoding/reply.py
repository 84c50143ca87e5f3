"""One reply from a loaded model: read the prompt in chunks, draw, and account for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from punie_tui.engine.cache.prompt_cache import PromptCache
from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.decoding.token_loop import TokenLoop
from punie_tui.engine.mlx_adapter import Array, MlxModel, Sampler
from punie_tui.engine.prompt_format import PromptFormat
from punie_tui.engine.protocol import Delta, EngineError, Progress, Request, Usage
from punie_tui.engine.tokenizer_adapter import ModelTokenizer

PREFILL_CHUNK = 512
"""Tokens read between two looks at the cancel flag: a fraction of a second on the machines punie is made for."""


@dataclass(frozen=True)
class LoadedModel:
    """A model with all it needs to reply; lives and dies on the model thread."""

    model: MlxModel
    tokenizer: ModelTokenizer
    prompt_format: PromptFormat
    compiler: GrammarCompiler
    cache: PromptCache
    context_length: int


def reply(loaded: LoadedModel, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
    """Yield the deltas of one reply, a Usage last."""
    started = time.perf_counter()
    encoded = loaded.prompt_format.encode(request)
    room = loaded.context_length - len(encoded.tokens)
    if room < 1:
        raise EngineError(
            f"The conversation takes {len(encoded.tokens)} tokens, but the model reads at most"
            f" {loaded.context_length - 1}. Start a new session, or choose a model with a longer context."
        )
    if encoded.held:
        loaded.compiler.compile_beside(encoded.held)
    cached = loaded.cache.keep_common_prefix(encoded.tokens)
    logits = yield from _prefill(loaded.cache, encoded.tokens, cached, is_cancelled)
    if encoded.held and request.waits_for_names and not loaded.compiler.wait(is_cancelled):
        logits = None
    loop = TokenLoop(
        loaded.cache,
        loaded.compiler,
        encoded.decoder,
        Sampler(request.sampling),
        loaded.tokenizer.end_tokens,
        is_cancelled,
    )
    if logits is None:
        loop.stop_reason = "cancelled"
    else:
        yield from loop.run(logits, min(request.sampling.max_tokens, room), encoded.begun)
    loaded.cache.check()
    finished = time.perf_counter()
    yield Usage(
        prompt_tokens=len(encoded.tokens),
        cached_tokens=cached,
        generated_tokens=loop.drawn_count,
        seconds_to_first_token=(loop.first_drawn_at or finished) - started,
        seconds=finished - started,
        stop_reason=loop.stop_reason,
    )


def _prefill(
    cache: PromptCache, prompt: Sequence[int], cached: int, is_cancelled: Callable[[], bool]
) -> Generator[Progress, None, Array | None]:
    """Read the prompt's rest in chunks; returns the logits after it, None when cancelled."""
    done = cached
    yield Progress(done=done, total=len(prompt), cached=cached)
    while done < len(prompt) - 1:
        if is_cancelled():
            return None
        chunk = prompt[done : min(done + PREFILL_CHUNK, len(prompt) - 1)]
        cache.feed(chunk)
        cache.evaluate()
        done += len(chunk)
        yield Progress(done=done, total=len(prompt), cached=cached)
    if is_cancelled():
        return None
    logits = cache.feed(prompt[done:])
    yield Progress(done=len(prompt), total=len(prompt), cached=cached)
    return logits
