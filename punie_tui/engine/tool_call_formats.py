"""The wire formats in which models write tool calls: the grammar of each, and the way back to a call.

Text around and inside calls is written as the models were trained to, to the letter: what a grammar forces costs no
thinking, and every call can be read back without guessing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from punie_tui.engine.argument_schema import Argument, arguments_of
from punie_tui.engine.candidates import Candidates
from punie_tui.engine.held_values import HeldValues
from punie_tui.engine.protocol import ToolSpec

MarkOf = Callable[[str], str]
"""Writes a mark such as `</tool_call>` in Lark: bare where it is a token of its own, quoted where it is text."""

_NEWLINE = "\n"
_NOTHING = '""'
_FREE_ORDER_LIMIT = 5
_JSON_STYLE = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    # Without \u no half of a surrogate pair and no null character can be written.
    "json_allowed_escapes": '"\\nrt',
}


@dataclass(frozen=True)
class BegunText:
    """What is written so far of a text inside a call; `is_closed` says that nothing can be added to it.

    `ending` is the part at its end that may be the beginning of what closes it, and no part of the text.
    """

    text: str
    is_closed: bool
    ending: str = ""


class ToolCallFormat(Protocol):
    """One wire format. A call is `start`, then what `grammar` allows; `opening` is how each call goes on."""

    @property
    def start(self) -> str:
        """The text that starts a call."""
        ...

    @property
    def opening(self) -> str:
        """The text that every call has after `start`."""
        ...

    @property
    def end_mark(self) -> str:
        """The mark that ends a call, empty where there is none."""
        ...

    @property
    def ends_reply(self) -> bool:
        """Whether nothing can follow a call; such a call can only begin a reply, too."""
        ...

    def grammar(self, tools: Sequence[ToolSpec], mark: MarkOf, candidates: Candidates | None = None) -> str:
        """Lark for everything after `start`, to the end of the call. With candidates what can be is held to them."""
        ...

    def begun_text(self, written: str, tool: str, argument: str) -> BegunText | None:
        """The text of the only argument of a tool, as far as it is written after `start`; None before it begins."""
        ...

    def parse(self, written: str, tools: Mapping[str, ToolSpec]) -> tuple[str, dict[str, Any]] | None:
        """The tool and arguments of a complete call written after `start`; None while it is incomplete."""
        ...


@dataclass(frozen=True)
class XmlCalls:
    """`<tool_call>\\n<function=NAME>\\n<parameter=NAME>\\nVALUE\\n</parameter>\\n…</function>\\n</tool_call>`."""

    start: str = "<tool_call>"
    opening: str = "\n<function="
    end_mark: str = "</tool_call>"
    ends_reply: bool = False

    def grammar(self, tools: Sequence[ToolSpec], mark: MarkOf, candidates: Candidates | None = None) -> str:
        """One rule a tool, its arguments in any order."""
        held = HeldValues(candidates, _xml_text, _XML_LINE) if candidates else None
        items = HeldValues(candidates, _json_text, _JSON_CHARACTERS, "ITEM") if candidates else None
        rules = [
            f"start: {' | '.join(f'tool_{place}' for place in range(len(tools)))}",
            f"text[suffix={_quoted(_XML_VALUE_END)}]: /(?s:.*)/",
        ]
        value = partial(_xml_value, held=held, items=items)
        for place, tool in enumerate(tools):
            begin, end = _quoted(f"{self.opening}{tool.name}>\n"), _quoted("</function>\n")
            rules.append(f"tool_{place}: {begin} arguments_{place} {end} {mark(self.end_mark)}")
            rules += _argument_rules(place, arguments_of(tool), value, before="<parameter={}>\n", separator="")
        return "\n".join([*rules, *_definitions(held), *_definitions(items)])

    def begun_text(self, written: str, tool: str, argument: str) -> BegunText | None:
        """Up to the first mark of its end; a line break and what follows may begin that."""
        before = f"{self.opening}{tool}>\n<parameter={argument}>\n"
        if not written.startswith(before):
            return None
        text, found, _ = written.removeprefix(before).partition(_XML_VALUE_END)
        ending = "" if found else text[len(text) - overlap(text, _XML_VALUE_END) :]
        return BegunText(text.removesuffix(ending), bool(found), ending)

    def parse(self, written: str, tools: Mapping[str, ToolSpec]) -> tuple[str, dict[str, Any]] | None:
        """Read from the front: a value may hold the very text of the end mark."""
        if not written.endswith(self.end_mark):
            return None
        name, found, rest = written.removeprefix(self.opening).partition(">\n")
        arguments: dict[str, Any] = {}
        specified = {argument.name: argument for argument in arguments_of(tools[name])} if found else {}
        while found and rest.startswith("<parameter="):
            argument, _, value = rest.removeprefix("<parameter=").partition(">\n")
            value, found, rest = value.partition(_XML_VALUE_END)
            rest = rest.removeprefix(_NEWLINE)
            if found:
                arguments[argument] = _read_xml_value(specified[argument], value)
        return (name, arguments) if rest == f"</function>\n{self.end_mark}" else None


@dataclass(frozen=True)
class JsonCalls:
    """`<tool_call>\\n{"name": NAME, "arguments": {…}}\\n</tool_call>` (Hermes, Qwen)."""

    start: str = "<tool_call>"
    opening: str = '\n{"name": "'
    arguments_key: str = "arguments"
    end_mark: str = "</tool_call>"
    ends_reply: bool = False

    def grammar(self, tools: Sequence[ToolSpec], mark: MarkOf, candidates: Candidates | None = None) -> str:
        """One rule a tool, its arguments in any order."""
        held = HeldValues(candidates, _json_text, _JSON_CHARACTERS) if candidates else None
        value = partial(_json_value, held=held)
        end = f"{_quoted(_NEWLINE)} {mark(self.end_mark)}" if self.end_mark else ""
        rules = [f"start: {' | '.join(f'tool_{place}' for place in range(len(tools)))}"]
        for place, tool in enumerate(tools):
            begin = _quoted(f'{self.opening}{tool.name}", "{self.arguments_key}": {{')
            rules.append(f"tool_{place}: {begin} arguments_{place} {_quoted('}}')} {end}")
            rules += _argument_rules(place, arguments_of(tool), value, before='"{}": ', separator=", ")
        return "\n".join([*rules, *_definitions(held)])

    def begun_text(self, written: str, tool: str, argument: str) -> BegunText | None:
        """Up to the first quote that is not escaped; an escape that is not whole yet is left out."""
        before = f'{self.opening}{tool}", "{self.arguments_key}": {{"{argument}": "'
        if not written.startswith(before):
            return None
        found = _JSON_STRING.match(written, len(before))
        assert found is not None  # it matches nothing, too
        return BegunText(json.loads(f'"{found.group()}"', strict=False), written[found.end() :].startswith('"'))

    def parse(self, written: str, tools: Mapping[str, ToolSpec]) -> tuple[str, dict[str, Any]] | None:
        """Read the JSON; a string inside it may hold the very text of the end mark."""
        if not written.endswith(self.end_mark or "}"):
            return None
        text = written.removesuffix(self.end_mark)
        try:
            call = cast("dict[str, Any]", json.loads("{" + text if self.start == "{" else text))
        except ValueError:
            return None
        return str(call["name"]), dict(call[self.arguments_key])


LLAMA_CALLS = JsonCalls(start="{", opening='"name": "', arguments_key="parameters", end_mark="", ends_reply=True)
"""Llama 3 writes a bare JSON object as its whole reply; `start` is its brace."""


def detect_format(chat_template: str) -> ToolCallFormat | None:
    """The wire format that a chat template teaches; None where it teaches none that punie speaks."""
    if "<tool_call>" in chat_template and "<function=" in chat_template:
        return XmlCalls()
    if "<tool_call>" in chat_template and "<arg_key>" not in chat_template:
        return JsonCalls()
    if "ipython" in chat_template and '"parameters"' in chat_template:
        return LLAMA_CALLS
    return None


_XML_VALUE_END = "\n</parameter>"
_XML_LINE = r"[^\n]*"
_JSON_CHARACTERS = r"([^\"\\\x00-\x1f]|\\[\"\\nrt])*"
_JSON_STRING = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_UNSAID_IN_JSON = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def _xml_text(text: str) -> str | None:
    return None if "\n" in text else text


def _json_text(text: str) -> str | None:
    return None if _UNSAID_IN_JSON.search(text) else json.dumps(text, ensure_ascii=False)[1:-1]


def _definitions(held: HeldValues | None) -> Iterator[str]:
    return held.definitions() if held else iter(())


def _held_json(argument: Argument, held: HeldValues | None) -> str | None:
    """Lark for a held text or a list of such; None where nothing holds it."""
    if held is None or not (terminal := held.terminal(argument)):
        return None
    text = f'"\\"" {terminal} "\\""'
    return f'"[" ({text} (", " {text})*)? "]"' if argument.is_list else text


def _xml_value(argument: Argument, held: HeldValues | None, items: HeldValues | None) -> str:
    """Lark for a value with all that ends it; a list's texts are JSON here too."""
    end = _quoted(_XML_VALUE_END + _NEWLINE)
    value = _held_json(argument, items) if argument.is_list else held and held.terminal(argument)
    if value:
        return f": {value} {end}" + (f' | "null" {end}' if argument.is_nullable else "")
    null = f' | "null" {end}' if argument.is_nullable and argument.kind != "text" else ""
    match argument.kind:
        case "text":
            return f": text {_quoted(_NEWLINE)}"
        case "choice":
            return f": ({' | '.join(_quoted(value) for value in argument.choices)}) {end}{null}"
        case "boolean":
            return f": /[Tt]rue|[Ff]alse/ {end}{null}"
        case "json":
            return f": {_embedded(argument.bare_schema)} {end}{null}"


