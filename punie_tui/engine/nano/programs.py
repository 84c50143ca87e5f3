"""The programs nano may write: a closed set of shapes with slots, kept in `programs.toml`, so that every one runs."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from punie_tui.engine.nano.catalogue import Argument, Kind

_LITERAL = r"(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|\[[^\]\n]*\]|\w+)"
_KEYWORDS = rf"(?:\w+={_LITERAL}(?:, \w+={_LITERAL})*)?"
_KEYWORD = re.compile(rf"\w+={_LITERAL}")
_SLOT = re.compile(r"\$(\w+)")
_IN_CODE = re.compile(r"\(ARGUMENTS\)|, ARGUMENTS\)|\bNOTHING\b|\$(\w+)")
_IF_GIVEN = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Program:
    """A shape. In `code`, `ARGUMENTS` becomes the given arguments as keywords, `$name` one argument's literal."""

    name: str
    title: str
    """What a person reads in place of the name, with the arguments after it."""
    arguments: Mapping[str, Argument]
    code: str
    defaults: Mapping[str, int]
    """Values of arguments that a request leaves out, where the tool's own default would answer another question."""
    nothing: str = ""
    """The sentence that `NOTHING` in the code becomes; a part in brackets is left out where its argument is."""

    def write(self, values: Mapping[str, str | int | bool | list[str]]) -> str:
        """The program with literals in its slots."""
        given = {**values, **{name: value for name, value in self.defaults.items() if name not in values}}
        keywords = ", ".join(f"{name}={value!r}" for name, value in given.items() if f"${name}" not in self.code)

        def fill(slot: re.Match[str]) -> str:
            match slot[0]:
                case "(ARGUMENTS)":
                    return f"({keywords})"
                case ", ARGUMENTS)":
                    return f", {keywords})" if keywords else ")"
                case "NOTHING":
                    return repr(self._nothing_of(values))
                case _:
                    return repr(values[slot[1]])

        return _IN_CODE.sub(fill, self.code)

    def read(self, code: str) -> Mapping[str, object] | None:
        """The values that `write` was given to make this code; None when it makes other code."""
        found = self._pattern.fullmatch(code)
        if found is None:
            return None
        values: dict[str, object] = {}
        for name, literal in found.groupdict(default="").items():
            texts = [f"{name}={literal}"] if name in self.arguments else _KEYWORD.findall(literal)
            for text in texts:
                name, _, value = text.partition("=")
                try:
                    values[name] = ast.literal_eval(value)
                except (ValueError, SyntaxError):
                    # Somebody else's program of the same shape, with a name in place of a literal.
                    return None
        return {name: value for name, value in values.items() if value != self.defaults.get(name)}

    def _nothing_of(self, values: Mapping[str, str | int | bool | list[str]]) -> str:
        """The sentence with the arguments in it; `.`, the whole tree, says no more than no path."""

        def if_given(part: re.Match[str]) -> str:
            return (
                part[1] if all(values.get(name, ".") not in (".", "", False) for name in _SLOT.findall(part[1])) else ""
            )

        def said(slot: re.Match[str]) -> str:
            value = values[slot[1]]
            if self.arguments[slot[1]].kind is Kind.TEXT:
                return repr(value)
            return "" if value is True else str(value)

        return _SLOT.sub(said, _IF_GIVEN.sub(if_given, self.nothing))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.code).replace("NOTHING", _LITERAL)
        pattern = pattern.replace(r"\(ARGUMENTS\)", rf"\((?P<keywords>{_KEYWORDS})\)", 1)
        pattern = pattern.replace(r",\ ARGUMENTS\)", rf"(?:,\ (?P<more>{_KEYWORDS}))?\)", 1)
        pattern = pattern.replace(r"\(ARGUMENTS\)", rf"\({_KEYWORDS}\)")
        pattern = pattern.replace(r",\ ARGUMENTS\)", rf"(?:,\ {_KEYWORDS})?\)")
        for name in self.arguments:
            pattern = pattern.replace(rf"\${name}", f"(?P<{name}>{_LITERAL})", 1)
            pattern = pattern.replace(rf"\${name}", f"(?P={name})")
        return re.compile(pattern)


def recognise(code: str) -> tuple[str, Mapping[str, object]] | None:
    """The name of the shape that a program was made from, and its arguments; None for any other code."""
    for program in PROGRAMS.values():
        if (values := program.read(code)) is not None:
            return program.name, values
    return None


def _load() -> Mapping[str, Program]:
    entries = tomllib.loads((Path(__file__).parent / "programs.toml").read_text(encoding="utf-8"))["program"]
    return {
        entry["name"]: Program(
            entry["name"],
            entry["title"],
            {
                name.removesuffix("?"): Argument(Kind(kind), is_required=not name.endswith("?"))
                for name, kind in entry.get("arguments", {}).items()
            },
            entry["code"].strip() + "\n",
            entry.get("defaults", {}),
            entry.get("nothing", ""),
        )
        for entry in entries
    }


PROGRAMS: Mapping[str, Program] = _load()
