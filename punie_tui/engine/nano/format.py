"""Nano's prompt format: no tool descriptions, placeholders for names, and a reply that a grammar rules throughout."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from punie_tui.engine.nano.answers import AnswerKind, answer_sentence, plain_answer, sentence_of
from punie_tui.engine.nano.catalogue import CATALOGUE, Kind
from punie_tui.engine.nano.classifiers import Classifiers, ReplyBias, ReplyBiases
from punie_tui.engine.nano.grammar import ANSWER, reply_grammar
from punie_tui.engine.nano.label import reply_label
from punie_tui.engine.nano.lint_rules import wishes_fixes
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView, Value
from punie_tui.engine.nano.second_look import meant
from punie_tui.engine.nano.stand_ins import stand_in
from punie_tui.engine.nano.told_texts import wish_beside
from punie_tui.engine.nano.wire_format import Call, shown_calls, write_call
from punie_tui.engine.prompt_format import Constraint, EncodedPrompt, ReplyDelta, Tokenizer, new_call_id
from punie_tui.engine.protocol import Doubt, Message, Request, TextDelta, ToolCall

_CALL_END = b"</tool_call>"

_EDITS = frozenset(
    {"edit_file", "write_file", "apply_patch", "rename_symbol", "ruff_format", "ruff_check", "apply_code_action"}
)
_UNSAID: Mapping[str, Mapping[str, Value]] = {"git_stage": {"paths": ["."]}}
"""What a request means that names nothing, where the tool wants it said: "stage it all"."""
_BEGIN_OF_LINT = "<tool_call><function=ruff_check>"
_OTHERS_TOLD = 4
_LEAST_LIKELY = 0.03


@dataclass(frozen=True)
class _Weighed:
    """A decision: how many tokens stood before it, how likely the drawn one was, and what else could have come."""

    place: int
    drawn: float
    others: Sequence[tuple[int, float]]


class NanoFormat:
    """The PromptFormat of the embedded model."""

    def __init__(self, tokenizer: Tokenizer, classifiers: Classifiers | None = None) -> None:
        self._tokenizer = tokenizer
        self._biases = ReplyBiases(classifiers, tokenizer)

    def encode(self, request: Request) -> EncodedPrompt:
        """Only the last request and the calls before it are shown; results are not."""
        text, history = split_conversation(request.messages)
        view = RequestView(text, history, request.path_exists, request.path_meant)
        if view.is_cut and (wish := wish_beside(text)):
            text, view = wish, RequestView(wish, history, request.path_exists, request.path_meant)
        offered = frozenset(tool.name for tool in request.tools)
        before = history[-1] if history else ()
        decoder = NanoDecoder(self._tokenizer, view, text, offered, self._biases.of(view), before)
        begin_with = request.begin_with or _certain_begin(text, history)
        begun = self._tokenizer.encode(begin_with)
        return EncodedPrompt([*self._tokenizer.encode(view.prompt), *begun], decoder, begun)


class NanoDecoder:
    """Reads one reply; a call is given out as soon as it is closed."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        view: RequestView,
        request: str,
        offered: frozenset[str],
        bias: ReplyBias,
        before: Sequence[Call] = (),
    ) -> None:
        """`before` are the calls of the turn before this one."""
        self._tokenizer = tokenizer
        self._view = view
        self._request = request
        self._offered = offered
        self._before = before
        self._written = b""
        self._bias = bias
        self._tokens: list[int] = []
        self._weighed: list[_Weighed] = []
        self._held: list[TextDelta] = []
        self._given: list[Call | str] = []
        self._constraint = Constraint(reply_grammar(view), ends_reply=True)

    @property
    def constraint(self) -> Constraint:
        """The whole reply is one stretch."""
        return self._constraint

    @property
    def bias(self) -> Mapping[int, float]:
        """What the classifiers say, where they say anything."""
        return self._bias.after(self._tokens)

    @property
    def weighs(self) -> bool:
        """Each token that the grammar leaves open is a decision, and all of them together make the reply."""
        return True

    def weigh(self, drawn: float, others: Sequence[tuple[int, float]]) -> None:
        """Remember what else could have come here."""
        self._weighed.append(_Weighed(len(self._tokens), drawn, others))

    def refuses(self, token: int, *, strictly: bool) -> bool:
        """The grammar says it all: programs are templates."""
        return False

    def push(self, token: int) -> Sequence[ReplyDelta]:
        """A call at its closing mark, but none a second time; a sentence comes after the doubt."""
        self._tokens.append(token)
        self._written += self._tokenizer.token_bytes(token)
        if self._written.endswith(_CALL_END):
            call = self._meant(read_call(self._view, self._take()))
            offered = None
            if call and call not in self._given:
                offered = TextDelta(sentence_of(call)) if isinstance(call, str) else self._offer(*call)
                self._given.append(call)
            if isinstance(offered, TextDelta):
                self._held.append(offered)
            return [offered] if isinstance(offered, ToolCall) else []
        kind = next((kind for kind in AnswerKind if self._written.endswith((ANSWER + kind.token).encode())), None)
        if kind:
            self._held.append(TextDelta(answer_sentence(kind, self._request)))
        return []

    def finish(self) -> Sequence[ReplyDelta]:
        """How sure the whole reply is, and its sentence, if it is one; an unfinished call is dropped."""
        likelihood = math.prod(weighed.drawn for weighed in self._weighed)
        return [Doubt(likelihood, reply_label(self._view, self._text(self._tokens)), self._others()), *self._held]

    def _others(self) -> tuple[str, ...]:
        """Where the likeliest other replies leave this one: one other token, after what was written before it."""
        found: list[tuple[float, str]] = []
        before = 1.0
        for weighed in self._weighed:
            written = self._text(self._tokens[: weighed.place])
            found += [(before * share, written + self._text([token])) for token, share in weighed.others]
            before *= weighed.drawn
        likely = sorted((pair for pair in found if pair[0] >= _LEAST_LIKELY), reverse=True)
        return tuple(begin for _, begin in likely[:_OTHERS_TOLD])

    def _text(self, tokens: Sequence[int]) -> str:
        return b"".join(self._tokenizer.token_bytes(token) for token in tokens).decode("utf-8", "replace")

    def _take(self) -> str:
        written, self._written = self._written.decode("utf-8", "replace"), b""
        return written

    def _meant(self, call: Call | None) -> Call | str | None:
        return meant(call, self._request, self._view.path_exists, self._before) if call else None

    def _offer(self, tool: str, arguments: Mapping[str, object]) -> TextDelta | ToolCall:
        chosen = stand_in(tool, arguments, self._offered)
        return TextDelta(chosen) if isinstance(chosen, str) else ToolCall(new_call_id(), chosen[0], chosen[1])


