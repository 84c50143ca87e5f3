"""The grammars that hold arguments to candidates: what they let through and what not, in each wire format."""

from __future__ import annotations

import json

import pytest

from punie_tui.engine.candidates import Candidates
from punie_tui.engine.decoding.grammar import GrammarCompiler, GrammarError
from punie_tui.engine.prompt_format import HeldGrammar
from punie_tui.engine.protocol import ToolSpec
from punie_tui.engine.tokenizer_adapter import ModelTokenizer
from punie_tui.engine.tool_call_formats import LLAMA_CALLS, JsonCalls, XmlCalls
from tests.engine import tiny_models

TEXT = {"type": "string"}
MAYBE = {"anyOf": [TEXT, {"type": "null"}], "default": None}
TOOL = ToolSpec(
    "look",
    "Looks.",
    {
        "type": "object",
        "properties": {
            "path": TEXT,
            "symbol": TEXT,
            "other": MAYBE,
            "paths": {"type": "array", "items": TEXT},
            "target": TEXT,
            "free": TEXT,
        },
    },
    {"path": "path", "symbol": "symbol", "other": "path", "paths": "path", "target": "test"},
)
ALL = Candidates(
    ["src", "src/a.py", "src/deep", "src/deep/b.py", "build", 'q"uo\\te', "café 😀.py", "two\nlines"],
    ["build"],
    ["Ledger", "post", "länge"],
)


@pytest.fixture(scope="module")
def tokenizer() -> ModelTokenizer:
    backend = tiny_models.build_tokenizer("<|im_end|>", ("<|im_start|>",), ())
    return ModelTokenizer(backend, [0], backend.get_vocab_size())


def written(wire_format, name: str, value: object) -> str:
    if isinstance(wire_format, XmlCalls):
        text = value if isinstance(value, str) else json.dumps(value)
        return f"\n<function=look>\n<parameter={name}>\n{text}\n</parameter>\n</function>\n</tool_call>"
    arguments = json.dumps({name: value}, ensure_ascii=False)
    key = wire_format.arguments_key
    return f'{wire_format.opening}look", "{key}": {arguments}}}' + (
        f"\n{wire_format.end_mark}" if wire_format.end_mark else ""
    )


@pytest.fixture
def lets_through(tokenizer):
    def check(wire_format, name: str, value: object, candidates: Candidates = ALL) -> bool:
        grammar = wire_format.grammar([TOOL], json.dumps, candidates)
        state = GrammarCompiler(tokenizer).start(grammar)
        text = written(wire_format, name, value)
        try:
            state.take(tokenizer.encode(text))
        except GrammarError:
            return False
        assert wire_format.parse(text, {"look": TOOL}) == ("look", {name: value})
        return True

    return check


FORMATS = [XmlCalls(), JsonCalls(), LLAMA_CALLS]


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("path", "."),
        ("path", "./"),
        ("path", "src"),
        ("path", "src/"),
        ("path", "./src/a.py"),
        ("path", "src/deep/"),
        ("path", 'q"uo\\te'),
        ("path", "café 😀.py"),
        ("path", "build/"),
        ("path", "build/any/thing at all.txt"),
        ("symbol", "Ledger"),
        ("symbol", "Ledger.post.länge"),
        ("other", None),
        ("other", "src"),
        ("paths", []),
        ("paths", ["src", "src/a.py"]),
        ("target", ""),
        ("target", "post"),
        ("target", "src/a.py"),
        ("target", "src/a.py::TestIt::test[it-é]"),
        ("free", "whatever \u00e9"),
    ],
)
def test_what_can_be_named_is_let_through(wire_format, name, value, lets_through) -> None:
    assert lets_through(wire_format, name, value)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("path", ""),
        ("path", "src/b.py"),
        ("path", "src/a.pyx"),
        ("path", "src/a"),
        ("path", "src/a.py/"),
        ("symbol", "Led"),
        ("symbol", "Ledgerpost"),
        ("symbol", "Ledger."),
        ("symbol", "Ledger.pos"),
        ("other", "nowhere"),
        ("paths", ["src", "nowhere"]),
        ("target", "src/b.py::test"),
        ("target", "posts"),
    ],
)
def test_what_there_is_not_is_ruled_out(wire_format, name, value, lets_through) -> None:
    assert not lets_through(wire_format, name, value)


@pytest.mark.parametrize("wire_format", FORMATS)
def test_unknown_kinds_of_names_are_free(wire_format, lets_through) -> None:
    only_words = Candidates(None, [], ["Ledger"])
    assert lets_through(wire_format, "path", "any/where.py", only_words)
    assert lets_through(wire_format, "target", "any/where.py", only_words)
    assert not lets_through(wire_format, "symbol", "any", only_words)
    assert lets_through(wire_format, "symbol", "any.thing", Candidates(["src"], [], None))


@pytest.mark.parametrize("wire_format", FORMATS)
def test_every_single_byte_leads_to_the_end(wire_format, tokenizer) -> None:
    """A model may spell what it names in any way, half characters included, and can always go on."""
    state = GrammarCompiler(tokenizer).start(wire_format.grammar([TOOL], json.dumps, ALL))
    for byte in written(wire_format, "path", "café 😀.py").encode():
        (token,) = tokenizer.grammar_vocabulary.tokenize_bytes(bytes([byte]))
        state.take([token])
        assert any(state.allowed())


def test_grammar_that_is_not_ready_or_fails_changes_nothing(tokenizer) -> None:
    compiler = GrammarCompiler(tokenizer)
    waiting, nothing, broken, bug = (
        HeldGrammar(lambda: None),
        HeldGrammar(lambda: None),
        HeldGrammar(lambda: "start: missing"),
        HeldGrammar(lambda: str(1 // 0)),
    )
    for held in (nothing, broken, bug):
        compiler.compile_beside(held)
        compiler.wait()
    for held in (waiting, nothing, broken, bug):
        state = compiler.start('start: "a"', held=held)
        assert state.allowed()[tokenizer.encode("a")[0]]


def test_grammar_that_is_ready_is_followed(tokenizer) -> None:
    compiler = GrammarCompiler(tokenizer)
    held = HeldGrammar(lambda: 'start: "xb"')
    compiler.compile_beside(held)
    compiler.wait()
    state = compiler.start('start: "xa" | "xb"', b"x", held)
    assert state.forced_tokens() == tokenizer.encode("b")
