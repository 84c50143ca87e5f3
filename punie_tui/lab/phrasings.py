"""Hand-written phrasings: one request with slots and its calls a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.engine.nano.answers import AnswerKind
from punie_tui.engine.nano.catalogue import CATALOGUE, Argument
from punie_tui.engine.nano.programs import PROGRAMS

PHRASINGS = Path(__file__).parent / "data" / "phrasings"
UNSEEN = Path(__file__).parent / "data" / "unseen"
SLOT = re.compile(r"\{([SPNQRK])(\d?)\}")
_CALL = re.compile(r"(\w+)\((.*)\)$", re.DOTALL)
_ARGUMENT = re.compile(r"(?:^|,\s*)(\w+)=(.*?)(?=,\s*\w+=|$)", re.DOTALL)

LabelledCall = tuple[str, Mapping[str, str]]


class PhrasingError(Exception):
    """A line of the data cannot be used; the text names file and line."""


@dataclass(frozen=True)
class Phrasing:
    """`answer` is set where no tool fits. `history` are earlier turns: their calls, with the same slots."""

    prompt: str
    calls: tuple[LabelledCall, ...]
    answer: AnswerKind | None
    history: tuple[tuple[LabelledCall, ...], ...]
    source: str

    @property
    def route(self) -> str:
        """The tools in order, or `answer`: what a router has to get right."""
        return "+".join(tool for tool, _ in self.calls) or "answer"

    @property
    def slots(self) -> frozenset[str]:
        """The slots that stand in the prompt or in the history."""
        texts = [self.prompt, *(value for turn in self.history for _, call in turn for value in call.values())]
        return frozenset(match.group() for text in texts for match in SLOT.finditer(text))


def load_phrasings(directory: Path, *, validation: bool = False) -> list[Phrasing]:
    """Every training phrasing of a directory, or the validation ones, in file order. Raises PhrasingError."""
    paths = sorted(path for path in directory.glob("*.jsonl") if (path.stem == "validation") == validation)
    if not paths:
        raise PhrasingError(f"No {'validation' if validation else 'training'} phrasings (*.jsonl) in {directory}.")
    return [phrasing for path in paths for phrasing in read_phrasings(path)]


def read_phrasings(path: Path) -> Iterator[Phrasing]:
    """The phrasings of one file. Raises PhrasingError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PhrasingError(
            f"{path.name} is no UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        ) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            source = f"{path.name}:{number}"
            try:
                yield _parse(cast("dict[str, Any]", json.loads(line)), source)
            except RecursionError:
                raise PhrasingError(f"{source}: it is nested too deeply") from None
            except KeyError as error:
                raise PhrasingError(f"{source}: it lacks {error}") from None
            except (IndexError, TypeError):
                raise PhrasingError(f'{source}: it is no {{"p": REQUEST, "t": CALLS, "h": [["", CALLS]]}}') from None
            except ValueError as error:
                raise PhrasingError(f"{source}: {error}") from None


def _parse(record: dict[str, Any], source: str) -> Phrasing:
    prompt, label = str(record["p"]), str(record["t"])
    if not prompt.strip():
        raise ValueError("the request is empty")
    history = tuple(_parse_calls(str(turn[1])) for turn in record.get("h", ()) if turn[1] != "answer")
    if label.startswith("answer"):
        return Phrasing(prompt, (), _answer_kind(label), history, source)
    phrasing = Phrasing(prompt, _parse_calls(label), None, history, source)
    for _, arguments in phrasing.calls:
        for value in arguments.values():
            if unknown := [match.group() for match in SLOT.finditer(value) if match.group() not in phrasing.slots]:
                raise ValueError(f"the request lacks {unknown[0]}")
    return phrasing


def _parse_calls(label: str) -> tuple[LabelledCall, ...]:
    return tuple(_parse_call(part.strip()) for part in re.split(r";\s+(?=\w+\()", label))


def _parse_call(text: str) -> LabelledCall:
    match = _CALL.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no call")
    tool = match[1]
    arguments = {name: value.strip() for name, value in _ARGUMENT.findall(match[2])}
    known = _known_arguments(tool, arguments)
    if unknown := sorted(set(arguments) - set(known) - ({"program"} if tool == "execute_code" else set())):
        raise ValueError(f"{tool} has no argument {unknown[0]!r}")
    if missing := [name for name, argument in known.items() if argument.is_required and name not in arguments]:
        raise ValueError(f"{tool} lacks {missing[0]!r}")
    return tool, arguments


def _known_arguments(tool: str, arguments: Mapping[str, str]) -> Mapping[str, Argument]:
    if tool == "execute_code":
        if (name := arguments.get("program", "")) not in PROGRAMS:
            raise ValueError(f"there is no program {name!r}")
        return PROGRAMS[name].arguments
    if tool not in CATALOGUE:
        raise ValueError(f"there is no tool {tool!r}")
    return CATALOGUE[tool]


def _answer_kind(label: str) -> AnswerKind:
    match = re.fullmatch(r"answer\((\w+)\)", label)
    if match is None:
        raise ValueError(f"{label!r} is neither a call nor answer(KIND)")
    return AnswerKind(match[1])
