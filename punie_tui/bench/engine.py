"""The bench of the engine: a model by punie and by mlx_lm, with a grammar and without, its cache kept and empty."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import cast

from punie_tools.code import program_syntax
from punie_tools.process import run_process
from punie_tools.registry import TOOLS, find_tool
from punie_tools.symbols.tree_names import TreeNameReader
from punie_tui.agent.conversation import system_prompt
from punie_tui.agent.turn import tool_specs
from punie_tui.bench import free_drawing, plain_mlx_lm
from punie_tui.bench.everyday_requests import REQUESTS
from punie_tui.bench.figure import Figure
from punie_tui.bench.model_process import PROMPT
from punie_tui.bench.tools import BenchError
from punie_tui.engine.decoding.reply import LoadedModel, reply
from punie_tui.engine.loading import load
from punie_tui.engine.mlx_adapter import free_memory
from punie_tui.engine.model_directory import ModelDirectory, inspect_directory
from punie_tui.engine.models import resolve_model
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.prompt_format import EncodedPrompt
from punie_tui.engine.protocol import Message, Progress, Request, Sampling, ToolCall, Usage
from punie_tui.engine.tokenizer_adapter import ChatTokenizer
from punie_tui.engine.tool_call_formats import JsonCalls, detect_format

REQUEST_GOAL_SECONDS = 0.5
"""What a routed request may take on two cores."""

_MOST_MEMORY_RUNS = 3
_LONGEST_SECONDS = 3600.0
_OFFERED = ("read_file", "grep", "typecheck", "ruff_check", "pytest_run", "find_references", "git_status", "git_log")
_OFFERED_WITH_PROGRAMS = (*_OFFERED, "execute_code")


@dataclass(frozen=True)
class Sizes:
    """How much is measured. A run is one of each of the two things that are compared."""

    runs: int = 5
    tokens: int = 128
    requests: int = len(REQUESTS)


QUICK = Sizes(runs=1, tokens=4, requests=2)
"""Shows that all can be measured; the figures say nothing."""


def measure_engine(
    model: str, names: Sequence[str], sizes: Sizes, report: Callable[[str], None] = lambda text: None
) -> Iterator[Figure]:
    """The figures of these measurements, all that the model allows without a name. Raises BenchError, EngineError."""
    if model.startswith(("http://", "https://")):
        raise BenchError(f"{model} is a server, whose speed is not punie's; give nano, a directory or a hub id.")
    directory = inspect_directory(resolve_model(model))
    if "routing" in names and not directory.is_nano:
        raise BenchError(f"{model} does not only route, so routing is not measured with it; leave --model out.")
    if "names" in names and directory.is_nano:
        raise BenchError("nano chooses names and spells none, so they are not measured with it; give a --model.")
    left_out = "names" if directory.is_nano else "routing"
    for name in names or [name for name in MEASUREMENTS if name != left_out]:
        report(name)
        yield from MEASUREMENTS[name](directory, sizes)
        # What a large model held would be missing for the next one.
        free_memory()


def _loading(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """From the first import on, each time in a process of its own; the first of each does not count."""
    own, plain = _in_processes(directory, runs=sizes.runs + 1, tokens=0, wanted="load_seconds")
    yield from _compared("loading", ("punie", median(own[1:])), ("mlx_lm", median(plain[1:])), "s")


def _memory(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """The peak of a process that loads the model and draws."""
    runs = min(sizes.runs, _MOST_MEMORY_RUNS)
    own, plain = _in_processes(directory, runs=runs, tokens=sizes.tokens, wanted="peak_memory_bytes")
    yield from _compared("peak memory", ("punie", median(own)), ("mlx_lm", median(plain)), "bytes")


def _decoding(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """Both loops draw the same number of tokens, the likeliest ones, from one network in memory."""
    loaded = load(directory)
    prompt = loaded.tokenizer.encode(PROMPT)
    try:
        tokenizer = plain_mlx_lm.load_tokenizer(directory.path)
    except Exception as error:
        # transformers raises anything at all on files that it does not know.
        raise BenchError(f"mlx_lm cannot read the tokenizer of {directory.path}: {error}") from None
    own: list[float] = []
    plain: list[float] = []
    for _ in range(sizes.runs + 1):
        own.append(free_drawing.seconds_a_token(loaded, prompt, sizes.tokens))
        plain.append(plain_mlx_lm.seconds_a_token(loaded.model.network, tokenizer, prompt, sizes.tokens))
    yield from _compared("token", ("punie", _milliseconds(own)), ("mlx_lm", _milliseconds(plain)), "ms")


def _grammar(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """Of whole replies, each to a new request, because a grammar is compiled once; the first one does not count."""
    loaded = load(directory)
    ruled: list[float] = []
    free: list[float] = []
    for text in (REQUESTS[-1], *REQUESTS[: sizes.requests]):
        request = _request(Message("user", text))
        count, seconds = _drawn(loaded, request, sizes.tokens, is_free=False)
        ruled.append(seconds)
        free.append(_drawn(loaded, request, count, is_free=True)[1])
    yield from _compared("reply token", ("by grammar", _milliseconds(ruled)), ("free", _milliseconds(free)), "ms")


def _names(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """Of begun calls, held to the names of the tree at hand and to the sandbox's syntax, and to the schemas alone."""
    loaded = load(directory)
    reader = TreeNameReader(Path.cwd())
    ready: list[float] = []
    held: list[float] = []
    free: list[float] = []
    for text in (REQUESTS[-1], *REQUESTS[: sizes.requests]):
        request = _request(Message("user", text), offered=_OFFERED_WITH_PROGRAMS)
        begun = time.perf_counter()
        names = reader.read()
        by_names = replace(request, read_names=lambda names=names: names, program_syntax=program_syntax)
        if made_beside := loaded.prompt_format.encode(by_names).held:
            loaded.compiler.compile_beside(made_beside)
            loaded.compiler.wait()
        ready.append(time.perf_counter() - begun)
        held.append(_drawn(loaded, by_names, sizes.tokens, is_free=False)[1])
        free.append(_drawn(loaded, request, sizes.tokens, is_free=False)[1])
    yield Figure("names, read and compiled", _milliseconds(ready), "ms")
    yield from _compared("call token", ("held to names", _milliseconds(held)), ("by schema", _milliseconds(free)), "ms")


