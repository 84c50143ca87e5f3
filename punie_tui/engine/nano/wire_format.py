"""How calls are written where nano reads and writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from punie_tui.engine.nano.catalogue import Kind
from punie_tui.engine.nano.programs import recognise

Call = tuple[str, Mapping[str, object]]
"""A tool's name and its arguments."""

REPEATED = frozenset({Kind.PLACES, Kind.TEXTS})
"""Lists whose items are written as parameters of the same name, one after the other."""
BETWEEN = "\x1f"
"""Parts the choices of such a list, outside of the wire format."""
PLACE = re.compile(r"(?P<path>.+):(?P<line>\d+)$")
"""A file and a line of it, as a breakpoint names them."""

_SHOWN_CALL = re.compile(r"<tool_call><function=(?P<tool>\w+)>(?P<arguments>.*?)</function></tool_call>", re.DOTALL)
_SHOWN_ARGUMENT = re.compile(r"<parameter=(?P<name>\w+)>(?P<shown>.*?)</parameter>", re.DOTALL)


def names_called(tool: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The tool of a call, and the program where it runs one of nano's own."""
    known = recognise(str(arguments.get("code", ""))) if tool == "execute_code" else None
    return (tool, known[0]) if known else (tool,)


def write_call(tool: str, arguments: Mapping[str, str]) -> str:
    """A call in the wire format; the arguments as they are shown."""
    written = "".join(
        f"<parameter={name}>{each}</parameter>" for name, shown in arguments.items() for each in shown.split(BETWEEN)
    )
    return f"<tool_call><function={tool}>{written}</function></tool_call>"


def shown_calls(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The whole calls that a text holds in the wire format: each tool, and its arguments as they are shown."""
    for call in _SHOWN_CALL.finditer(text):
        shown: dict[str, str] = {}
        for each in _SHOWN_ARGUMENT.finditer(call["arguments"]):
            before = shown.get(each["name"])
            shown[each["name"]] = each["shown"] if before is None else f"{before}{BETWEEN}{each['shown']}"
        yield call["tool"], shown


def quote_for_grammar(text: str) -> str:
    """A Lark string literal."""
    return json.dumps(text, ensure_ascii=False)
