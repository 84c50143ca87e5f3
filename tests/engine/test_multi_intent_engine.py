"""A request with several wishes: read as two where nano is surer of the parts than of the whole."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.multi_intent_engine import MultiIntentEngine, two_parts
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Delta, Doubt, Engine, Message, Request, TextDelta, ToolCall, ToolSpec, Usage
from punie_tui.engine.scripted import Reply, ScriptedEngine

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)
ASKED = "lint src and run the tests"


def calls(likelihood: float, *tools: str, label: str | None = None) -> Reply:
    made = [ToolCall(f"{tool} {likelihood}", tool, {}) for tool in tools]
    return [*made, Doubt(likelihood, ", then ".join(tools) if label is None else label, ("other",))]


def says(likelihood: float) -> Reply:
    return [Doubt(likelihood, "answer in words", ()), TextDelta("Hello.")]


def ask(engine: Engine, prompt: str = ASKED, begin_with: str = "") -> list[Delta]:
    return list(engine.generate(Request((Message("user", prompt),), SPECS, begin_with=begin_with), lambda: False))


def tools_of(deltas: Sequence[Delta]) -> list[str]:
    return [delta.tool for delta in deltas if isinstance(delta, ToolCall)]


@pytest.mark.parametrize(
    ("request_text", "parts"),
    [
        ("format src, then run the tests", [("format src", "run the tests")]),
        ("lint; types", [("lint", "types")]),
        ("blame a.py -> log a.py", [("blame a.py", "log a.py")]),
        ("who wrote a.py, and when?", [("who wrote a.py", "when?")]),
        ("lint, format and test", [("lint", "format and test"), ("lint, format", "test")]),
        ('find "a and b" in src', []),
        ("commit with `x, then y` and push it", [("commit with `x, then y`", "push it")]),
        ("don't you see it and won't you", [("don't you see it", "won't you")]),
        ("and then", []),
        ("run the tests", []),
    ],
)
def test_a_request_is_read_as_two_at_words_that_join_wishes(request_text: str, parts: list[tuple[str, str]]) -> None:
    assert list(two_parts(request_text)) == parts


def test_parts_that_are_likelier_than_a_mixed_up_whole_are_the_reply() -> None:
    nano = ScriptedEngine([calls(0.5, "ruff_check", "ruff_check"), calls(0.9, "ruff_check"), calls(0.8, "pytest_run")])
    first, second, doubt, usage = ask(MultiIntentEngine(nano))
    assert tools_of([first, second]) == ["ruff_check", "pytest_run"]
    assert doubt == Doubt(pytest.approx(0.72), "ruff_check, then pytest_run", ("other",))
    assert isinstance(usage, Usage)
    assert usage.generated_tokens == 3
    lint, tests = Message("user", "lint src"), Message("user", "run the tests")
    assert nano.requests[1].messages == (lint,)
    done = Message("assistant", calls=(ToolCall("ruff_check 0.9", "ruff_check", {}),))
    assert nano.requests[2].messages == (lint, done, tests)


@pytest.mark.parametrize(
    ("replies", "stands"),
    [
        ([calls(0.5, "a", "b"), calls(0.7, "c"), calls(0.7, "d")], ["a", "b"]),
        ([calls(0.3, "a")], ["a"]),
        ([calls(0.95, "a", "b")], ["a", "b"]),
        ([calls(0.3, "a", "b"), says(0.99)], ["a", "b"]),
        ([calls(0.3, "a", "b"), calls(0.99, "c"), says(0.99)], ["a", "b"]),
        ([calls(0.3, "a", "b"), calls(0.99, "c", label="")], ["a", "b"]),
        ([calls(0.8, "a", label=""), calls(0.3, "c"), calls(0.5, "d")], ["c", "d"]),
    ],
    ids=[
        "parts no likelier",
        "one call",
        "a sure whole",
        "the first part is a remark",
        "the second part is a remark",
        "a part makes no sense",
        "the whole makes no sense",
    ],
)
def test_the_whole_stands_unless_its_parts_are_much_likelier(replies: list[Reply], stands: list[str]) -> None:
    nano = ScriptedEngine(replies)
    assert tools_of(ask(MultiIntentEngine(nano))) == stands
    assert len(nano.requests) == len(replies)


EARLIER = (Message("user", "who calls total?"), Message("assistant", calls=(ToolCall("0", "call_hierarchy", {}),)))


@pytest.mark.parametrize(
    ("replies", "stands"),
    [
        ([calls(0.7, "a"), calls(0.9, "b")], ["b"]),
        ([calls(0.7, "a"), calls(0.75, "b")], ["a"]),
        ([calls(0.9, "call_hierarchy"), calls(0.5, "b")], ["b"]),
        ([calls(0.9, "call_hierarchy"), calls(0.4, "b")], ["call_hierarchy"]),
        ([calls(0.8, "a"), calls(0.9, "b", label="")], ["a"]),
        ([calls(0.8, "a"), says(0.99)], ["a"]),
        ([calls(0.8, "a", label=""), calls(0.3, "b")], ["b"]),
    ],
    ids=[
        "likelier",
        "hardly likelier",
        "as likely as a repetition",
        "less likely than a repetition",
        "no sense",
        "a sentence",
        "no sense after the turns",
    ],
)
def test_a_request_after_others_is_read_alone_too(replies: list[Reply], stands: list[str]) -> None:
    nano = ScriptedEngine(replies)
    messages = (Message("system", "s"), *EARLIER, Message("user", "who calls weight?"))
    deltas = list(MultiIntentEngine(nano).generate(Request(messages, SPECS), lambda: False))
    assert tools_of(deltas) == stands
    assert [len(request.messages) for request in nano.requests] == [4, 2]
    # Those of the reading with the turns, as a request that is to begin so is read with them.
    assert next(delta.others for delta in deltas if isinstance(delta, Doubt)) == ("other",)


def test_a_first_request_is_read_once() -> None:
    nano = ScriptedEngine([calls(0.8, "a")])
    messages = (Message("user", "hello"), Message("assistant", "Hello."), Message("user", "lint"))
    assert tools_of(list(MultiIntentEngine(nano).generate(Request(messages, SPECS), lambda: False))) == ["a"]


def test_a_reply_that_makes_no_sense_gives_way_to_the_next_likeliest_that_does() -> None:
    nonsense = Doubt(0.8, "", ("first", "second", "third"))
    nano = ScriptedEngine([[*calls(0.8, "a")[:1], nonsense], calls(0.9, "b", label=""), calls(0.9, "c")])
    call, doubt, _ = ask(MultiIntentEngine(nano), "run the tests")
    assert tools_of([call]) == ["c"]
    assert doubt == Doubt(pytest.approx(0.2), "c", ("other",))
    assert [request.begin_with for request in nano.requests] == ["", "first", "second"]


def test_a_reply_that_makes_no_sense_stands_where_no_other_does() -> None:
    nano = ScriptedEngine([calls(0.8, "a", label=""), calls(0.9, "b", label="")])
    assert tools_of(ask(MultiIntentEngine(nano), "run the tests")) == ["a"]


def test_a_reply_that_has_to_begin_in_a_way_is_one_reply() -> None:
    nano = ScriptedEngine([calls(0.2, "a", "b")])
    assert tools_of(ask(MultiIntentEngine(nano), begin_with="x")) == ["a", "b"]


def test_a_stopped_request_asks_for_no_parts() -> None:
    nano = ScriptedEngine([calls(0.2, "a", "b")])
    deltas = list(MultiIntentEngine(nano).generate(Request((Message("user", ASKED),), SPECS), lambda: True))
    assert len(nano.requests) == 1
    assert isinstance(deltas[-1], Usage)
    assert deltas[-1].stop_reason == "cancelled"


def test_the_embedded_model_does_both_of_two_wishes() -> None:
    engine = open_engine("nano")
    try:
        asked = "history of setup.cfg, then blame lines 40 through 60 in it"
        log, blame = [delta for delta in ask(engine, asked) if isinstance(delta, ToolCall)]
    finally:
        engine.close()
    assert (log.tool, dict(log.arguments)) == ("git_log", {"path": "setup.cfg"})
    assert (blame.tool, dict(blame.arguments)) == ("git_blame", {"path": "setup.cfg", "start_line": 40, "end_line": 60})
