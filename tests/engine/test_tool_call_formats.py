"""The wire formats: what their grammars let through, and that what they let through reads back."""

from __future__ import annotations

import pytest

from punie_tui.engine.decoding.grammar import GrammarCompiler, GrammarError
from punie_tui.engine.protocol import ToolSpec
from punie_tui.engine.tokenizer_adapter import ModelTokenizer
from punie_tui.engine.tool_call_formats import LLAMA_CALLS, JsonCalls, XmlCalls, detect_format
from tests.engine import tiny_models

GREP = ToolSpec(
    "grep",
    "Search.",
    {
        "type": "object",
        "properties": {
            "pattern": {"type": "string"},
            "glob": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "literal": {"type": "boolean", "default": False},
            "count": {"type": "integer", "default": 10},
            "kind": {"enum": ["word", "words"], "type": "string"},
        },
        "required": ["pattern"],
        "additionalProperties": False,
    },
)
STATUS = ToolSpec("git_status", "Status.", {"type": "object", "properties": {}, "additionalProperties": False})
MANY = ToolSpec(
    "many",
    "Many.",
    {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in "abcdefg"},
        "required": ["b", "f"],
        "additionalProperties": False,
    },
)
TOOLS = {tool.name: tool for tool in (GREP, STATUS, MANY)}


@pytest.fixture(scope="module")
def tokenizer() -> ModelTokenizer:
    backend = tiny_models.build_tokenizer("<|im_end|>", ("<|im_start|>",))
    return ModelTokenizer(backend, [0], backend.get_vocab_size())


@pytest.fixture
def lets_through(tokenizer):
    """Whether a format's grammar takes a text as a whole call."""

    def check(wire_format, text: str) -> bool:
        def mark(name: str) -> str:
            return name if tokenizer.is_special(tokenizer.token_id(name)) else repr(name)

        state = GrammarCompiler(tokenizer).start(wire_format.grammar(list(TOOLS.values()), mark))
        try:
            state.take(tokenizer.encode(text))
            return state.is_complete
        except GrammarError:
            return False

    return check


def xml(name: str, *arguments: tuple[str, str]) -> str:
    inner = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments)
    return f"\n<function={name}>\n{inner}</function>\n</tool_call>"


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        (xml("grep", ("pattern", "a")), {"pattern": "a"}),
        (xml("grep", ("pattern", "")), {"pattern": ""}),
        (xml("grep", ("pattern", "two\nlines\n\n")), {"pattern": "two\nlines\n\n"}),
        (xml("grep", ("pattern", 'null "\\n" é😀')), {"pattern": 'null "\\n" é😀'}),
        (xml("grep", ("glob", "*.py"), ("pattern", "x")), {"glob": "*.py", "pattern": "x"}),
        (xml("grep", ("pattern", "x"), ("glob", "null")), {"pattern": "x", "glob": None}),
        (
            xml("grep", ("pattern", "x"), ("count", "-3"), ("literal", "True"), ("kind", "words")),
            {"pattern": "x", "count": -3, "literal": True, "kind": "words"},
        ),
        (xml("many", ("a", "1"), ("b", "2"), ("f", "3"), ("g", "4")), {"a": 1, "b": 2, "f": 3, "g": 4}),
        (xml("git_status"), {}),
    ],
)
def test_xml_call_is_let_through_and_read_back(written, arguments, lets_through) -> None:
    assert lets_through(XmlCalls(), written)
    read = XmlCalls().parse(written, TOOLS)
    assert read is not None
    assert read[1] == arguments


@pytest.mark.parametrize(
    "written",
    [
        xml("grep"),
        xml("grep", ("glob", "*.py")),
        xml("grep", ("pattern", "a"), ("pattern", "b")),
        xml("grep", ("pattern", "a"), ("colour", "b")),
        xml("grep", ("pattern", "a"), ("count", "many")),
        xml("grep", ("pattern", "a"), ("count", "99999999999999999999")),
        xml("grep", ("pattern", "a"), ("literal", "yes")),
        xml("grep", ("pattern", "a"), ("kind", "wor")),
        xml("many", ("f", "1"), ("b", "2")),
        xml("many", ("a", "1"), ("f", "2")),
        xml("rm"),
        "\nI would rather talk.",
    ],
)
def test_unfit_xml_call_is_ruled_out(written, lets_through) -> None:
    assert not lets_through(XmlCalls(), written)


def test_value_may_hold_the_end_of_a_call() -> None:
    value = "</tool_call>\n</function>\n</tool_call>"
    written = xml("grep", ("pattern", value))
    assert XmlCalls().parse(written, TOOLS) == ("grep", {"pattern": value})
    cut = written[: written.index(value) + len(value)]
    assert XmlCalls().parse(cut, TOOLS) is None


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ('\n{"name": "grep", "arguments": {"pattern": "a"}}\n</tool_call>', {"pattern": "a"}),
        ('\n{"name": "grep", "arguments": {"glob": null, "pattern": "\\"\\n"}}\n</tool_call>', None),
        ('\n{"name": "git_status", "arguments": {}}\n</tool_call>', {}),
        ('\n{"name": "many", "arguments": {"b": 1, "f": 2}}\n</tool_call>', {"b": 1, "f": 2}),
    ],
)
def test_json_call_is_let_through_and_read_back(written, arguments, lets_through) -> None:
    assert lets_through(JsonCalls(), written)
    read = JsonCalls().parse(written, TOOLS)
    assert read is not None
    assert read[1] == (arguments if arguments is not None else {"glob": None, "pattern": '"\n'})


@pytest.mark.parametrize(
    "written",
    [
        '\n{"name": "grep", "arguments": {}}\n</tool_call>',
        '\n{"name": "grep", "arguments": {"pattern": 1}}\n</tool_call>',
        '\n{"name": "grep", "arguments": {"pattern": "\\ud800"}}\n</tool_call>',
        '\n{"name": "grep", "arguments": {"pattern": "a", "pattern": "b"}}\n</tool_call>',
        '\n{"name": "many", "arguments": {"f": 2}}\n</tool_call>',
    ],
)
def test_unfit_json_call_is_ruled_out(written, lets_through) -> None:
    assert not lets_through(JsonCalls(), written)


def test_llama_call_is_the_rest_of_an_object(lets_through) -> None:
    written = '"name": "grep", "parameters": {"pattern": "}"}}'
    assert lets_through(LLAMA_CALLS, written)
    assert LLAMA_CALLS.parse(written, TOOLS) == ("grep", {"pattern": "}"})
    assert LLAMA_CALLS.parse(written[:-1], TOOLS) is None


def test_formats_are_told_by_what_the_template_teaches() -> None:
    detected = {name: detect_format(template) for name, template in tiny_models.TEMPLATES.items()}
    assert detected == {"xml": XmlCalls(), "json": JsonCalls(), "llama": LLAMA_CALLS, "no tools": None}
