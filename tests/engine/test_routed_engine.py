"""Nano in front of a model that writes: who gets which request, and who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.model_thread import ModelThread
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import (
    Delta,
    Doubt,
    Engine,
    EngineError,
    Message,
    Request,
    Routed,
    Sampling,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from punie_tui.engine.routed_engine import RoutedEngine
from punie_tui.engine.scripted import Reply, ScriptedEngine

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)
STATUS: Reply = [ToolCall("1", "git_status", {}), Doubt(0.9, "git_status", ())]
HELLO: Reply = [TextDelta("Hello.")]


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = open_engine("nano")
    yield engine
    engine.close()


def written(*replies: Reply) -> ScriptedEngine:
    return ScriptedEngine(replies, model_name="big")


def routes(*replies: Reply) -> ScriptedEngine:
    return ScriptedEngine(replies, model_name="nano", writes_answers=False)


def ask(engine: Engine, prompt: str | Sequence[Message], **sampling: float) -> list[Delta]:
    messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
    request = Request(messages, SPECS, Sampling(temperature=sampling.get("temperature", 0.0)))
    return list(engine.generate(request, lambda: False))


def test_what_nano_is_sure_of_never_reaches_the_writer_and_the_rest_does_as_if_it_alone_were_asked(
    nano: Engine,
) -> None:
    writer = written(HELLO, HELLO, HELLO)
    engine = RoutedEngine(nano, writer, 0.7)
    assert (engine.model_name, engine.writes_answers) == ("nano → big", True)

    routed, call, usage = ask(engine, "git status", temperature=1.5)
    assert isinstance(routed, Routed)
    assert (routed.model_name, routed.writes_answers) == ("nano", False)
    assert routed.likelihood > 0.9
    assert isinstance(call, ToolCall)
    assert call.tool == "git_status"
    assert isinstance(usage, Usage)
    assert writer.requests == []

    for prompt in ("hello", "design a cache for the parser and explain its trade-offs", "hm that thing over there"):
        routed, *rest = ask(engine, prompt)
        assert isinstance(routed, Routed)
        assert (routed.model_name, routed.writes_answers) == ("big", True)
        assert [type(delta) for delta in rest] == [TextDelta, Usage]
        assert writer.requests[-1].messages == (Message("user", prompt),)


def test_only_a_turns_first_words_are_routed() -> None:
    router, writer = routes(), written(HELLO, HELLO, HELLO, HELLO)
    engine = RoutedEngine(router, writer, 0.7)
    result = (Message("user", "status"), Message("assistant", calls=(ToolCall("1", "git_status", {}),)))
    ask(engine, (*result, Message("tool", "{}", call_id="1", tool="git_status")))
    ask(engine, (*result, Message("user", "only src", is_steering=True)))
    ask(engine, [Message("user", "types", attached="x = 1")])
    ask(engine, "types " * 100)
    assert (len(router.requests), len(writer.requests)) == (0, 4)


@pytest.mark.parametrize(
    "reply",
    [
        [ToolCall("1", "git_status", {}), Doubt(0.7, "git_status", ())],
        [ToolCall("1", "git_status", {}), Doubt(0.9, "", ())],
        [Doubt(0.9, "answer in words", ()), TextDelta("Hi.")],
        [ToolCall("1", "git_status", {}), Doubt(0.9, "git_status", ()), TextDelta("No pytest_run here.")],
        [EngineError("nano is broken")],
    ],
)
def test_unsure_senseless_spoken_and_broken_replies_are_handed_over(reply: Reply) -> None:
    deltas = ask(RoutedEngine(routes(reply), written(HELLO), 0.7), "status")
    assert [delta for delta in deltas if isinstance(delta, TextDelta)] == HELLO
    assert not any(isinstance(delta, ToolCall | Doubt) for delta in deltas)


def test_what_is_stopped_while_it_is_routed_reaches_nobody_else() -> None:
    writer = written(HELLO)
    engine = RoutedEngine(routes(STATUS), writer, 0.7)
    (usage,) = engine.generate(Request((Message("user", "status"),), SPECS), lambda: True)
    assert isinstance(usage, Usage)
    assert usage.stop_reason == "cancelled"
    assert writer.requests == []


# One of nano's shapes, but for a name where nano would have written a literal.
LIKE_NANOS = PROGRAMS["ruff violations by code"].write({"path": "src"}).replace("'src'", "folder")


def test_nano_reads_a_request_after_whatever_the_writer_called(nano: Engine) -> None:
    calls = (
        ToolCall("1", "write_file", {"path": "a.py", "content": "x = [1]\n" * 500}),
        ToolCall("2", "execute_code", {"code": LIKE_NANOS}),
        ToolCall("3", "grep", {"pattern": "<|file_1|>", "path": "src", "ignore_case": True}),
        ToolCall("4", "gone_tool", {"what": {"ever": [1, None]}}),
    )
    before = (Message("user", "mend it"), Message("assistant", "Done.", calls), Message("tool", "{}", call_id="1"))
    routed, *_ = ask(RoutedEngine(nano, written(HELLO), 0.7), (*before, Message("user", "git status")))
    assert isinstance(routed, Routed)
    assert routed.model_name == "nano"


def test_nano_answers_while_the_writer_loads_and_writes(nano: Engine, tiny_directory: Callable[..., Path]) -> None:
    thread = ModelThread()
    may_load, is_answered = threading.Event(), threading.Event()
    came_in_time: list[bool] = []
    # Whatever the writer's thread does first, nano is not on it.
    thread.submit(lambda: came_in_time.append(may_load.wait(60)))
    writer = MlxEngine(tiny_directory("qwen3"), thread=thread)
    engine = RoutedEngine(nano, writer, 0.7)
    engine.start()
    assert any(isinstance(delta, ToolCall) for delta in ask(engine, "git status"))
    may_load.set()
    request = Request((Message("user", "hello"),), sampling=Sampling(max_tokens=64))
    deltas = engine.generate(request, lambda: False)
    first = next(deltas)
    assert isinstance(first, Routed)
    assert first.model_name == writer.model_name
    next(deltas)
    # Behind the reply: the writer's thread is not free before nano has answered.
    thread.submit(lambda: came_in_time.append(is_answered.wait(60)))
    assert any(isinstance(delta, ToolCall) for delta in ask(nano, "run the tests"))
    is_answered.set()
    assert isinstance(list(deltas)[-1], Usage)
    writer.close()
    assert came_in_time == [True, True]


def test_nothing_is_routed_in_front_of_a_model_that_only_routes(tiny_directory: Callable[..., Path]) -> None:
    assert not isinstance(open_engine("nano", route_above=0.7), RoutedEngine)
    routed = open_engine(str(tiny_directory("qwen3")), route_above=0.7)
    assert routed.model_name == f"nano → {tiny_directory('qwen3').name}"
    routed.close()
