"""Evaluation cases: one JSON object a line, and when a case counts as passed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

_NEARLY = 0.7


class SuiteError(Exception):
    """A suite cannot be read; the text names the file, the line and what is wrong."""


class _Model(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class ExpectedCall(_Model):
    """A call of an earlier turn."""

    tool: str
    arguments: dict[str, Any] = {}


class EarlierTurn(_Model):
    prompt: str
    calls: tuple[ExpectedCall, ...] = ()


class Expectation(_Model):
    """`answer` passes when no tool is called; `tools` when the names, arguments and fields fit.

    What the turn says in the end must hold each text of `says`, in any case; there is an answer with `--run` alone.
    """

    kind: Literal["answer", "tools"]
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    arguments: dict[str, dict[str, Any]] = {}
    fields: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


class Case(_Model):
    """A case; what else stands in its line, such as a note, is nobody's business here."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    id: str
    category: str
    prompt: str
    expect: Expectation
    history: tuple[EarlierTurn, ...] = ()


@dataclass(frozen=True)
class ObservedCall:
    """A call as it was made, alone or inside a program."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """All that one reply did: its calls in order, and the fields that its programs read."""

    calls: tuple[ObservedCall, ...]
    fields_read: frozenset[str] = frozenset()


def load_suite(path: Path) -> list[Case]:
    """Read all cases. Raises SuiteError for a missing file, a broken line or an id that stands twice."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise SuiteError(f"{path}: there is no such suite.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read ({error}).") from None
    cases = [_parse_case(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not cases:
        raise SuiteError(f"{path}: holds no case.")
    ids = [case.id for case in cases]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise SuiteError(f"{path}: the id {twice!r} stands twice.")
    return cases


def _parse_case(path: Path, number: int, line: str) -> Case:
    try:
        return Case.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise SuiteError(f"{path}:{number}: is not JSON ({error.msg}).") from None
    except RecursionError:
        raise SuiteError(f"{path}:{number}: is nested too deeply.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise SuiteError(f"{path}:{number}: {where}: {first['msg'].lower()}.") from None


def why_not_passed(expect: Expectation, observed: Observed) -> str:
    """Empty if the case passes, else the kind of the error and what was wrong."""
    called = [call.tool for call in observed.calls]
    if expect.kind == "answer":
        return f"over-eager: called {', '.join(called)}" if called else ""
    if not called and (expect.all or expect.any):
        return "too shy: no tool was called"
    if missing := [name for name in expect.all if name not in called]:
        return f"wrong tool: {', '.join(missing)} missing, called {', '.join(called)}"
    if expect.any and not set(expect.any) & set(called):
        return f"wrong tool: none of {', '.join(expect.any)}, called {', '.join(called)}"
    if unwanted := [name for name in expect.none if name in called]:
        return f"wrong tool: {', '.join(unwanted)} should not be called"
    for tool, wanted in expect.arguments.items():
        if reason := _why_arguments_differ(tool, wanted, [call for call in observed.calls if call.tool == tool]):
            return reason
    if expect.fields and not set(expect.fields) & observed.fields_read:
        read = ", ".join(sorted(observed.fields_read)) or "none"
        return f"wrong field: none of {', '.join(expect.fields)} was read (read: {read})"
    return ""


def _why_arguments_differ(tool: str, wanted: Mapping[str, Any], calls: Sequence[ObservedCall]) -> str:
    """A tool with arguments that was offered by `any` only and not called is not held against the case."""
    if not calls or any(_holds(call.arguments, wanted) for call in calls):
        return ""
    given = dict(calls[0].arguments)
    name = next((name for name, value in wanted.items() if not _is_same(given.get(name), value)), "arguments")
    kind = "miscopied" if _is_nearly(given.get(name), wanted.get(name)) else "wrong argument"
    return f"{kind}: {tool}({name}={given.get(name)!r}) instead of {wanted.get(name)!r}"


def _is_nearly(given: Any, wanted: Any) -> bool:
    """Whether a text was meant and copied badly: cut short, too long, or with other letters in it."""
    if not (isinstance(given, str) and isinstance(wanted, str) and given and wanted):
        return False
    return given in wanted or wanted in given or SequenceMatcher(None, given, wanted).ratio() >= _NEARLY


def why_not_said(expect: Expectation, answer: str) -> str:
    """Empty if the answer of a turn that was run to its end holds what it has to."""
    missing = [text for text in expect.says if text.casefold() not in answer.casefold()]
    return f"wrong answer: it does not say {missing[0]!r}" if missing else ""


def _holds(arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(name in arguments and _is_same(arguments[name], value) for name, value in wanted.items())


def _is_same(given: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(given, bool):
        return given is wanted
    if isinstance(given, str) and isinstance(wanted, str):
        return _plain_path(given) == _plain_path(wanted)
    return given == wanted


def _plain_path(text: str) -> str:
    """Without `./` before and `/` behind; other texts are not changed by it."""
    while text.startswith("./") and len(text) > 2:
        text = text[2:]
    return text.rstrip("/") if len(text) > 1 else text
