"""What nano's grammar lets a reply hold, with the shipped tokenizer and without the weights."""

from __future__ import annotations

import pytest

from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.catalogue import Kind
from punie_tui.engine.nano.classifiers import ReplyBiases
from punie_tui.engine.nano.format import NanoDecoder
from punie_tui.engine.nano.grammar import reply_grammar
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import write_call
from punie_tui.engine.prompt_format import Tokenizer
from punie_tui.engine.protocol import ToolCall
from punie_tui.engine.tokenizer_adapter import load_lean_tokenizer, read_end_tokens


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found = inspect_directory(MODEL_DIRECTORY)
    ends = read_end_tokens(found.path, found.config)
    return load_lean_tokenizer(found.path, ends, int(found.config["vocab_size"]))


def may_be_said(tokenizer: Tokenizer, request_text: str, reply: str) -> bool:
    view = RequestView(request_text, [], lambda path: False)
    state = GrammarCompiler(tokenizer).start(reply_grammar(view))
    for token in tokenizer.encode(reply):
        if not state.allowed()[token]:
            return False
        state.take([token])
    return True


@pytest.mark.parametrize(
    ("request_text", "span", "can_be_said"),
    [
        ("take quickfix-96292794c9bc please", " quickfix - 96292794 c 9 bc", True),
        ("take quickfix-96292794c9bc please", " quickfix - 96292794", False),
        ("take quickfix-96292794c9bc please", " c 9 bc", False),
        ("take quickfix-96292794c9bc please", " quickfix -", True),
        ("take quickfix-96292794c9bc please", " quickfix", True),
        ("take quickfix-96292794c9bc", " 96292794 c 9 bc", True),
        ("take priya's", " priya", True),
    ],
)
def test_free_text_ends_no_word_in_its_middle(
    tokenizer: Tokenizer, request_text: str, span: str, can_be_said: bool
) -> None:
    assert may_be_said(tokenizer, request_text, write_call("apply_code_action", {"id": span})) is can_be_said


@pytest.mark.parametrize(
    ("request_text", "base", "can_be_said"),
    [
        ("v1.2 vs v1.3", "<|revision_1|><|revision_2|>", True),
        ("v1.2 vs v1.3 vs v1.4", "<|revision_1|><|revision_2|><|revision_3|>", False),
        ("before v1.2", "<|revision_1|> before", True),
        ("before v1.2..v1.3", "<|revision_1|> before", False),
        ("the last 3", "<|number_1|>", True),
        ("the last 300", "<|number_1|>", False),
    ],
)
def test_a_diff_is_against_one_revision_or_between_two(
    tokenizer: Tokenizer, request_text: str, base: str, can_be_said: bool
) -> None:
    assert may_be_said(tokenizer, request_text, write_call("git_diff", {"base": base})) is can_be_said


@pytest.mark.parametrize(("stops", "can_be_said"), [(1, True), (3, True), (4, False)])
def test_a_call_stops_at_three_lines_at_most(tokenizer: Tokenizer, stops: int, can_be_said: bool) -> None:
    place = "<parameter=breakpoints><|file_1|><|number_1|></parameter>"
    reply = f"<tool_call><function=debug_run><parameter=path><|file_1|></parameter>{place * stops}</function>"
    assert may_be_said(tokenizer, "debug app.py, stop at 12", reply) is can_be_said


@pytest.mark.parametrize(
    ("request_text", "tool", "argument", "value", "can_be_said"),
    [
        ("how many functions call parcel", "find_references", "symbol", " how", False),
        ("how many functions call parcel", "find_references", "symbol", " parcel", True),
        ("look for that in here", "grep", "pattern", " that", False),
        ("look for that in here", "grep", "pattern", " that in", True),
        ("look for that in here", "grep", "pattern", " here", False),
        ('look for "that" in here', "grep", "pattern", "<|quote_1|>", True),
        ("look for or in here", "grep", "pattern", " or", True),
        ("why", "grep", "pattern", " why", False),
    ],
)
def test_a_word_such_as_how_alone_is_no_value(
    tokenizer: Tokenizer, request_text: str, tool: str, argument: str, value: str, can_be_said: bool
) -> None:
    assert may_be_said(tokenizer, request_text, write_call(tool, {argument: value})) is can_be_said


def test_the_same_call_is_given_out_once(tokenizer: Tokenizer) -> None:
    view = RequestView("lint and type check shop.py", [], lambda path: False)
    decoder = NanoDecoder(
        tokenizer, view, "", frozenset(("ruff_check", "typecheck")), ReplyBiases(None, tokenizer).of(view)
    )
    (path,) = view.placeholders(Kind.PATH)
    written = "".join(write_call(tool, {"path": path}) for tool in ("ruff_check", "typecheck", "ruff_check"))
    given = [delta for token in tokenizer.encode(written) for delta in decoder.push(token)]
    assert [delta.tool for delta in given if isinstance(delta, ToolCall)] == ["ruff_check", "typecheck"]
    (doubt,) = decoder.finish()
    assert doubt.label == "lint, in shop.py, then check types, in shop.py"
