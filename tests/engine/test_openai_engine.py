"""The engine over an OpenAI-compatible server, against a small local one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import (
    EngineError,
    Message,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.engine.chat_server import ChatServer, call, finish, serving, text

GREP = ToolSpec(
    "grep",
    "Search.",
    {
        "type": "object",
        "properties": {"pattern": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["pattern"],
        "additionalProperties": False,
    },
)
HISTORY = (
    Message("user", "Where is TODO?"),
    Message("assistant", calls=(ToolCall("call_1", "grep", {"pattern": "TODO"}),)),
    Message("tool", '{"match_count": 2}', call_id="call_1", tool="grep"),
)


def never() -> bool:
    return False


COUNTS = {
    "choices": [],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}},
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as running:
        yield running


def replies(server: ChatServer, request: Request | None = None) -> list[Any]:
    return list(open_engine(server.address).generate(request or Request(HISTORY, (GREP,)), never))


def test_content_in_parts_is_read_as_its_text(server) -> None:
    parts = [
        {"type": "text", "text": "Twi"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "ce."},
        5,
    ]
    server.chunks = [{"choices": [{"delta": {"content": parts}}]}, finish("stop"), "[DONE]"]
    assert [delta.text for delta in replies(server) if isinstance(delta, TextDelta)] == ["Twice."]


def test_text_and_reasoning_stream(server) -> None:
    thought = {"choices": [{"delta": {"reasoning_content": "Hm."}}]}
    server.chunks = [thought, text("Twi"), text("ce."), finish("stop"), COUNTS, "[DONE]"]
    deltas = replies(server)
    assert [delta for delta in deltas if isinstance(delta, ReasoningDelta)] == [ReasoningDelta("Hm.")]
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["Twi", "ce."]
    usage = deltas[-1]
    assert isinstance(usage, Usage)
    assert (usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens, usage.stop_reason) == (9, 5, 4, "end")


def test_request_carries_conversation_tools_and_sampling(server) -> None:
    server.chunks = [text("Ok."), finish("length"), "[DONE]"]
    sampling = Sampling(temperature=0.5, top_p=0.9, seed=3, max_tokens=7)
    engine = open_engine(server.address)
    usage = list(engine.generate(Request(HISTORY, (GREP,), sampling), never))[-1]
    asked = server.asked[0]
    assert usage.stop_reason == "limit"
    assert (engine.model_name, engine.context_length) == ("local-model", 1234)
    assert (asked["model"], asked["temperature"], asked["top_p"]) == ("local-model", 0.5, 0.9)
    assert (asked["seed"], asked["max_tokens"], asked["stream"]) == (3, 7, True)
    assert asked["tools"][0]["function"]["parameters"] == GREP.parameters
    assert json.loads(asked["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"pattern": "TODO"}
    assert asked["messages"][2] == {"role": "tool", "content": '{"match_count": 2}', "tool_call_id": "call_1"}


@pytest.mark.parametrize(
    ("listed", "fragment", "asked", "shown"),
    [
        (["one", "other"], "", None, "ADDRESS"),
        (["one", "other"], "#other", "other", "other"),
        ([], "", None, "ADDRESS"),
        (None, "#hidden", "hidden", "hidden"),
    ],
)
def test_model_that_is_asked_for(listed, fragment, asked, shown, server) -> None:
    server.models = listed
    server.chunks = [finish("stop"), "[DONE]"]
    engine = open_engine(server.address + fragment)
    list(engine.generate(Request(HISTORY), never))
    assert server.asked[0].get("model") == asked
    assert engine.model_name == shown.replace("ADDRESS", server.address)


def test_server_without_a_list_that_works(server) -> None:
    server.is_list_broken = True
    server.chunks = [text("Ok."), finish("stop"), "[DONE]"]
    assert [delta.text for delta in replies(server) if isinstance(delta, TextDelta)] == ["Ok."]


def test_calls_come_whole_and_in_order(server) -> None:
    server.chunks = [
        call('{"pat', "grep"),
        call('{"pattern": "b", "count": 2}', "grep", index=1),
        call('tern": "a"}'),
        finish("tool_calls"),
        "[DONE]",
    ]
    calls = [delta for delta in replies(server) if isinstance(delta, ToolCall)]
    assert [(each.tool, each.arguments) for each in calls] == [
        ("grep", {"pattern": "a"}),
        ("grep", {"pattern": "b", "count": 2}),
    ]
    assert calls[0].id != calls[1].id


@pytest.mark.parametrize(
    ("arguments", "name", "said"),
    [
        ("{", "grep", "called grep with arguments that do not fit"),
        ("{}", "grep", "'pattern' is a required property"),
        ('{"pattern": "a", "count": "two"}', "grep", "is not of type 'integer'"),
        ('{"pattern": "a", "colour": 1}', "grep", "colour"),
        ('["a"]', "grep", "do not fit"),
        ("{}", "rm", "called a tool 'rm' that does not exist"),
    ],
)
def test_unfit_call_is_an_error_and_never_a_call(arguments, name, said, server) -> None:
    server.chunks = [call(arguments, name), finish("tool_calls"), "[DONE]"]
    with pytest.raises(EngineError, match=said) as raised:
        replies(server)
    assert "\n" not in str(raised.value)


def test_call_cut_off_by_the_limit_is_dropped(server) -> None:
    server.chunks = [call('{"pattern": "a"', "grep"), finish("length"), "[DONE]"]
    deltas = replies(server)
    assert not any(isinstance(delta, ToolCall) for delta in deltas)
    assert deltas[-1].stop_reason == "limit"


@pytest.mark.parametrize("attribute", ["is_endless", "is_silent"])
def test_cancel_hangs_up(attribute, server) -> None:
    setattr(server, attribute, True)
    server.chunks = [text("begun")]
    is_cancelled = threading.Event()
    deltas = []
    for delta in open_engine(server.address).generate(Request(HISTORY), is_cancelled.is_set):
        deltas.append(delta)
        is_cancelled.set()
    assert deltas[-1].stop_reason == "cancelled"
    assert server.hung_up.wait(10)


def test_closing_the_iterator_hangs_up(server) -> None:
    server.is_endless = True
    deltas = open_engine(server.address).generate(Request(HISTORY), never)
    next(deltas)
    deltas.close()
    assert server.hung_up.wait(10)


def test_trouble_is_told_in_one_sentence(server) -> None:
    server.chunks = [text("half")]
    with pytest.raises(EngineError, match="broke off in the middle"):
        replies(server)
    server.chunks = ["no json"]
    with pytest.raises(EngineError, match="something else than a chat model"):
        replies(server)
    server.chunks = [{"error": {"message": "overloaded"}}]
    with pytest.raises(EngineError, match="overloaded"):
        replies(server)
    server.status = 404
    with pytest.raises(EngineError, match=r"answered 404: .*no such model"):
        replies(server)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [None]},
        {"choices": "no list"},
        {"choices": {"delta": {}}},
        {"choices": [{"delta": "no object"}]},
        {"choices": [{"delta": {"tool_calls": {"index": 0}}}]},
        {"choices": [], "usage": 5},
        {"choices": [], "usage": {"prompt_tokens": "many", "prompt_tokens_details": [1]}},
    ],
    ids=str,
)
def test_what_no_chat_model_sends_is_nothing(odd, server) -> None:
    server.chunks = [odd, text("Ok."), finish("stop"), odd, "[DONE]"]
    assert [delta.text for delta in replies(server) if isinstance(delta, TextDelta)] == ["Ok."]


def test_calls_without_a_number_go_by_their_place(server) -> None:
    calls = [{"index": None, "function": {"name": "grep", "arguments": f'{{"pattern": "{each}"}}'}} for each in "ab"]
    server.chunks = [{"choices": [{"delta": {"tool_calls": calls}}]}, finish("tool_calls"), "[DONE]"]
    found = [delta.arguments["pattern"] for delta in replies(server) if isinstance(delta, ToolCall)]
    assert found == ["a", "b"]


@pytest.mark.parametrize("listed", [["one", "two"], {"id": "one"}, "one", [None]], ids=str)
def test_a_list_of_models_that_is_none_is_left_alone(listed, server) -> None:
    server.listed, server.chunks = listed, [text("Ok."), finish("stop"), "[DONE]"]
    replies(server)
    assert "model" not in server.asked[0]


def test_a_long_refusal_is_one_short_line(server) -> None:
    server.status, server.refusal = 400, b"<html>\n<h1>Bad\trequest</h1>\r\n" + b"why \n" * 400
    with pytest.raises(EngineError, match=r"answered 400: <html> <h1>Bad request</h1> why why ") as raised:
        replies(server)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_nobody_answers() -> None:
    engine = open_engine("http://127.0.0.1:9/v1")
    for _ in range(2):
        with pytest.raises(EngineError, match=r"http://127\.0\.0\.1:9/v1 cannot be used"):
            list(engine.generate(Request(HISTORY), never))


def test_address_that_is_none() -> None:
    with pytest.raises(EngineError, match="no server's address"):
        open_engine("http://host:port/v1")


def test_closed_engine_says_so(server) -> None:
    engine = open_engine(server.address)
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        list(engine.generate(Request(HISTORY), never))


def test_what_nano_is_sure_of_never_reaches_the_server(server) -> None:
    server.chunks = [text("Well."), finish("stop"), "[DONE]"]
    tools = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)
    engine = open_engine(server.address, route_above=0.7)
    with closing(engine):
        deltas = list(engine.generate(Request((Message("user", "git status"),), tools), never))
        assert [delta.tool for delta in deltas if isinstance(delta, ToolCall)] == ["git_status"]
        assert server.asked == []
        words = "explain the design of this project"
        deltas = list(engine.generate(Request((Message("user", words),), tools), never))
        assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["Well."]
        assert [message["content"] for message in server.asked[0]["messages"]] == [words]


KEY = "sk-very-secret-0123"


def test_a_key_goes_with_every_request_and_is_told_nowhere(server, monkeypatch, caplog) -> None:
    monkeypatch.setenv("PUNIE_API_KEY", f"{KEY}\n")
    server.chunks = [text("Ok."), finish("stop"), "[DONE]"]
    replies(server)
    assert server.authorizations == {f"Bearer {KEY}"}
    server.refusal = json.dumps({"error": f"Incorrect key {KEY}"}).encode()
    for server.status in (401, 403, 400, 500):
        with pytest.raises(EngineError) as raised:
            replies(server)
        assert KEY not in str(raised.value)
        assert ("PUNIE_API_KEY" in str(raised.value)) == (server.status in (401, 403))
    server.status, server.chunks = 200, [{"error": {"message": f"quota of {KEY}"}}]
    with pytest.raises(EngineError, match="quota of …"):
        replies(server)
    assert KEY not in caplog.text


def test_a_server_that_wants_a_key_is_told_in_one_line(server, monkeypatch) -> None:
    monkeypatch.delenv("PUNIE_API_KEY", raising=False)
    server.status = 401
    with pytest.raises(EngineError, match=r"wants a key: set PUNIE_API_KEY \(it answered 401\)\.$"):
        replies(server)
    assert server.authorizations == {None}


def test_a_key_that_no_header_takes_is_not_sent_and_not_told(server, monkeypatch) -> None:
    monkeypatch.setenv("PUNIE_API_KEY", f"{KEY}\r\nX-Other: 1")
    with pytest.raises(EngineError, match="PUNIE_API_KEY holds something that no key holds") as raised:
        replies(server)
    assert KEY not in str(raised.value)


def test_a_server_that_takes_no_request_without_a_name_has_its_models_told(server) -> None:
    server.models, server.status = ["one", "other"], 400
    with pytest.raises(EngineError, match=r"answered 400: .* --model http://.*/v1#one \(one, other\)\.$") as raised:
        replies(server)
    assert "\n" not in str(raised.value)
    # What is wrong with the server itself no name mends.
    server.status = 503
    with pytest.raises(EngineError, match=r"answered 503: ") as raised:
        replies(server)
    assert "--model" not in str(raised.value)
    server.models, server.status = [f"m{number}" for number in range(11)], 404
    with pytest.raises(EngineError, match=r"\(m0, m1, m2, m3, m4, m5, m6, m7 and 3 more\)\.$"):
        replies(server)


def test_a_check_tells_what_the_first_reply_would(server: ChatServer) -> None:
    engine = open_engine(server.address)
    engine.check()
    assert (engine.model_name, engine.context_length) == ("local-model", 1234)
    server.models = None
    open_engine(server.address).check()
    for status, told in ((401, "wants a key: set PUNIE_API_KEY"), (500, "answered 500")):
        server.models, server.list_status = [], status
        with pytest.raises(EngineError, match=told):
            open_engine(server.address).check()
    server.list_status, server.listed, server.is_list_broken = 200, None, True
    with pytest.raises(EngineError, match="cannot be used"):
        open_engine(server.address).check()


def test_a_check_of_an_address_without_its_path_says_so(server: ChatServer) -> None:
    with pytest.raises(EngineError, match="Most servers answer below /v1"):
        open_engine(server.address.removesuffix("/v1")).check()


def test_a_check_finds_nobody(server: ChatServer) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(EngineError, match="Is it running"):
        open_engine(server.address).check()
