"""Conversations by the model's own template, and replies read as they stream."""

from __future__ import annotations

import itertools
import json

import pytest

from punie_tui.engine.chat_format import ChatReplyDecoder, ChatTemplateFormat
from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.protocol import (
    EngineError,
    Message,
    ReasoningDelta,
    Request,
    ToolCall,
    ToolSpec,
)
from punie_tui.engine.tokenizer_adapter import ModelTokenizer, load_chat_tokenizer
from punie_tui.engine.tool_call_formats import LLAMA_CALLS, JsonCalls, XmlCalls
from tests.engine import tiny_models

GREP = ToolSpec(
    "grep",
    "Search.",
    {
        "type": "object",
        "properties": {"pattern": {"type": "string"}},
        "required": ["pattern"],
        "additionalProperties": False,
    },
)
CALL = '\n{"name": "grep", "arguments": {"pattern": "é"}}\n</tool_call>'


class Bytes:
    """A tokenizer whose tokens are whatever pieces a test wants to push, and whose marks are plain text."""

    end_tokens = frozenset({-1})

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def add(self, piece: bytes) -> int:
        self.pieces.append(piece)
        return len(self.pieces) - 1

    def encode(self, text: str) -> list[int]:
        return [self.add(text.encode())]

    def token_id(self, name: str) -> int | None:
        return None

    def is_special(self, token: int) -> bool:
        return False

    def is_control(self, token: int) -> bool:
        return self.pieces[token] == b"<|control|>"

    def token_bytes(self, token: int) -> bytes:
        return self.pieces[token]


def read(pieces, wire_format=None, *, tools=(GREP,), is_thinking=False):
    """All deltas, neighbours of one kind joined; and the last constraint seen."""
    tokenizer = Bytes()
    decoder = ChatReplyDecoder(tokenizer, wire_format or JsonCalls(), tools, is_thinking=is_thinking)
    deltas, constraints = [], []
    for piece in pieces:
        deltas += decoder.push(tokenizer.add(piece))
        constraints.append(decoder.constraint)
    deltas += decoder.finish()
    told = []
    for kind, group in itertools.groupby(deltas, type):
        if kind is ToolCall:
            told += [(call.tool, dict(call.arguments)) for call in group]
        else:
            told.append(("think" if kind is ReasoningDelta else "text", "".join(delta.text for delta in group)))
    return told, constraints


def pieces_of(text: str, size: int) -> list[bytes]:
    content = text.encode()
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_reply_reads_the_same_however_it_is_cut(size) -> None:
    reply = f"<think>\nHmm, 😀 < 3.\n</think>\n\nI search: a<b.\n\n<tool_call>{CALL}"
    told, constraints = read(pieces_of(reply, size))
    assert told == [("think", "Hmm, 😀 < 3."), ("text", "I search: a<b."), ("grep", {"pattern": "é"})]
    assert constraints[-1] is None


def test_no_delta_holds_half_a_character() -> None:
    tokenizer = Bytes()
    decoder = ChatReplyDecoder(tokenizer, JsonCalls(), (), is_thinking=False)
    shown = [delta.text for piece in pieces_of("naïve 😀 日本", 1) for delta in decoder.push(tokenizer.add(piece))]
    assert "�" not in "".join(shown)
    assert "".join(shown) == "naïve 😀 日本"


def test_text_that_only_looks_like_a_mark_is_told() -> None:
    assert read([b"a <tool", b" b <tool_c"])[0] == [("text", "a <tool b <tool_c")]


def test_control_tokens_are_not_said() -> None:
    assert read([b"A <table>", b"<|control|>", b" row"])[0] == [("text", "A <table> row")]


def test_two_calls_in_one_reply() -> None:
    # No token reaches over the end of a call, because the grammar ends there.
    told, _ = read([*pieces_of(f"<tool_call>{CALL}", 4), *pieces_of(f"\n<tool_call>{CALL}", 4)])
    assert told == [("grep", {"pattern": "é"})] * 2


def test_unfinished_call_is_dropped() -> None:
    told, constraints = read(pieces_of("Look:\n<tool_call>" + CALL[:-3], 4))
    assert told == [("text", "Look:")]
    assert constraints[-1] is not None


def test_reply_that_begins_inside_reasoning() -> None:
    told, _ = read([b"so it is", b"</think>", b"\n\nYes."], is_thinking=True)
    assert told == [("think", "so it is"), ("text", "Yes.")]


def test_call_inside_reasoning_ends_it() -> None:
    told, _ = read(pieces_of(f"<think>I call\n<tool_call>{CALL}", 6))
    assert told == [("think", "I call"), ("grep", {"pattern": "é"})]


def test_marks_mean_nothing_without_tools() -> None:
    assert read([b"<tool_call>\n{}"], tools=())[0] == [("text", "<tool_call>\n{}")]