def _prefix(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """The second request of a conversation, right after the first one and to a cache that holds nothing."""
    loaded = load(directory)
    first, second = (_request(*messages) for messages in _conversation())
    kept: list[float] = []
    cold: list[float] = []
    for _ in range(sizes.runs + 1):
        loaded.cache.clear()
        cold.append(_seconds_to_first_token(loaded, second))
        loaded.cache.clear()
        _seconds_to_first_token(loaded, first)
        kept.append(_seconds_to_first_token(loaded, second))
    yield from _compared("first token", ("prefix cached", _milliseconds(kept)), ("cold", _milliseconds(cold)), "ms")


def _routing(directory: ModelDirectory, sizes: Sizes) -> Iterator[Figure]:
    """From the words to the last delta, the model alone; no tool is called. The first request does not count."""
    engine = open_engine(str(directory.path))
    seconds: list[float] = []
    try:
        for text in (REQUESTS[-1], *REQUESTS[: sizes.requests]):
            begun = time.perf_counter()
            for _ in engine.generate(Request((Message("user", text),), tool_specs(TOOLS)), lambda: False):
                pass
            seconds.append(time.perf_counter() - begun)
    finally:
        engine.close()
    ranked = sorted(seconds[1:])
    yield Figure("request, goal", REQUEST_GOAL_SECONDS, "s")
    for name, value in (("median", median(ranked)), ("90th centile", ranked[math.ceil(0.9 * len(ranked)) - 1])):
        yield Figure(f"request, {name}", value, "s")
        yield Figure(f"request, {name} against goal", value / REQUEST_GOAL_SECONDS, "times", 1.0)


MEASUREMENTS: dict[str, Callable[[ModelDirectory, Sizes], Iterator[Figure]]] = {
    "loading": _loading,
    "memory": _memory,
    "decoding": _decoding,
    "grammar": _grammar,
    "names": _names,
    "prefix": _prefix,
    "routing": _routing,
}


def _compared(what: str, own: tuple[str, float], other: tuple[str, float], unit: str) -> Iterator[Figure]:
    """Both values, and the ratio of the first to the second."""
    (name, value), (other_name, other_value) = own, other
    yield Figure(f"{what}, {other_name}", other_value, unit)
    yield Figure(f"{what}, {name}", value, unit)
    yield Figure(f"{what}, {name} against {other_name}", value / other_value, "times")


def _milliseconds(seconds: Sequence[float]) -> float:
    """The median without the first, which warms everything up."""
    return 1000 * median(seconds[1:])


def _in_processes(directory: ModelDirectory, *, runs: int, tokens: int, wanted: str) -> tuple[list[float], list[float]]:
    """What processes of punie and of mlx_lm told, in turns."""
    found: dict[str, list[float]] = {"punie": [], "mlx_lm": []}
    for _ in range(runs):
        for by, values in found.items():
            values.append(_told_by_process(by, directory.path, tokens)[wanted])
    return found["punie"], found["mlx_lm"]


def _told_by_process(by: str, directory: Path, tokens: int) -> Mapping[str, float]:
    run = run_process(
        [sys.executable, "-P", "-m", "punie_tui.bench.model_process", by, directory, str(tokens)],
        cwd=Path.cwd(),
        timeout=_LONGEST_SECONDS,
        environment=os.environ,
    )
    lines = (run.stdout if run.exit_code == 0 else run.stderr).decode("utf-8", "replace").strip().splitlines()
    if run.exit_code != 0:
        reason = lines[-1] if lines else f"its process ended with exit code {run.exit_code}."
        raise BenchError(reason if by == "punie" else f"mlx_lm cannot run {directory}: {reason}")
    # mlx_lm warns on stdout.
    return cast("Mapping[str, float]", json.loads(lines[-1]))


@dataclass(frozen=True)
class _BegunCall:
    """The PromptFormat of a model whose replies begin with a call, which a grammar rules or nothing does.

    Nano's grammar rules from the first token on. Others write the mark of a call first, if they want one.
    """

    loaded: LoadedModel
    is_free: bool

    def encode(self, request: Request) -> EncodedPrompt:
        encoded = self.loaded.prompt_format.encode(request)
        begun = (*encoded.begun, *self._mark)
        decoder = free_drawing.FreeText(self.loaded.tokenizer) if self.is_free else encoded.decoder
        return EncodedPrompt([*encoded.tokens, *self._mark], decoder, begun)

    @property
    def _mark(self) -> Sequence[int]:
        tokenizer = self.loaded.tokenizer
        if not isinstance(tokenizer, ChatTokenizer):
            return ()
        return tokenizer.encode((detect_format(tokenizer.chat_template or "") or JsonCalls()).start)


def _drawn(loaded: LoadedModel, request: Request, most: int, *, is_free: bool) -> tuple[int, float]:
    """How many tokens were drawn, and the seconds of each from the end of the prompt to that of the reply."""
    prompt_format = _BegunCall(loaded, is_free)
    begun = len(prompt_format.encode(request).begun)
    request = replace(request, sampling=Sampling(max_tokens=begun + most))
    read = time.perf_counter()
    for delta in reply(replace(loaded, prompt_format=prompt_format), request, lambda: False):
        if isinstance(delta, Progress):
            loaded.compiler.wait()
            read = time.perf_counter()
        elif isinstance(delta, Usage):
            count = max(1, delta.generated_tokens - begun)
            return count, (time.perf_counter() - read) / count
    raise AssertionError("a reply ends with its usage")


def _seconds_to_first_token(loaded: LoadedModel, request: Request) -> float:
    *_, usage = reply(loaded, replace(request, sampling=Sampling(max_tokens=1)), lambda: False)
    assert isinstance(usage, Usage)
    return usage.seconds_to_first_token


def _request(*messages: Message, offered: Sequence[str] = _OFFERED) -> Request:
    """With the system prompt and tools that a bigger model is told of; nano reads neither."""
    tools = tool_specs(find_tool(name) for name in offered)
    return Request((Message("system", system_prompt()), *messages), tools)


def _conversation() -> tuple[Sequence[Message], Sequence[Message]]:
    """Up to its first request and up to its second; before both lies a turn, because nano reads the calls of turns."""
    before = _turn(
        "run ruff on src/shop, then the tests of the ledger",
        ToolCall("call_1", "ruff_check", {"path": "src/shop"}),
        ToolCall("call_2", "pytest_run", {"target": "tests/test_ledger.py"}),
    )
    asked = _turn("where is add_up called?", ToolCall("call_3", "find_references", {"symbol": "add_up"}))
    return (*before, asked[0]), (*before, *asked, Message("user", "what changed there lately?"))


def _turn(prompt: str, *calls: ToolCall) -> Sequence[Message]:
    results = [Message("tool", '{"success":true}', call_id=call.id, tool=call.tool) for call in calls]
    done = Message("assistant", "That is done; all is well.")
    return [Message("user", prompt), Message("assistant", calls=calls), *results, done]
