"""From phrasings to training examples: slots filled, words varied, and read through nano's own view."""

from __future__ import annotations

import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from punie_tui.engine.nano.catalogue import CATALOGUE, Kind
from punie_tui.engine.nano.format import write_answer, write_reply
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import Call, names_called
from punie_tui.lab.augment import augment
from punie_tui.lab.phrasings import SLOT, LabelledCall, Phrasing
from punie_tui.lab.slots import fill

_JOINTS: list[str] = tomllib.loads((Path(__file__).parent / "data" / "variations.toml").read_text(encoding="utf-8"))[
    "joints"
]
_SEPARATORS = {Kind.PATHS: " ", Kind.PLACES: " ", Kind.TEXTS: " || ", Kind.WORDS: " "}
_COPIED = frozenset({Kind.TEXT, Kind.TEXTS, Kind.WORDS})
_OFTENER = 2.5
_ALIKE_BEFORE = 0.5
_FOLDERS = frozenset({"src", "tests", "docs", "lib", "app", "scripts"})


@dataclass(frozen=True)
class Example:
    """What the model reads and what it should write."""

    prompt: str
    reply: str
    route: str
    shown: str
    request: str
    calls: tuple[Call, ...]
    history: tuple[tuple[Call, ...], ...]

    @property
    def called_before(self) -> tuple[str, ...]:
        """The tools and programs that the turn before called."""
        return tuple(name for turn in self.history[-1:] for call in turn for name in names_called(*call))


class UnsayableError(Exception):
    """The view of a filled request cannot say a value of its label: a fault of the extractor or of the label."""


def make_example(phrasing: Phrasing, rng: random.Random) -> Example:
    """Fill the slots and encode. Raises UnsayableError."""
    request, values = fill(phrasing, rng)
    return encode_filled(phrasing, request, values, knows_paths=rng.random() < 0.5)


def encode_filled(phrasing: Phrasing, request: str, values: Mapping[str, str], *, knows_paths: bool) -> Example:
    """Encode the request as it was filled; the view has a tree with its paths, or none. Raises UnsayableError."""
    calls = tuple(_fill_call(call, values) for call in phrasing.calls)
    history = tuple(tuple(_as_made(_fill_call(call, values)) for call in turn) for turn in phrasing.history)
    known = paths_named(calls)
    view = RequestView(request, history, lambda path: knows_paths and path in known)
    reply = write_answer(phrasing.answer) if phrasing.answer else write_reply(view, calls)
    if reply is None:
        raise UnsayableError(f"{phrasing.source}: {request!r} cannot say {calls}")
    return Example(view.prompt, reply, phrasing.route, view.shown, request, calls, history)


def paths_named(calls: Iterable[Call]) -> frozenset[str]:
    """What the tree has to have for the calls, and the folders that most trees have."""
    return _FOLDERS | {path for _, call in calls for name, value in call.items() if (path := _as_path(name, value))}


def _as_path(name: str, value: object) -> str:
    """The path that an argument is; a test's bare name, which is a target too, is none."""
    is_path = name == "path" or (name == "target" and any(mark in str(value) for mark in "./"))
    return str(value) if is_path else ""


def _fill_call(call: LabelledCall, values: Mapping[str, str]) -> tuple[str, Mapping[str, object]]:
    tool, arguments = call
    return tool, {
        name: _typed(tool, name, SLOT.sub(lambda match: values[match.group()], value))
        for name, value in arguments.items()
    }


def _as_made(call: Call) -> Call:
    """A program of a turn before is known by its code alone."""
    tool, arguments = call
    if tool != "execute_code":
        return call
    values = {name: value for name, value in arguments.items() if name != "program"}
    program = PROGRAMS[str(arguments["program"])]
    numbers = [name for name, argument in program.arguments.items() if argument.kind is Kind.NUMBER and name in values]
    literals = {**values, **{name: int(str(values[name])) for name in numbers}}
    return tool, {"code": program.write(cast("Mapping[str, str | int]", literals))}


def _typed(tool: str, name: str, value: str) -> object:
    """A list where the tool wants one; labels write several paths or places with a blank between."""
    argument = CATALOGUE.get(tool, {}).get(name)
    separator = _SEPARATORS.get(argument.kind) if argument else None
    return value.split(separator) if separator else value


