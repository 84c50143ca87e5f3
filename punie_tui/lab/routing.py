"""How well a nano model routes: greedy replies under the grammar, compared with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.mlx_adapter import MlxModel, Sampler, add_bias, keep_allowed, load_lean_network, token_value
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano.first_action import FirstAction, FirstTokenBias, load_first_action
from punie_tui.engine.nano.format import read_call
from punie_tui.engine.nano.grammar import reply_grammar
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.prompt_format import Tokenizer
from punie_tui.engine.protocol import Sampling
from punie_tui.engine.tokenizer_adapter import ModelTokenizer, load_lean_tokenizer, read_end_tokens
from punie_tui.lab.examples import Example

_LONGEST_REPLY = 120


@dataclass(frozen=True)
class Miss:
    """One wrong reply."""

    request: str
    wanted: str
    got: str
    is_wrong_tool: bool


@dataclass(frozen=True)
class Score:
    """`routed` counts right tools in the right order, `right` those with every argument right as well."""

    total: int
    routed: int
    right: int
    misses: tuple[Miss, ...]
    by_route: Mapping[str, tuple[int, int]]


def score(
    model: MlxModel, tokenizer: ModelTokenizer, examples: Iterable[Example], first_action: FirstAction | None = None
) -> Score:
    """Greedy replies to all examples. Must run on the thread that made the model."""
    compiler = GrammarCompiler(tokenizer)
    misses: list[Miss] = []
    totals: Counter[str] = Counter()
    rights: Counter[str] = Counter()
    routed = 0
    for example in examples:
        reply = _reply(model, tokenizer, compiler, example, first_action)
        totals[example.route] += 1
        is_routed = _route(reply) == _route(example.reply)
        routed += is_routed
        if is_routed and same_reply(example, reply):
            rights[example.route] += 1
        else:
            misses.append(Miss(example.request, example.reply, reply, not is_routed))
    by_route = {route: (rights[route], total) for route, total in sorted(totals.items())}
    return Score(sum(totals.values()), routed, sum(rights.values()), tuple(misses), by_route)


def score_directory(directory: Path, examples: Iterable[Example]) -> Score:
    """Score a model directory on the calling thread. Raises EngineError for a directory that is no nano model."""
    found = inspect_directory(directory)
    model = load_lean_network(found.path, found.config)
    end_tokens = read_end_tokens(found.path, found.config)
    tokenizer = load_lean_tokenizer(found.path, end_tokens, model.vocabulary_size)
    return score(model, tokenizer, examples, load_first_action(found.path))


def same_reply(example: Example, reply: str) -> bool:
    """Whether two replies make the same calls with the same values."""
    view = RequestView(example.request, example.history, lambda path: False)
    wanted = [read_call(view, part) for part in _calls(example.reply)]
    return [read_call(view, part) for part in _calls(reply)] == wanted or reply == example.reply


def _calls(reply: str) -> Sequence[str]:
    return [part + "</tool_call>" for part in reply.split("</tool_call>") if part]


def _route(reply: str) -> str:
    """The tools in order; every kind of answer is the same route."""
    parts = [part.split(">")[0] for part in reply.split("<function=")[1:]]
    return "+".join(parts) or "answer"


def _reply(
    model: MlxModel,
    tokenizer: ModelTokenizer,
    compiler: GrammarCompiler,
    example: Example,
    first_action: FirstAction | None,
) -> str:
    view = RequestView(example.request, example.history, lambda path: False)
    bias = FirstTokenBias(first_action, tokenizer, view)
    state = compiler.start(reply_grammar(view))
    sampler = Sampler(Sampling())
    cache = model.new_cache()
    feed = tokenizer.encode(view.prompt)
    written: list[int] = []
    while len(written) < _LONGEST_REPLY and not state.is_complete:
        logits = add_bias(model.feed(feed, cache), bias.after(written))
        token = token_value(sampler.draw(keep_allowed(logits, state.allowed()), len(written)))
        if token in tokenizer.end_tokens:
            break
        state.take([token])
        feed = [token]
        if not state.is_complete and (forced := state.forced_tokens()):
            state.take(forced)
            feed += forced
        written += feed
    return _text(tokenizer, written)


def _text(tokenizer: Tokenizer, tokens: Sequence[int]) -> str:
    return b"".join(tokenizer.token_bytes(token) for token in tokens).decode("utf-8", "replace")
