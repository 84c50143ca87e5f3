"""Faults of the data: labels no view can say, duplicates, contradictions, leaks into an evaluation."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.lab.examples import UnsayableError, make_example
from punie_tui.lab.phrasings import SLOT, Phrasing

_TRIES = 4
_WORDS_OF_A_LEAK = 4


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
        *_leaks(training, validation, evaluations),
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
    rng = random.Random(0)
    for phrasing in phrasings:
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
