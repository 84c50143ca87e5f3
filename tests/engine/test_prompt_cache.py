"""The cache kept between replies: it always holds what it says, and gives the same logits as reading anew."""

from __future__ import annotations

import random

import pytest

from punie_tui.engine.cache.prompt_cache import PromptCache
from punie_tui.engine.mlx_adapter import MlxModel, Sampler, load_network, start_computing, token_value
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.protocol import Sampling


@pytest.fixture
def model(request, tiny_directory) -> MlxModel:
    directory = inspect_directory(tiny_directory(request.param))
    return load_network(directory.path, directory.config)


def greedy(logits) -> int:
    return token_value(Sampler(Sampling()).draw(logits, 0))


def greedy_after(model: MlxModel, tokens: list[int]) -> int:
    return greedy(PromptCache(model).feed(tokens))


@pytest.mark.parametrize("model", ["qwen3", "llama", "mamba"], indirect=True)
def test_any_sequence_of_prompts_reads_as_if_anew(model) -> None:
    cache = PromptCache(model)
    draw = random.Random(4)
    prompt = [draw.randrange(500) for _ in range(30)]
    for _ in range(12):
        kept = cache.keep_common_prefix(prompt)
        assert cache.tokens == prompt[:kept]
        assert kept < len(prompt)
        assert greedy(cache.feed(prompt[kept:])) == greedy_after(model, prompt)
        cache.check()
        assert cache.tokens == prompt
        shared = draw.choice([len(prompt), draw.randrange(len(prompt)), 0])
        prompt = prompt[:shared] + [draw.randrange(500) for _ in range(draw.randrange(1, 20))]


@pytest.mark.parametrize("model", ["qwen3"], indirect=True)
def test_prompt_that_is_known_whole_leaves_its_last_token_to_read(model) -> None:
    cache = PromptCache(model)
    cache.feed([1, 2, 3, 4])
    assert cache.keep_common_prefix([1, 2, 3]) == 2


@pytest.mark.parametrize("model", ["mamba"], indirect=True)
def test_recurrent_state_is_kept_only_if_the_prompt_continues_it(model) -> None:
    cache = PromptCache(model)
    cache.feed([1, 2, 3])
    assert cache.keep_common_prefix([1, 2, 3, 4]) == 3
    assert cache.keep_common_prefix([1, 2, 9, 4]) == 0


@pytest.mark.parametrize("model", ["qwen3"], indirect=True)
def test_drawn_token_is_held_as_soon_as_it_is_named(model) -> None:
    cache = PromptCache(model)
    drawn = Sampler(Sampling()).draw(cache.feed([1, 2, 3]), 0)
    logits = cache.feed_drawn(drawn)
    start_computing(logits)
    with pytest.raises(AssertionError, match="holds 4 of 3 tokens"):
        cache.check()
    cache.name_drawn(token_value(drawn))
    cache.check()
    assert greedy(logits) == greedy_after(model, cache.tokens)
