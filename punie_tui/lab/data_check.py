"""Faults of the data: labels no view can say, duplicates, contradictions, leaks, tools with few phrasings."""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.lab.examples import UnsayableError, make_example
from punie_tui.lab.phrasings import SLOT, LabelledCall, Phrasing

_TRIES = 8
_WORDS_OF_A_LEAK = 4
_WORDS_TO_COMPARE = 5
_SHARED_WORDS = 0.85
"""Of the words of both together: one in seven may differ, so that no `please` and no other order makes a line new."""


@dataclass(frozen=True)
class Fault:
    """One line that must not stay as it is."""

    source: str
    problem: str


@dataclass(frozen=True)
class Line:
    """What the checks see of a phrasing or of a chat example.

    Two lines have the same `reply` where the same calls, or the same kind of words, are to come of them; and the same
    `before` where they come after the same turns.
    """

    prompt: str
    reply: str
    before: str
    source: str


def find_faults(
    training: Sequence[Phrasing], validation: Sequence[Phrasing], evaluations: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """All faults. `evaluations` are the prompts of each evaluation file, of which validation may hold none either."""
    trained, validated = [*map(_as_line, training)], [*map(_as_line, validation)]
    evaluated = requests_of(evaluations)
    return [
        *_unsayable([*training, *validation]),
        *find_copies(trained, validated),
        *find_leaks(trained, [*lines_of_validation(validated), *evaluated]),
        *find_leaks(validated, evaluated),
    ]


def find_copies(training: Sequence[Line], validation: Sequence[Line]) -> list[Fault]:
    """Lines that repeat or contradict one before, by normalised text, or hardly differ from one."""
    return [
        *_contradictions([*training, *validation]),
        *(fault for lines in (training, validation) for fault in (*_duplicates(lines), *_near_duplicates(lines))),
    ]


def find_leaks(trained: Sequence[Line], held_out: Sequence[tuple[str, str]]) -> list[Fault]:
    """Lines with the words, or nearly the words, of a held-out request. Each comes after what it is of."""
    return [*_leaks(trained, held_out), *_near_leaks(trained, held_out)]


def requests_of(evaluations: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The prompts of evaluation files, as requests that are held out."""
    return [(f"a case of {name}", prompt) for name, prompts in evaluations.items() for prompt in prompts]


def lines_of_validation(lines: Iterable[Line]) -> list[tuple[str, str]]:
    """The same of lines to validate with."""
    return [(f"validation line {line.source}", line.prompt) for line in lines]


def find_scarce(training: Iterable[Phrasing], at_least: int) -> list[Fault]:
    """The tools, programs, and answers, with fewer phrasings than that."""
    phrasings = list(training)
    counts = count_routes(phrasings) + Counter(
        call["program"] for phrasing in phrasings for tool, call in phrasing.calls if tool == "execute_code"
    )
    return [
        Fault(route, f"{counts[route]} phrasings, fewer than {at_least}")
        for route in sorted([*CATALOGUE, "execute_code", "answer", *PROGRAMS])
        if counts[route] < at_least
    ]


def count_routes(phrasings: Iterable[Phrasing]) -> Counter[str]:
    """How many phrasings each tool has; `answer` and `follow-up` count as one each."""
    counts: Counter[str] = Counter()
    for phrasing in phrasings:
        for route in {tool for tool, _ in phrasing.calls} or {"answer"}:
            counts[route] += 1
        counts["follow-up"] += bool(phrasing.history)
    return counts


def prompts_of_suite(path: Path) -> list[str]:
    """The prompts of an evaluation file, or of phrasings that are held out. Raises ValueError with its line."""
    prompts: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                case = cast("dict[str, Any]", json.loads(line))
                prompts.append(str(case["prompt"] if "prompt" in case else case["p"]))
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}:{number} is no case of a suite") from None
    return prompts


def _unsayable(phrasings: Iterable[Phrasing]) -> Iterator[Fault]:
    """Phrasings whose label the view cannot say in most fillings."""
    for phrasing in phrasings:
        # By its own words, so that no other line decides what this one is filled with.
        rng = random.Random(phrasing.prompt)
        failed = ""
        for _ in range(_TRIES):
            try:
                make_example(phrasing, rng)
                break
            except UnsayableError as error:
                failed = str(error)
        else:
            yield Fault(phrasing.source, failed.split(": ", 1)[1])


def _as_line(phrasing: Phrasing) -> Line:
    reply = as_text([phrasing.calls]) if phrasing.calls else str(phrasing.answer)
    return Line(phrasing.prompt, reply, as_text(phrasing.history), phrasing.source)


def as_text(turns: Sequence[Sequence[LabelledCall | tuple[str, Mapping[str, Any]]]]) -> str:
    """The same for the same calls, in whatever order their arguments are written."""
    return json.dumps([[[tool, dict(arguments)] for tool, arguments in calls] for calls in turns], sort_keys=True)


def _contradictions(lines: Iterable[Line]) -> Iterator[Fault]:
    for line, first in _after_same_words(lines):
        if first.reply != line.reply:
            yield Fault(line.source, f"{line.prompt!r} has another label in {first.source}")


def _duplicates(lines: Iterable[Line]) -> Iterator[Fault]:
    for line, first in _after_same_words(lines):
        if first.reply == line.reply:
            yield Fault(line.source, f"{line.prompt!r} stands in {first.source} already")


def _after_same_words(lines: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
    """Each line that says what another one before it says after the same turns, and the first that did."""
    known: dict[tuple[str, str], Line] = {}
    for line in lines:
        first = known.setdefault((normalised(line.prompt), line.before), line)
        if first is not line:
            yield line, first


def _leaks(trained: Sequence[Line], held_out: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Lines with the wording of a held-out request, also after other turns; very short ones are common property."""
    wordings = _Wordings(trained)
    for name, prompt in held_out:
        if _is_long(prompt):
            for twin in wordings.of(prompt):
                yield Fault(twin.source, f"{twin.prompt!r} is {name}")


def _near_duplicates(lines: Sequence[Line]) -> Iterator[Fault]:
    """Lines that differ from one before in a word or in order only, where the same is wanted after the same turns.

    Where something else is wanted a small difference is the point of the line.
    """
    near = _NearWordings(lines)
    for number, line in enumerate(lines):
        for twin in near.of(line.prompt, until=number):
            is_same = normalised(twin.prompt) == normalised(line.prompt)
            if twin.reply == line.reply and twin.before == line.before and not is_same:
                yield Fault(line.source, f"{line.prompt!r} is hardly other than {twin.source}: {twin.prompt!r}")
                break


def _near_leaks(trained: Sequence[Line], held_out: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Lines with nearly the words of a held-out request."""
    near = _NearWordings(trained)
    for name, prompt in held_out:
        for twin in near.of(prompt):
            yield Fault(twin.source, f"{twin.prompt!r} has nearly the words of {name}: {prompt!r}")


class _Wordings:
    """Finds the lines that say a text word for word, with any one word in each slot."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            self._lines[normalised(line.prompt)].append(line)
        self._patterns: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        found = [(text, _plain_words(text)) for text, same in self._lines.items() if _has_slot(same)]
        counts = Counter(word for _, words in found for word in words)
        for text, words in found:
            if words:
                # Under its rarest word alone: there are some ten thousands.
                self._patterns[min(words, key=lambda word: (counts[word], word))].append((text, words))

    def of(self, text: str) -> Iterator[Line]:
        """All of the same wording."""
        text = normalised(text)
        yield from self._lines.get(text, ())
        said = frozenset(text.split())
        for word in sorted(said):
            for wording, words in self._patterns.get(word, ()):
                same = self._lines[wording]
                if wording != text and words <= said and _matcher(same[0].prompt).fullmatch(text):
                    yield from same


class _NearWordings:
    """Finds the lines that share most of their words with a text; what stands in slots does not count."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._words = [_words(line.prompt) for line in lines]
        self._counts = Counter(word for words in self._words for word in words)
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(self._words):
            for word in self._telling(words):
                self._places[word].append(place)

    def of(self, text: str, until: int | None = None) -> Iterator[Line]:
        """Only lines before number `until`, where it is given."""
        words = _words(text)
        if len(words) < _WORDS_TO_COMPARE:
            return
        for place in sorted({place for word in self._telling(words) for place in self._places.get(word, ())}):
            if until is not None and place >= until:
                return
            if len(words & self._words[place]) >= _SHARED_WORDS * len(words | self._words[place]):
                yield self._lines[place]

    def _telling(self, words: frozenset[str]) -> list[str]:
        """The rarest words, so many that no near wording lacks them all: only those need to be looked up."""
        rarest = sorted(words, key=lambda word: (self._counts[word], word))
        return rarest[: len(words) - math.ceil(_SHARED_WORDS * len(words)) + 1]


def _has_slot(lines: Sequence[Line]) -> bool:
    return bool(SLOT.search(lines[0].prompt))


def _plain_words(wording: str) -> frozenset[str]:
    """Those that no slot is part of."""
    return frozenset(word for word in wording.split() if not SLOT.search(word.upper()))


def _words(text: str) -> frozenset[str]:
    return frozenset(normalised(SLOT.sub(" ", text)).split())


def _matcher(prompt: str) -> re.Pattern[str]:
    """The prompt with any one word in each slot."""
    parts = re.split(r"slot", normalised(SLOT.sub(" slot ", prompt)))
    return re.compile(r"\S+".join(re.escape(part) for part in parts))


def _is_long(prompt: str) -> bool:
    return len(SLOT.sub(" ", prompt).split()) >= _WORDS_OF_A_LEAK


def normalised(prompt: str) -> str:
    """Lower case, single blanks, no marks at the edges of words: what makes two wordings the same."""
    words = [word.strip(".,;:!?'\"`()") for word in prompt.lower().split()]
    # What is all marks, such as `?`, is told apart by them.
    return " ".join(word for word in words if word) or prompt.strip()
