"""How well a nano model routes: greedy replies, under the grammar or without it, compared with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.mlx_adapter import MlxModel, Sampler, add_bias, keep_allowed, load_lean_network, token_value
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano.classifiers import Classifiers, ReplyBiases, load_classifiers
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


@dataclass(frozen=True)
class Score:
    """`routed` counts right tools in the right order, `right` those with every argument right as well.

    `well_formed` counts the replies that the grammar allows: without it not all of them.
    """

    total: int
    routed: int
    right: int
    well_formed: int
    misses: tuple[Miss, ...]
    by_route: Mapping[str, tuple[int, int]]


def score(
    model: MlxModel,
    tokenizer: ModelTokenizer,
    examples: Iterable[Example],
    classifiers: Classifiers | None = None,
    *,
    has_grammar: bool = True,
) -> Score:
    """Greedy replies to all examples. Must run on the thread that made the model."""
    writer = _Writer(model, tokenizer, GrammarCompiler(tokenizer), ReplyBiases(classifiers, tokenizer), has_grammar)
    misses: list[Miss] = []
    totals: Counter[str] = Counter()
    rights: Counter[str] = Counter()
    routed = well_formed = 0
    for example in examples:
        reply, is_well_formed = writer.reply(example)
        well_formed += is_well_formed
        totals[example.route] += 1
        is_routed = _route(reply) == _route(example.reply)
        routed += is_routed
        if is_routed and is_well_formed and same_reply(example, reply):
            rights[example.route] += 1
        else:
            misses.append(Miss(example.request, example.reply, reply))
    by_route = {route: (rights[route], total) for route, total in sorted(totals.items())}
    return Score(sum(totals.values()), routed, sum(rights.values()), well_formed, tuple(misses), by_route)


def score_directory(directory: Path, examples: Iterable[Example], *, has_grammar: bool = True) -> Score:
    """Score a model directory on the calling thread. Raises EngineError for a directory that is no nano model."""
    found = inspect_directory(directory)
    model = load_lean_network(found.path, found.config)
    end_tokens = read_end_tokens(found.path, found.config)
    tokenizer = load_lean_tokenizer(found.path, end_tokens, model.vocabulary_size)
    return score(model, tokenizer, examples, load_classifiers(found.path), has_grammar=has_grammar)


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


@dataclass(frozen=True)
class _Writer:
    """Writes the likeliest reply, token by token."""

    model: MlxModel
    tokenizer: ModelTokenizer
    compiler: GrammarCompiler
    biases: ReplyBiases
    has_grammar: bool

    def reply(self, example: Example) -> tuple[str, bool]:
        """The reply, and whether the grammar allows all of it."""
        view = RequestView(example.request, example.history, lambda path: False)
        bias = self.biases.of(view)
        state = self.compiler.start(reply_grammar(view))
        sampler = Sampler(Sampling())
        cache = self.model.new_cache()
        feed = self.tokenizer.encode(view.prompt)
        written: list[int] = []
        is_allowed = True
        while len(written) < _LONGEST_REPLY and not (is_allowed and state.is_complete):
            logits = add_bias(self.model.feed(feed, cache), bias.after(written))
            if self.has_grammar:
                logits = keep_allowed(logits, state.allowed())
            token = token_value(sampler.draw(logits, len(written)))
            is_allowed = is_allowed and bool(state.allowed()[token])
            if token in self.tokenizer.end_tokens:
                break
            feed = [token]
            if is_allowed:
                state.take([token])
            if self.has_grammar and not state.is_complete and (forced := state.forced_tokens()):
                state.take(forced)
                feed += forced
            written += feed
        is_cut_off = len(written) >= _LONGEST_REPLY
        return _text(self.tokenizer, written), is_allowed and not is_cut_off


def _text(tokenizer: Tokenizer, tokens: Sequence[int]) -> str:
    return b"".join(tokenizer.token_bytes(token) for token in tokens).decode("utf-8", "replace")
