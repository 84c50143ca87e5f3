"""The grammar of nano's reply to one request: which calls it may write, with which candidates in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from punie_tui.engine.nano.answers import AnswerKind
from punie_tui.engine.nano.catalogue import CATALOGUE, CONSTANTS, Argument, Kind
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import BEFORE, RequestView, SpanItem
from punie_tui.engine.nano.wire_format import REPEATED, quote_for_grammar

ANSWER = "<|answer|>"
MOST_CALLS = 4
_MOST_ITEMS = 3


def reply_grammar(view: RequestView) -> str:
    """Lark in llguidance's dialect, special tokens written bare."""
    return "\n".join([*_reply_rules(), *_tool_rules(), *_program_rules(), *_value_rules(view)])


def _reply_rules() -> Iterator[str]:
    calls = "call"
    for _ in range(MOST_CALLS - 1):
        calls = f"call ({calls})?" if calls != "call" else "call (call)?"
    yield f"start: {calls} | {ANSWER} answer"
    yield "answer: " + " | ".join(kind.token for kind in AnswerKind)
    names = [f"f_{tool}" for tool in CATALOGUE] + ["f_execute_code"]
    yield "call: <tool_call> (" + " | ".join(names) + ") </tool_call>"


def _tool_rules() -> Iterator[str]:
    for tool, arguments in CATALOGUE.items():
        yield f"f_{tool}: <function={tool}> {_parameters(arguments)} </function>"


def _program_rules() -> Iterator[str]:
    yield "f_execute_code: <function=execute_code> <parameter=code> program </function>"
    forms = [
        f"{quote_for_grammar(' ' + program.name)} </parameter> {_parameters(program.arguments)}"
        for program in PROGRAMS.values()
    ]
    yield "program: " + " | ".join(forms)


def _parameters(arguments: Mapping[str, Argument]) -> str:
    return " ".join(_parameter(name, argument) for name, argument in arguments.items())


def _parameter(name: str, argument: Argument) -> str:
    written = f"<parameter={name}> {argument.kind.value} </parameter>"
    if argument.kind in REPEATED:
        for _ in range(_MOST_ITEMS - 1):
            written = f"<parameter={name}> {argument.kind.value} </parameter> ({written})?"
    return written if argument.is_required else f"({written})?"


_COMPOUND = {
    Kind.PATHS: "path path? path? path?",
    Kind.PLACES: "path number | symbol",
    Kind.TEXTS: "text",
    Kind.WORDS: "text",
    Kind.BASE: "revision revision?",
}


def _value_rules(view: RequestView) -> Iterator[str]:
    for kind, rule in _COMPOUND.items():
        yield f"{kind.value}: {rule}"
    for kind in Kind:
        if kind in _COMPOUND:
            continue
        choices = [
            *view.placeholders(kind),
            *(quote_for_grammar(word) for word in view.words(kind)),
            *(quote_for_grammar(f" {constant}") for constant in CONSTANTS.get(kind, ())),
        ]
        if kind is Kind.REVISION:
            choices += [f"{name.removesuffix(BEFORE)} {quote_for_grammar(BEFORE)}" for name in view.revisions_before]
        if kind is Kind.TARGET:
            choices += [
                f"{file} {test}" for file in view.placeholders(kind) for test in view.placeholders(kind) if file != test
            ]
        if items := view.items(kind):
            choices.append("span")
            yield from _span_rules(items)
        # A kind without any candidate must still have a rule; what it writes then is dropped as no value.
        yield f"{kind.value}: " + (" | ".join(choices) or '" none"')


def _span_rules(items: Sequence[SpanItem]) -> Iterator[str]:
    """Any run of neighbouring items that cuts no word in two and is more than `how`; as many rules as items."""
    last = len(items) - 1
    written = [item.shown if item.shown.startswith("<|") else quote_for_grammar(item.shown) for item in items]
    starts = [
        f"s{place}" if item.may_stand_alone else f"{written[place]} s{place + 1}"
        for place, item in enumerate(items)
        if not (place and items[place - 1].goes_on) and (item.may_stand_alone or place < last)
    ]
    yield "span: " + " | ".join(starts or ['" none"'])
    for place, item in enumerate(items):
        more = "" if place == last else f" s{place + 1}" if item.goes_on else f" s{place + 1}?"
        yield f"s{place}: {written[place]}{more}"
