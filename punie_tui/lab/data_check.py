"""Faults of the data: labels no view can say, duplicates, contradictions, leaks, tools with few phrasings."""

from __future__ import annotations

import json
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
from punie_tui.lab.phrasings import SLOT, Phrasing

_TRIES = 8
_WORDS_OF_A_LEAK = 4
_WORDS_TO_COMPARE = 5
_SHARED_WORDS = 0.85


@dataclass(frozen=True)
class Fault:
    """One line that must not stay as it is."""

    source: str
    problem: str


def find_faults(
    training: Sequence[Phrasing], validation: Sequence[Phrasing], evaluations: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """All faults. `evaluations` are the prompts of each evaluation file, of which validation may hold none either."""
    validated = [(f"validation line {line.source}", line.prompt) for line in validation]
    evaluated = [(f"a case of {name}", prompt) for name, prompts in evaluations.items() for prompt in prompts]
    return [
        *_unsayable([*training, *validation]),
        *_contradictions([*training, *validation]),
        *_duplicates([*training, *validation]),
        *_near_duplicates(training),
        *_leaks(training, [*validated, *evaluated]),
        *_near_leaks(training, [*validated, *evaluated]),
        *_leaks(validation, evaluated),
        *_near_leaks(validation, evaluated),
    ]


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


def _contradictions(phrasings: Iterable[Phrasing]) -> Iterator[Fault]:
    known: dict[object, Phrasing] = {}
    for phrasing in phrasings:
        key = (normalised(phrasing.prompt), str(phrasing.history))
        first = known.setdefault(key, phrasing)
        if first.calls != phrasing.calls:
            yield Fault(phrasing.source, f"{phrasing.prompt!r} has another label in {first.source}")


def _duplicates(phrasings: Iterable[Phrasing]) -> Iterator[Fault]:
    """The same line twice by one hand; two hands may well say the same."""
    known: set[object] = set()
    for phrasing in phrasings:
        key = (phrasing.source.split(":")[0], phrasing.prompt, str(phrasing.history), str(phrasing.calls))
        if key in known:
            yield Fault(phrasing.source, f"{phrasing.prompt!r} stands in this file twice")
        known.add(key)


def _leaks(trained: Sequence[Phrasing], held_out: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Lines with the wording of a held-out request, also after other turns; very short ones are common property."""
    wordings = _Wordings(trained)
    for name, prompt in held_out:
        if _is_long(prompt):
            for twin in wordings.of(prompt):
                yield Fault(twin.source, f"{twin.prompt!r} is {name}")


def _near_duplicates(phrasings: Sequence[Phrasing]) -> Iterator[Fault]:
    """Lines of one hand that differ in a word or in order only: written from a pattern, not thought of."""
    hands: dict[str, list[Phrasing]] = defaultdict(list)
    for phrasing in phrasings:
        hands[phrasing.source.split(":")[0]].append(phrasing)
    for hand in hands.values():
        near = _NearWordings(hand)
        for number, phrasing in enumerate(hand):
            for twin in near.of(phrasing.prompt, until=number):
                if twin.calls == phrasing.calls and twin.history == phrasing.history:
                    yield Fault(phrasing.source, f"{phrasing.prompt!r} is hardly other than {twin.source}")
                    break


def _near_leaks(trained: Sequence[Phrasing], held_out: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Lines with nearly the words of a held-out request."""
    near = _NearWordings(trained)
    for name, prompt in held_out:
        for twin in near.of(prompt):
            yield Fault(twin.source, f"{twin.prompt!r} has nearly the words of {name}: {prompt!r}")


class _Wordings:
    """Finds the phrasings that say a text word for word, with any one word in each slot."""

    def __init__(self, phrasings: Iterable[Phrasing]) -> None:
        self._lines: dict[str, list[Phrasing]] = defaultdict(list)
        for phrasing in phrasings:
            self._lines[normalised(phrasing.prompt)].append(phrasing)
        self._patterns = [(text, _plain_words(text)) for text, lines in self._lines.items() if _has_slot(lines)]
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, (_, words) in enumerate(self._patterns):
            for word in words:
                self._places[word].append(place)

    def of(self, text: str) -> Iterator[Phrasing]:
        """All of the same wording."""
        text = normalised(text)
        yield from self._lines.get(text, ())
        # Only where all of its plain words stand in the text is a pattern worth trying: there are some ten thousands.
        shared = Counter(place for word in set(text.split()) for place in self._places.get(word, ()))
        for place, count in shared.items():
            wording, words = self._patterns[place]
            lines = self._lines[wording]
            if wording != text and count == len(words) and _matcher(lines[0].prompt).fullmatch(text):
                yield from lines


class _NearWordings:
    """Finds the phrasings that share most of their words with a text; what stands in slots does not count."""

    def __init__(self, phrasings: Sequence[Phrasing]) -> None:
        self._phrasings = phrasings
        self._words = [_words(phrasing.prompt) for phrasing in phrasings]
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(self._words):
            for word in words:
                self._places[word].append(place)

    def of(self, text: str, until: int | None = None) -> Iterator[Phrasing]:
        """Only phrasings before number `until`, where it is given."""
        words = _words(text)
        if len(words) < _WORDS_TO_COMPARE:
            return
        shared = Counter(place for word in words for place in self._places.get(word, ()))
        for place, count in sorted(shared.items()):
            together = len(words) + len(self._words[place]) - count
            if (until is None or place < until) and count / together >= _SHARED_WORDS:
                yield self._phrasings[place]


def _has_slot(lines: Sequence[Phrasing]) -> bool:
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
    return " ".join(word for word in words if word)
