"""What a type checker finds in a program, said so that its author can mend it; doubts are left out.

A program is stopped before it runs only for what would fail in any case: an argument that a tool does not take, a field
that a result does not have, a name that is not there. What may well work (a value that could be None, a union, an
annotation that is not kept) is not told at all.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from punie_tools.code.hints import name_hint
from punie_tools.code.stubs import SandboxStub

_CERTAIN = re.compile(r"(?:Literal\[[^|]*\]|(?:list|dict|set|tuple)\[.*\]|\w+)")
_PLAIN_NAMES = frozenset({"str", "int", "float", "bool"})
_READABLE_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"})
_CONTAINER = re.compile(r"(list|dict|set|tuple)\[(.*)\]")


@dataclass(frozen=True)
class _Finding:
    """`source` is the text of the program that it is about."""

    message: str
    line: int
    source: str


def certain_mistake(findings: Sequence[Mapping[str, Any]], code: str, stub: SandboxStub) -> str:
    """The first finding that is certainly a mistake, as one line; empty if there is none.

    `findings` are ty's, in ruff's JSON form.
    """
    lines = code.splitlines()
    for found in sorted(findings, key=_order):
        explain = _EXPLANATIONS.get(str(found["code"]))
        finding = _Finding(str(found["message"]), found["location"]["row"], _source(lines, found))
        if explain and (told := explain(finding, stub)):
            return f"line {finding.line}: {told}"
    return ""


def _order(found: Mapping[str, Any]) -> tuple[int, bool, int]:
    """As in the program; an argument is missing because another name was written for it, which says more."""
    place: Mapping[str, int] = found["location"]
    return place["row"], found["code"] == "missing-argument", place["column"]


def _source(lines: list[str], found: Mapping[str, Any]) -> str:
    """Only of findings on one line; others are long enough."""
    start: dict[str, int] = found["location"]
    end: dict[str, int] = found["end_location"]
    if start["row"] != end["row"] or start["row"] > len(lines):
        return ""
    return lines[start["row"] - 1][start["column"] - 1 : end["column"] - 1]


def _attribute(finding: _Finding, stub: SandboxStub) -> str:
    if union := re.fullmatch(r"Attribute `(\w+)` is not defined on `(\w+)` in union `(.*)`", finding.message):
        others = set(union[3].split(" | ")) - {"None", union[2]}
        return _no_field(union[2], union[1], stub) if union[2] in stub.fields and not others else ""
    found = re.fullmatch(r"Object of type `(.*)` has no attribute `(\w+)`", finding.message)
    if not found:
        return ""
    # No member of the union has it; None, whose like a program tests for, is not what the author meant.
    owner = " | ".join(member for member in found[1].split(" | ") if member != "None")
    return _no_field(owner, found[2], stub) if _is_certain(owner, stub) else ""


def _no_field(owner: str, name: str, stub: SandboxStub) -> str:
    if fields := stub.fields.get(owner):
        return f"`{owner}` has no `{name}`{_nearest(name, fields, 'it has')}"
    container = _CONTAINER.fullmatch(owner)
    if container and name in stub.fields.get(container[2], {}):
        return f"`{owner}` has no `{name}`; each `{container[2]}` in it has."
    return f"`{owner}` has no `{name}`."


def _is_certain(type_name: str, stub: SandboxStub) -> bool:
    """Whether nothing but that one type can be there."""
    if not _CERTAIN.fullmatch(type_name) or " & " in type_name:
        return False
    return not type_name.isidentifier() or type_name in _PLAIN_NAMES or type_name in stub.fields


def _unknown_argument(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(r"Argument `(\w+)` does not match any known parameter of function `(\w+)`", finding.message)
    if not found or found[2] not in stub.arguments:
        return ""
    names = stub.arguments[found[2]]
    return f"{found[2]} has no argument `{found[1]}`{_nearest(found[1], names, 'its arguments are')}"


def _missing_argument(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(r"No arguments? provided for required parameters? (.*) of function `(\w+)`", finding.message)
    if not found or found[2] not in stub.arguments:
        return ""
    return f"{found[2]} needs {found[1]}."


def _too_many(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(
        r"Too many positional arguments to function `(\w+)`: expected (\d+), got (\d+)", finding.message
    )
    if not found or found[1] not in stub.arguments:
        return ""
    names = ", ".join(f"`{name}`" for name in stub.arguments[found[1]]) or "none"
    return f"{found[1]} takes at most {found[2]} arguments, not {found[3]}; its arguments are {names}."


def _argument_type(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(r"Argument to function `(\w+)` is incorrect: Expected `(.*)`, found `(.*)`", finding.message)
    if not found or not _is_certain(found[3], stub) or finding.source.startswith("*"):
        # What is unpacked is taken to be of one type, for every argument that it could be.
        return ""
    function, expected, actual = found[1], found[2], found[3]
    if function in stub.arguments:
        return (
            ""
            if _may_be_read_as(expected, actual)
            else f"{function}: {_named_argument(finding)} must be `{expected}`, not `{actual}`."
        )
    if function == "len" and actual in stub.fields:
        return f"`{actual}` has no length{_its_lists(actual, stub)}"
    return ""


def _may_be_read_as(expected: str, actual: str) -> bool:
    """Tools read a number from text and from a whole float, and a choice from any text that is one."""
    if "Literal[" in expected:
        return actual == "str"
    if "str" in expected.split(" | ") or (actual not in _PLAIN_NAMES and not actual.startswith("Literal[")):
        return False
    text = actual.removeprefix("Literal[").removesuffix("]").strip("\"'").lower()
    return actual in _PLAIN_NAMES or text in _READABLE_WORDS or text.lstrip("+-").replace(".", "", 1).isdigit()


def _named_argument(finding: _Finding) -> str:
    named = re.match(r"(\w+)\s*=(?!=)", finding.source)
    return f"argument `{named[1]}`" if named else f"`{finding.source}`" if finding.source else "an argument"


def _not_iterable(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(r"Object of type `(\w+)` is not iterable", finding.message)
    if not found or found[1] not in stub.fields:
        return ""
    return f"`{found[1]}` is not a list{_its_lists(found[1], stub)}"


def _not_subscriptable(finding: _Finding, stub: SandboxStub) -> str:
    found = re.match(r"Cannot subscript object of type `(\w+)`", finding.message)
    if not found or found[1] not in stub.fields:
        return ""
    wanted = re.search(r"\[\s*['\"](\w+)['\"]\s*\]$", finding.source)
    if wanted and wanted[1] in stub.fields[found[1]]:
        return f"`{found[1]}` is read by attribute: `.{wanted[1]}`, not `[{wanted[1]!r}]`."
    return f"`{found[1]}` is read by attribute, not by index{_its_lists(found[1], stub)}"


def _its_lists(owner: str, stub: SandboxStub) -> str:
    lists = [f"`.{name}`" for name, type_name in stub.fields[owner].items() if type_name.startswith("list[")]
    return f"; its lists are {', '.join(lists)}." if lists else "."


def _operator(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(
        r"Operator `(.*)` is not supported between (?:two )?objects of type `([^`]*)`(?: and `([^`]*)`)?",
        finding.message,
    )
    if not found:
        return ""
    left, right = found[2], found[3] or found[2]
    if not (_is_certain(left, stub) and _is_certain(right, stub)):
        return ""
    return f"`{found[1]}` does not work between `{left}` and `{right}`."


def _name(finding: _Finding, stub: SandboxStub) -> str:
    found = re.fullmatch(r"Name `(\w+)` used when not defined", finding.message)
    if not found or hasattr(builtins, found[1]):
        # What the sandbox lacks of the language it says better itself.
        return ""
    hint = name_hint(found[1], list(stub.arguments))
    return f"there is no `{found[1]}`{f'; {hint}' if hint else ''}{'' if hint.endswith('?') else '.'}"


def _nearest(name: str, names: Mapping[str, str] | Sequence[str], otherwise: str) -> str:
    if nearest := get_close_matches(name, names, n=1, cutoff=0.5):
        return f"; did you mean `{nearest[0]}`?"
    return f"; {otherwise} {', '.join(f'`{known}`' for known in names)}." if names else "."


_EXPLANATIONS: Mapping[str, Callable[[_Finding, SandboxStub], str]] = {
    "unresolved-attribute": _attribute,
    "unknown-argument": _unknown_argument,
    "missing-argument": _missing_argument,
    "too-many-positional-arguments": _too_many,
    "invalid-argument-type": _argument_type,
    "not-iterable": _not_iterable,
    "not-subscriptable": _not_subscriptable,
    "unsupported-operator": _operator,
    "unresolved-reference": _name,
}
