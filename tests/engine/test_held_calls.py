"""Whatever the weights: a call names what the tree has or the conversation says, and its program is one."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, replace

import pytest

from punie_tools.code import program_syntax
from punie_tools.code.program_syntax import is_whole
from punie_tui.engine.decoding.reply import LoadedModel, reply
from punie_tui.engine.loading import load
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.prompt_format import EncodedPrompt
from punie_tui.engine.protocol import Message, Progress, Request, Sampling, ToolCall, ToolSpec, Usage


@dataclass(frozen=True)
class Names:
    """The tree of these tests."""

    paths: tuple[str, ...] | None = ("src", "src/ledger.py", "src/order book.py", 'q"uote.py', "build", "café.py")
    unread: tuple[str, ...] = ("build",)
    words: tuple[str, ...] | None = ("Ledger", "post", "total")


def spec(name: str, held: dict, **properties) -> ToolSpec:
    required = [argument for argument, schema in properties.items() if "default" not in schema]
    parameters = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return ToolSpec(name, f"Does {name}.", parameters, held)


TEXT = {"type": "string"}
MAYBE = {"anyOf": [TEXT, {"type": "null"}], "default": None}
TOOLS = (
    spec("read_file", {"path": "path"}, path=TEXT, start_line={"type": "integer", "default": 1}),
    spec("hover", {"symbol": "symbol", "path": "path"}, symbol=TEXT, path=MAYBE),
    spec("stage", {"paths": "path"}, paths={"type": "array", "items": TEXT}),
    spec("run", {"target": "test"}, target=TEXT),
)
PROGRAM = spec("execute_code", {"code": "program"}, code=TEXT)
SAID = "Please read `new file.md` and src/fresh.py, then hover over newcomer"

MODELS = [
    ("qwen3", "xml", "</parameter>\n"),
    ("qwen3_moe", "json", '"'),
    ("llama", "llama", '"'),
    ("qwen3", "no tools", '"'),
]
"""Architecture, template, and what is eagerly written so that values end."""


def request_for(tools, said: str, names: Names | None = None, **sampling) -> Request:
    return Request(
        (Message("user", said),),
        tools,
        Sampling(**{"temperature": 1.0, "max_tokens": 120, **sampling}),
        read_names=lambda: names,
        program_syntax=program_syntax,
    )


@dataclass(frozen=True)
class BegunCall:
    """The PromptFormat of a model that begins each reply with a call."""

    loaded: LoadedModel
    start: str

    def encode(self, request: Request) -> EncodedPrompt:
        encoded = self.loaded.prompt_format.encode(request)
        begun = self.loaded.tokenizer.encode(self.start)
        return replace(encoded, tokens=[*encoded.tokens, *begun], begun=begun)


@pytest.fixture
def load_tiny(tiny_directory):
    def load_calling(architecture: str, template: str, favourites: str) -> LoadedModel:
        loaded = load(inspect_directory(tiny_directory(architecture, template, favourites=favourites)))
        start = "{" if template == "llama" else "<tool_call>"
        return replace(loaded, prompt_format=BegunCall(loaded, start))

    return load_calling


def calls_of(loaded: LoadedModel, request: Request) -> list[ToolCall]:
    """The calls of a reply whose grammar of names is ready, as it is where reading the prompt takes a while."""
    deltas: list[object] = []
    for delta in reply(loaded, request, lambda: False):
        if isinstance(delta, Progress):
            loaded.compiler.wait()
        deltas.append(delta)
    assert isinstance(deltas[-1], Usage)
    return [delta for delta in deltas if isinstance(delta, ToolCall)]


def is_path(value: str) -> bool:
    known = {".", "src", "src/ledger.py", "src/order book.py", 'q"uote.py', "build", "café.py"}
    said = {*SAID.split(), "new file.md", SAID, *(word.strip("`,.") for word in SAID.split())}
    said.add(f"{SAID.rpartition('/')[0]}/")  # all that was said may be a path, which has a folder
    plain = value.removeprefix("./")
    return not plain or plain in known | said or plain.rstrip("/") in {"src", "build"} or plain.startswith("build/")


def is_symbol(value: str) -> bool:
    words = {"Ledger", "post", "total", *re.findall(r"[^\W\d]\w*", SAID)}
    return set(value.split(".")) <= words


def is_test(value: str) -> bool:
    return not value or is_symbol(value) or is_path(value.partition("::")[0]) or is_path(value)


def texts_in(value) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


CHECKS = {"path": is_path, "paths": is_path, "symbol": is_symbol, "target": is_test}


@pytest.mark.parametrize(("architecture", "template", "favourites"), MODELS)
def test_call_names_what_there_is_or_what_was_said(architecture, template, favourites, load_tiny) -> None:
    loaded = load_tiny(architecture, template, favourites)
    seen: set[tuple[str, str]] = set()
    for tool, seed in itertools.product(TOOLS, range(5)):
        for call in calls_of(loaded, request_for((tool,), SAID, Names(), seed=seed)):
            seen |= {(name, each) for name, value in call.arguments.items() for each in texts_in(value)}
    assert [each for each in seen if not CHECKS[each[0]](each[1])] == []
    assert {name for name, _ in seen} >= {"path", "symbol", "target"}
    assert len(seen) > 9, "too few calls to say anything"


@pytest.mark.parametrize(("architecture", "template", "favourites"), MODELS)
def test_every_program_that_is_ended_is_one(architecture, template, favourites, load_tiny) -> None:
    loaded = load_tiny(architecture, template, f"{favourites}x = 1 + (x)")
    programs = [
        str(call.arguments["code"])
        for seed in range(14)
        for call in calls_of(loaded, request_for((PROGRAM,), "Count.", seed=seed))
    ]
    assert len(set(programs)) > 2, "too few programs to say anything"
    assert all(map(is_whole, programs)), programs


@pytest.mark.parametrize(("architecture", "template", "favourites"), MODELS[:2])
def test_without_names_texts_are_free(architecture, template, favourites, load_tiny) -> None:
    loaded = load_tiny(architecture, template, favourites)
    calls = [call for seed in range(6) for call in calls_of(loaded, request_for(TOOLS[:1], SAID, seed=seed))]
    assert not all(is_path(str(call.arguments["path"])) for call in calls)


class NeverRight:
    """A syntax in which nothing is right, and that counts how often it is asked about beginnings."""

    def __init__(self) -> None:
        self.asked = 0

    def can_go_on(self, _text: str) -> bool:
        self.asked += 1
        return False

    def is_whole(self, _text: str) -> bool:
        return False


@pytest.mark.parametrize(("architecture", "template", "favourites"), MODELS)
def test_program_that_cannot_be_mended_ends_with_the_reply(architecture, template, favourites, load_tiny) -> None:
    loaded, syntax = load_tiny(architecture, template, favourites), NeverRight()
    request = replace(request_for((PROGRAM,), "Count.", max_tokens=60), program_syntax=syntax)
    *deltas, usage = reply(loaded, request, lambda: False)
    assert not [delta for delta in deltas if isinstance(delta, ToolCall)]
    assert usage.stop_reason == "limit"
    assert 0 < syntax.asked < 100, "it is asked again and again for each token"


class LateNames:
    """Names that are not read before they may be."""

    def __init__(self) -> None:
        self.may_be_read = threading.Event()

    def read(self) -> Names:
        self.may_be_read.wait()
        return Names()


@pytest.mark.parametrize("seed", range(4))
def test_reply_that_waits_for_names_is_the_same_however_late_they_come(seed, load_tiny) -> None:
    loaded = load_tiny(*MODELS[0])
    request = replace(request_for(TOOLS[:1], SAID, Names(), seed=seed), waits_for_names=True)
    names = LateNames()
    late: list[object] = []
    for delta in reply(loaded, replace(request, read_names=names.read), lambda: False):
        if isinstance(delta, Progress) and delta.done == delta.total:
            names.may_be_read.set()
        late.append(delta)
    calls = [(call.tool, call.arguments) for call in late if isinstance(call, ToolCall)]
    assert calls == [(call.tool, call.arguments) for call in calls_of(loaded, request)]
    assert all(is_path(str(arguments["path"])) for _, arguments in calls)


def test_waiting_for_names_can_be_cancelled(load_tiny) -> None:
    loaded, names = load_tiny(*MODELS[0]), LateNames()
    request = replace(request_for(TOOLS[:1], SAID), read_names=names.read, waits_for_names=True)
    cancelled: list[bool] = []
    for delta in reply(loaded, request, lambda: bool(cancelled)):
        if isinstance(delta, Progress) and delta.done == delta.total:
            cancelled.append(True)
    names.may_be_read.set()
    assert isinstance(delta, Usage)
    assert (delta.stop_reason, delta.generated_tokens) == ("cancelled", 0)