class ExampleStream:
    """Endless training examples, the same for the same seed."""

    def __init__(self, phrasings: Sequence[Phrasing], seed: int, *, evenness: float = 0.5) -> None:
        """`evenness` 0 draws every phrasing as often, 1 every route as often."""
        self._rng = random.Random(seed)
        self._phrasings = phrasings
        counts = Counter(_group(phrasing) for phrasing in phrasings)
        self._weights = [counts[_group(phrasing)] ** -evenness * _difficulty(phrasing) for phrasing in phrasings]
        self._singles = [
            phrasing
            for phrasing in phrasings
            if len(phrasing.calls) == 1
            and not phrasing.history
            and len(phrasing.prompt) < 70
            and phrasing.calls[0][0] != "execute_code"
            and not phrasing.prompt.endswith("?")
        ]
        self._alike: dict[str, list[Phrasing]] = defaultdict(list)
        for phrasing in phrasings:
            if not phrasing.history and phrasing.calls:
                self._alike[phrasing.route].append(phrasing)
        self._can_join = len({phrasing.calls[0][0] for phrasing in self._singles}) > 1

    def __iter__(self) -> Iterator[Example]:
        while True:
            for phrasing in self._rng.choices(self._phrasings, self._weights, k=256):
                try:
                    yield make_example(self._vary(phrasing), self._rng)
                except UnsayableError:
                    # A variant can break a value; the plain phrasings are checked by `punie lab data check`.
                    continue

    def _vary(self, phrasing: Phrasing) -> Phrasing:
        draw = self._rng.random()
        if draw < 0.07 and self._can_join:
            phrasing = self._join()
        elif draw < 0.2 and not phrasing.history:
            phrasing = self._give_history(phrasing)
        return augment(phrasing, self._rng) if self._rng.random() < 0.85 else phrasing

    def _join(self) -> Phrasing:
        first, second = self._rng.sample(self._singles, 2)
        while second.calls[0][0] == first.calls[0][0]:
            second = self._rng.choice(self._singles)
        if self._rng.random() < 0.7:
            first, second = augment(first, self._rng, 0.5), augment(second, self._rng, 0.5)
        second = _rename_slots(second)
        prompt = first.prompt.rstrip(".! ") + self._rng.choice(_JOINTS) + second.prompt
        return replace(first, prompt=prompt, calls=first.calls + second.calls)

    def _give_history(self, phrasing: Phrasing) -> Phrasing:
        """Turns before a request that needs none: of other tools, or of the same ones with other values.

        Without the latter, what an earlier turn named would win over a plain word of the request.
        """
        if _taken(phrasing.prompt, "7890"):
            return phrasing
        turns: list[tuple[LabelledCall, ...]] = []
        for further in self._rng.choice(((6,), (6,), (6, 8))):
            is_alike = phrasing.calls and self._rng.random() < _ALIKE_BEFORE
            others = self._alike[phrasing.route] if is_alike else self._singles
            turns.append(_rename_slots(self._rng.choice(others or [phrasing]), further).calls)
        return replace(phrasing, history=tuple(turns))


def _difficulty(phrasing: Phrasing) -> float:
    """How much oftener than others it is drawn: where a text of the request begins and ends is learned last."""
    arguments = [(tool, name) for tool, call in phrasing.calls for name in call if tool != "execute_code"]
    return _OFTENER if any(CATALOGUE[tool][name].kind in _COPIED for tool, name in arguments) else 1.0


def _group(phrasing: Phrasing) -> str:
    if phrasing.history:
        return "follow-up"
    return phrasing.route + ",".join(sorted({name for _, call in phrasing.calls for name in call}))


def _taken(prompt: str, digits: str) -> bool:
    return any(f"{digit}}}" in prompt for digit in digits)


def _rename_slots(phrasing: Phrasing, further: int = 4) -> Phrasing:
    """The same with other slots, numbered on from there, so that it can stand beside another phrasing."""

    def rename(text: str) -> str:
        return SLOT.sub(lambda match: f"{{{match[1]}{(int(match[2] or 1) + further) % 10}}}", text)

    calls = tuple((tool, {name: rename(value) for name, value in call.items()}) for tool, call in phrasing.calls)
    return replace(phrasing, prompt=rename(phrasing.prompt), calls=calls)
