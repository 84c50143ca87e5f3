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
    """All faults. `evaluations` are the prompts of each evaluation file."""
    return [
        *_unsayable([*training, *validation]),
        *_contradictions([*training, *validation]),
        *_duplicates(training),
        *_near_duplicates(training),
        *_leaks(training, validation, evaluations),
        *_near_leaks(training, validation, evaluations),
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
    """The prompts of an evaluation file. Raises ValueError with its line."""
    prompts: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                prompts.append(str(cast("dict[str, Any]", json.loads(line))["prompt"]))
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


def _leaks(
    training: Sequence[Phrasing], validation: Sequence[Phrasing], evaluations: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """Wordings of a validation or evaluation file that training holds; very short ones are common property."""
    trained = {normalised(phrasing.prompt): phrasing for phrasing in training if not phrasing.history}
    patterns = [(_matcher(phrasing.prompt), phrasing) for phrasing in trained.values() if SLOT.search(phrasing.prompt)]
    for phrasing in validation:
        twin = trained.get(normalised(phrasing.prompt))
        if twin and not phrasing.history and _is_long(phrasing.prompt):
            yield Fault(twin.source, f"{twin.prompt!r} is validation line {phrasing.source}")
    for name, prompts in evaluations.items():
        for prompt in prompts:
            if _is_long(prompt) and (twin := _twin(prompt, trained, patterns)):
                yield Fault(twin.source, f"{twin.prompt!r} is a case of {name}")


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


def _near_leaks(
    training: Sequence[Phrasing], validation: Sequence[Phrasing], evaluations: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """Training lines with nearly the words of a validation or evaluation request."""
    near = _NearWordings([phrasing for phrasing in training if not phrasing.history])
    held_out = [(f"validation line {line.source}", line.prompt) for line in validation if not line.history]
    held_out += [(f"a case of {name}", prompt) for name, prompts in evaluations.items() for prompt in prompts]
    for name, prompt in held_out:
        for twin in near.of(prompt):
            yield Fault(twin.source, f"{twin.prompt!r} has nearly the words of {name}: {prompt!r}")


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


def _words(text: str) -> frozenset[str]:
    return frozenset(normalised(SLOT.sub(" ", text)).split())


def _twin(
    prompt: str, trained: Mapping[str, Phrasing], patterns: Sequence[tuple[re.Pattern[str], Phrasing]]
) -> Phrasing | None:
    text = normalised(prompt)
    return trained.get(text) or next((phrasing for pattern, phrasing in patterns if pattern.fullmatch(text)), None)


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