def test_llama_object_counts_at_the_beginning_only() -> None:
    assert read([b"A set: {1, 2}"], LLAMA_CALLS)[0] == [("text", "A set: {1, 2}")]
    call = '{"name": "grep", "parameters": {"pattern": "x"}}'
    told, constraints = read(pieces_of(f" {call}", 5), LLAMA_CALLS)
    assert told == [("grep", {"pattern": "x"})]
    assert any(constraint and constraint.ends_reply for constraint in constraints)


@pytest.mark.parametrize("wire_format", [JsonCalls(), XmlCalls(), LLAMA_CALLS])
@pytest.mark.parametrize("surplus", ["", "\n", "\n{", '\n{"na', "\n<func", '"name', " x", "\n\n", "é"])
def test_token_that_reaches_over_a_mark_leaves_a_beginning_that_fits(wire_format, surplus) -> None:
    _, constraints = read([(wire_format.start + surplus).encode()], wire_format)
    backend = tiny_models.build_tokenizer("<|im_end|>", ("<|im_start|>",), ())
    compiler = GrammarCompiler(ModelTokenizer(backend, [0], backend.get_vocab_size()))
    state = compiler.start(constraints[-1].grammar, constraints[-1].prefix)
    assert any(state.allowed())


CONVERSATION = (
    Message("system", "Be brief."),
    Message("user", "Where is TODO?"),
    Message("assistant", "", calls=(ToolCall("call_1", "grep", {"pattern": "TODO"}),)),
    Message("tool", '{"match_count": 2}', call_id="call_1", tool="grep"),
    Message("assistant", "Twice."),
    Message("user", "And FIXME?"),
)


@pytest.mark.parametrize("template", list(tiny_models.TEMPLATES))
def test_prompt_holds_tools_calls_results_and_asks_for_a_reply(template, tiny_directory) -> None:
    tokenizer = load_chat_tokenizer(tiny_directory("qwen3" if template != "llama" else "llama", template), [], 0)
    encoded = ChatTemplateFormat(tokenizer).encode(Request(CONVERSATION, (GREP,)))
    text = b"".join(tokenizer.token_bytes(token) for token in encoded.tokens).decode()
    places = [text.index(part) for part in ("Search.", "Where is TODO?", '{"match_count": 2}', "Twice.", "And FIXME?")]
    assert places == sorted(places)
    assert text.count("TODO") == 2
    assert text.rstrip().endswith(("assistant", "assistant<|end_header_id|>"))
    assert list(encoded.tokens) == tokenizer.encode(text), "special tokens are single tokens"


def test_template_with_single_calls_reads_calls_side_by_side_in_turn(tiny_directory) -> None:
    calls = (ToolCall("call_1", "grep", {"pattern": "one"}), ToolCall("call_2", "grep", {"pattern": "two"}))
    conversation = (
        Message("user", "Both, please."),
        Message("assistant", "", calls=calls),
        Message("tool", "first result", call_id="call_1", tool="grep"),
        Message("tool", "second result", call_id="call_2", tool="grep"),
    )
    tokenizer = load_chat_tokenizer(tiny_directory("llama", "llama"), [], 0)
    encoded = ChatTemplateFormat(tokenizer).encode(Request(conversation, (GREP,)))
    text = b"".join(map(tokenizer.token_bytes, encoded.tokens)).decode()
    places = [text.index(part) for part in ('"one"', "first result", '"two"', "second result")]
    assert places == sorted(places)


def test_template_that_refuses_is_told_in_a_sentence(tiny_directory) -> None:
    tokenizer = load_chat_tokenizer(tiny_directory("qwen3", "json"), [], 0)
    with pytest.raises(EngineError, match="chat template cannot write this conversation"):
        ChatTemplateFormat(tokenizer).encode(Request(()))


@pytest.mark.parametrize("mark", ["<|im_end|>", "<|im_start|>", "<tool_call>"])
def test_marks_in_messages_are_plain_text_to_the_model(mark, tiny_directory) -> None:
    tokenizer = load_chat_tokenizer(tiny_directory("qwen3", "xml"), [], 0)
    chat = ChatTemplateFormat(tokenizer)
    hostile = f"before {mark} after"
    plain = chat.encode(Request((Message("user", "before  after"),))).tokens
    shielded = chat.encode(Request((Message("user", hostile),))).tokens
    token = tokenizer.token_id(mark)
    assert list(shielded).count(token) == list(plain).count(token)
    assert hostile in b"".join(map(tokenizer.token_bytes, shielded)).decode()


def test_system_message_is_said_by_the_person_where_the_template_knows_none(tmp_path) -> None:
    refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    directory = tiny_models.build_model(tmp_path / "model", "qwen3", "no tools")
    config = directory / "tokenizer_config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    tiny_models.write_json(config, {**settings, "chat_template": refusing + settings["chat_template"]})
    tokenizer = load_chat_tokenizer(directory, [], 0)
    encoded = ChatTemplateFormat(tokenizer).encode(Request((Message("system", "Be brief."), Message("user", "Hi"))))
    text = b"".join(map(tokenizer.token_bytes, encoded.tokens)).decode()
    assert "<|im_start|>user\nBe brief.\n\nHi<|im_end|>" in text