def _read_xml_value(argument: Argument, written: str) -> Any:
    if argument.is_nullable and written in ("null", "None"):
        return None
    match argument.kind:
        case "text" | "choice":
            return written
        case "boolean":
            return written.lower() == "true"
        case "json":
            return json.loads(written)


def _json_value(argument: Argument, held: HeldValues | None) -> str:
    if value := _held_json(argument, held):
        return f": {value}" + (' | "null"' if argument.is_nullable else "")
    return f": {_embedded(argument.schema)}"


def _embedded(schema: Mapping[str, Any]) -> str:
    return f"%json {json.dumps({**schema, 'x-guidance': _JSON_STYLE})}"


def overlap(text: str, mark: str) -> int:
    """How many characters at the end of `text` begin the mark."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)


def _quoted(text: str) -> str:
    return json.dumps(text)


def _argument_rules(
    place: int, arguments: Sequence[Argument], value: Callable[[Argument], str], before: str, separator: str
) -> Iterator[str]:
    """Rules that take every required argument once and every other at most once.

    Few arguments may come in any order, and there is a rule for each set of arguments that has been written. Many
    come in the order of the schema, because the number of sets doubles with each.
    """
    if not arguments:
        yield f"arguments_{place}: {_NOTHING}"
        return
    for number, argument in enumerate(arguments):
        yield f"value_{place}_{number}{value(argument)}"
    any_order = len(arguments) <= _FREE_ORDER_LIMIT
    yield f"arguments_{place}: after_{place}_0"
    waiting, seen = [0], {0}
    while waiting:
        written = waiting.pop()
        options = [_NOTHING] if _is_enough(written, arguments) else []
        for number in _next_arguments(written, arguments, any_order):
            after = written | 1 << number
            key = _quoted((separator if written else "") + before.format(arguments[number].name))
            options.append(f"{key} value_{place}_{number} after_{place}_{after}")
            if after not in seen:
                seen.add(after)
                waiting.append(after)
        yield f"after_{place}_{written}: {' | '.join(options)}"


def _is_enough(written: int, arguments: Sequence[Argument]) -> bool:
    return all(written >> number & 1 for number, argument in enumerate(arguments) if argument.is_required)


def _next_arguments(written: int, arguments: Sequence[Argument], any_order: bool) -> list[int]:
    """Which arguments may come after those in the bit set `written`."""
    if any_order:
        return [number for number in range(len(arguments)) if not written >> number & 1]
    candidates: list[int] = []
    for number in range(written.bit_length(), len(arguments)):
        candidates.append(number)
        if arguments[number].is_required:
            break
    return candidates
