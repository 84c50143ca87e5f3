"""The calls of the turns before a request, as nano reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from punie_tui.engine.nano.candidates import Candidate, CandidateKind, PathExists, find_candidates
from punie_tui.engine.nano.catalogue import CATALOGUE, CONSTANTS, Argument, Kind
from punie_tui.engine.nano.placeholders import Placeholders, fits
from punie_tui.engine.nano.programs import PROGRAMS, recognise
from punie_tui.engine.nano.wire_format import BETWEEN, PLACE, REPEATED, Call, write_call

_KIND_OF_ITEMS: Mapping[Kind, Kind] = {
    Kind.PATHS: Kind.PATH,
    Kind.TEXTS: Kind.TEXT,
    Kind.WORDS: Kind.TEXT,
}
_HISTORY_KINDS: Mapping[Kind, CandidateKind] = {
    Kind.PATH: CandidateKind.FOLDER,
    Kind.TARGET: CandidateKind.FOLDER,
    Kind.SYMBOL: CandidateKind.SYMBOL,
    Kind.TEXT: CandidateKind.QUOTE,
    Kind.GLOB: CandidateKind.GLOB,
    Kind.NUMBER: CandidateKind.NUMBER,
    Kind.REVISION: CandidateKind.REVISION,
    Kind.BASE: CandidateKind.REVISION,
}


class TurnWriter:
    """Shows calls with placeholders for their values."""

    def __init__(self, placeholders: Placeholders, path_exists: PathExists) -> None:
        self._placeholders = placeholders
        self._path_exists = path_exists

    def turn(self, calls: Sequence[Call]) -> str:
        """One turn; empty where none of its calls can be shown."""
        shown = "".join(self._call(tool, arguments) for tool, arguments in calls)
        return f"<|im_start|>assistant{shown}<|im_end|>" if shown else ""

    def _call(self, tool: str, arguments: Mapping[str, object]) -> str:
        if tool == "execute_code":
            return self._program(arguments)
        if tool not in CATALOGUE:
            return ""
        return write_call(tool, self._arguments(CATALOGUE[tool], arguments))

    def _program(self, arguments: Mapping[str, object]) -> str:
        """One of nano's own by its name and arguments; of any other, only that there was one."""
        known = recognise(str(arguments.get("code", "")))
        if known is None:
            return write_call("execute_code", {})
        name, values = known
        shown = self._arguments(PROGRAMS[name].arguments, values)
        return write_call("execute_code", {"code": f" {name}", **shown})

    def _arguments(self, known: Mapping[str, Argument], arguments: Mapping[str, object]) -> dict[str, str]:
        shown: dict[str, str] = {}
        for name, argument in known.items():
            value = arguments.get(name)
            if not value or (name == "start_line" and value == 1):
                continue
            values = cast("list[object]", value) if isinstance(value, list) else [value]
            if argument.kind is Kind.WORDS:
                values = [" ".join(map(str, values))]
            kind = _KIND_OF_ITEMS.get(argument.kind, argument.kind)
            texts = [self._value(kind, str(item)) for item in values]
            if text := (BETWEEN if argument.kind in REPEATED else "").join(filter(None, texts)):
                shown[name] = text
        return shown

    def _value(self, kind: Kind, value: str) -> str | None:
        if kind is Kind.FLAG:
            return " true"
        if kind is Kind.PLACES:
            if (place := PLACE.match(value)) is None:
                return self._value(Kind.SYMBOL, value)
            parts = ((Kind.PATH, place["path"]), (Kind.NUMBER, place["line"]))
            return "".join(filter(None, (self._value(part, text) for part, text in parts)))
        if kind not in _HISTORY_KINDS:
            return f" {value}" if value in CONSTANTS.get(kind, ()) else None
        if kind is Kind.PATH and value.strip("./") == "":
            return None
        looks = _HISTORY_KINDS[kind]
        if kind in (Kind.PATH, Kind.TARGET):
            found = find_candidates(value, self._path_exists)
            looks = found[0].kind if len(found) == 1 and fits(kind, found[0]) else looks
        return self._placeholders.name_of(Candidate(looks, value, 0, 0))