def split_conversation(messages: Sequence[Message]) -> tuple[str, list[list[Call]]]:
    """The last request, and the calls of each turn before it."""
    last = max((place for place, message in enumerate(messages) if message.role == "user"), default=-1)
    turns: list[list[Call]] = []
    for message in messages[: max(last, 0)]:
        if message.role == "user":
            turns.append([])
        elif message.calls:
            if not turns:
                turns.append([])
            turns[-1].extend((call.tool, call.arguments) for call in message.calls)
    return (messages[last].content if last >= 0 else ""), [turn for turn in turns if turn]


def _certain_begin(request: str, history: Sequence[Sequence[Call]]) -> str:
    """How a reply begins where code understands the request for sure; empty where the model decides."""
    if kind := plain_answer(request, is_after_edit=_is_after_edit(history)):
        return write_answer(kind)
    return _BEGIN_OF_LINT if wishes_fixes(request) else ""


def _is_after_edit(history: Sequence[Sequence[Call]]) -> bool:
    """Whether a wish to undo can mean edits alone, which the app itself takes back, and no staging or commit."""
    return not history or any(tool in _EDITS for tool, _ in history[-1])


def write_reply(view: RequestView, calls: Sequence[Call]) -> str | None:
    """The reply that makes these calls, as training wants it; None when the view cannot say one of the values."""
    written = [_write_known_call(view, tool, arguments) for tool, arguments in calls]
    return "".join(call for call in written if call) if all(written) else None


def write_answer(kind: AnswerKind) -> str:
    """The reply that says a sentence."""
    return ANSWER + kind.token


def read_call(view: RequestView, text: str) -> Call | None:
    """The call that a piece of a reply makes; None when it is none, or holds a choice that stands for nothing."""
    found = next(shown_calls(text), None)
    if found is None:
        return None
    tool, shown = found
    if tool == "execute_code":
        return _read_program(view, shown)
    values = _read_values(view, {name: argument.kind for name, argument in CATALOGUE[tool].items()}, shown)
    if values is None:
        return None
    values = {**_UNSAID.get(tool, {}), **values}
    if tool != "write_file":  # which makes what is not there
        values = {name: view.in_tree(CATALOGUE[tool][name].kind, value) for name, value in values.items()}
    return tool, values


def _write_known_call(view: RequestView, tool: str, arguments: Mapping[str, object]) -> str | None:
    if tool == "execute_code":
        program = PROGRAMS[str(arguments["program"])]
        rest = {name: value for name, value in arguments.items() if name != "program"}
        kinds = {name: argument.kind for name, argument in program.arguments.items()}
        shown = {"code": f" {program.name}"}
    else:
        rest, kinds, shown = arguments, {name: argument.kind for name, argument in CATALOGUE[tool].items()}, {}
    for name, kind in kinds.items():
        if name in rest:
            if (choice := view.choice(kind, rest[name])) is None:
                return None
            shown[name] = choice
    return write_call(tool, shown)


def _read_program(view: RequestView, shown: dict[str, str]) -> Call | None:
    program = PROGRAMS[shown.pop("code").strip()]
    values = _read_values(view, {name: argument.kind for name, argument in program.arguments.items()}, shown)
    if values is None:
        return None
    values = {name: view.in_tree(program.arguments[name].kind, value) for name, value in values.items()}
    return "execute_code", {"code": program.write(values)}


def _read_values(view: RequestView, kinds: Mapping[str, Kind], shown: Mapping[str, str]) -> dict[str, Value] | None:
    values: dict[str, Value] = {}
    for name, choice in shown.items():
        value = view.value(kinds[name], choice)
        if value is None:
            return None
        values[name] = value
    return values
