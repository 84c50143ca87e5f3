"""Grammars of constrained stretches: compiled once, then followed token by token."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from llguidance import LLMatcher

from punie_tui.engine.prompt_format import HeldGrammar
from punie_tui.engine.tokenizer_adapter import ModelTokenizer

_COMPILED_KEPT = 8
_POLL_SECONDS = 0.05
_LOG = logging.getLogger(__name__)


class GrammarError(Exception):
    """A grammar does not compile, or a token was taken that it forbids: a bug of ours, never the model's fault."""


class GrammarState:
    """How far one stretch has come."""

    def __init__(self, matcher: LLMatcher) -> None:
        self._matcher = matcher

    @property
    def is_complete(self) -> bool:
        """The stretch is over: nothing but the end of the reply could follow by this grammar."""
        if self._matcher.is_error():
            raise GrammarError(self._matcher.get_error())
        return self._matcher.is_stopped()

    def allowed(self) -> bytes:
        """One byte a token of the vocabulary, zero where the token may not come next."""
        return self._matcher.compute_logit_bias()

    def forced_tokens(self) -> list[int]:
        """The tokens that must come next whatever the model thinks, such as the end of a tag."""
        return self._matcher.compute_ff_tokens()

    def take(self, tokens: list[int]) -> None:
        """Go on by tokens that are allowed."""
        if not self._matcher.consume_tokens(tokens):
            raise GrammarError(self._matcher.get_error())


class GrammarCompiler:
    """Compiles grammars for one tokenizer and remembers the last few."""

    def __init__(self, tokenizer: ModelTokenizer) -> None:
        self._vocabulary = tokenizer.grammar_vocabulary
        self._compiled: OrderedDict[str, LLMatcher] = OrderedDict()
        self._beside = threading.Lock()
        self._next: HeldGrammar | None = None
        self._is_compiling = False
        self._thread: threading.Thread | None = None

    def compile_beside(self, held: HeldGrammar) -> None:
        """Write and compile a grammar on a thread of its own; what waits there for its turn is dropped."""
        with self._beside:
            self._next = held
            if not self._is_compiling:
                self._is_compiling = True
                self._thread = threading.Thread(target=self._compile_in_turn, name="punie-grammar")
                self._thread.start()

    def wait(self, is_cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Until all that is compiled beside is; False if it was cancelled before."""
        while self._thread and self._thread.is_alive():
            if is_cancelled():
                return False
            self._thread.join(_POLL_SECONDS)
        return True

    def start(self, grammar: str, prefix: bytes = b"", held: HeldGrammar | None = None) -> GrammarState:
        """A fresh stretch by a Lark grammar, or by the held one if it is ready; `prefix` is written already."""
        if held and isinstance(held.compiled, LLMatcher):
            return self._started(held.compiled, prefix)
        if grammar not in self._compiled:
            self._compiled[grammar] = self._compile(grammar)
            if len(self._compiled) > _COMPILED_KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(grammar)
        return self._started(self._compiled[grammar], prefix)

    def _started(self, matcher: LLMatcher, prefix: bytes) -> GrammarState:
        state = GrammarState(matcher.deep_copy())
        if prefix:
            state.take(self._vocabulary.tokenize_bytes(prefix))
        return state

    def _compile_in_turn(self) -> None:
        while held := self._take_next():
            try:
                if grammar := held.write():
                    held.compiled = self._compile(grammar)
            except Exception:
                # A reply is as good without it, only less sure of its names.
                _LOG.exception("no names are held to")

    def _take_next(self) -> HeldGrammar | None:
        with self._beside:
            held, self._next = self._next, None
            self._is_compiling = held is not None
            return held

    def _compile(self, grammar: str) -> LLMatcher:
        matcher = LLMatcher(self._vocabulary, LLMatcher.grammar_from_lark(grammar), log_level=0)
        if matcher.is_error():
            raise GrammarError(matcher.get_error())
        return matcher
