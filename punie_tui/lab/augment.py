"""Other ways to type the same request: openings and closings, left-out words, slips of the finger, other words."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from punie_tui.lab.phrasings import SLOT, Phrasing

_LISTS = tomllib.loads((Path(__file__).parent / "data" / "variations.toml").read_text(encoding="utf-8"))
_OPENINGS: list[str] = _LISTS["openings"]
_ORDERS: list[str] = _LISTS["orders"]
_CLOSINGS: list[str] = _LISTS["closings"]
_IMPERATIVES = frozenset[str](_LISTS["imperatives"])
_KEPT = frozenset[str](_LISTS["kept"])
_LIGHT = frozenset[str](_LISTS["light"])
_SYNONYMS: list[list[str]] = _LISTS["synonyms"]
_KEYS: dict[str, str] = _LISTS["keys"]
_OTHERS: dict[str, list[str]] = {}
for _group in _SYNONYMS:
    for _member in _group:
        _OTHERS.setdefault(_member, []).extend(other for other in _group if other != _member)
_TOKEN = re.compile(r"\S+")


def augment(phrasing: Phrasing, rng: random.Random, strength: float = 1.0) -> Phrasing:
    """A variant of the phrasing; slots and words that its calls take from the request stay as they are."""
    kept = _kept_words(phrasing)
    steps: tuple[tuple[float, Callable[[str, random.Random, frozenset[str]], str]], ...] = (
        (0.08, _swap_clauses),
        (0.3, _synonym),
        (0.3, _drop_words),
        (0.22, _open),
        (0.18, _close),
        (0.3, _lose_marks),
        (0.22, _misspell),
        (0.1, _change_case),
    )
    prompt = phrasing.prompt
    for chance, step in steps:
        if rng.random() < chance * strength:
            prompt = step(prompt, rng, kept)
    return replace(phrasing, prompt=prompt) if prompt.strip() else phrasing


def _kept_words(phrasing: Phrasing) -> frozenset[str]:
    values = [value for _, call in phrasing.calls for value in call.values()]
    return frozenset(word.lower() for value in values for word in re.findall(r"\w+", SLOT.sub(" ", value)))


def _is_free(token: str, kept: frozenset[str]) -> bool:
    return "{" not in token and not any(word in kept for word in re.findall(r"\w+", token.lower()))


def _open(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    first = prompt.split()[0].lower().strip(",")
    if first in _IMPERATIVES and rng.random() < 0.6:
        prompt = f"{rng.choice(_ORDERS)} {prompt}"
    if rng.random() < 0.6:
        prompt = f"{rng.choice(_OPENINGS)}{rng.choice((', ', ' ', ' ', '... ', '! '))}{prompt}"
    return prompt


def _close(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    mark = prompt[-1] if prompt[-1] in "?!." else ""
    return f"{prompt.removesuffix(mark) if mark else prompt}{rng.choice((', ', ' ', ' '))}{rng.choice(_CLOSINGS)}{mark}"


def _drop_words(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    words = prompt.split(" ")
    left: list[str] = []
    for word in words:
        bare = word.lower().strip(",.?!")
        chance = 0.0 if bare in _KEPT or not _is_free(word, kept) else 0.4 if bare in _LIGHT else 0.05
        if rng.random() >= chance:
            left.append(word)
    return " ".join(left) if len(left) >= min(2, len(words)) else prompt


def _synonym(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    found = [word for word in _OTHERS if re.search(rf"(?<![\w{{]){word}(?![\w}}])", prompt) and _is_free(word, kept)]
    for word in rng.sample(found, min(len(found), 2)):
        prompt = re.sub(rf"(?<![\w{{]){word}(?![\w}}])", rng.choice(_OTHERS[word]), prompt, count=1)
    return prompt


def _swap_clauses(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    first, comma, second = prompt.rstrip("?.!").partition(", ")
    return f"{second}, {first}" if comma and ", " not in second and second else prompt


def _lose_marks(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    prompt = prompt.rstrip("?.! ") or prompt
    if rng.random() < 0.5:
        prompt = re.sub(r"(?<=[a-z])'(?=[a-z])", "", prompt)
    return prompt.replace(", ", " ") if rng.random() < 0.4 else prompt


def _change_case(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    return prompt[0].upper() + prompt[1:] if prompt[0] != "{" else prompt


def _misspell(prompt: str, rng: random.Random, kept: frozenset[str]) -> str:
    places = [match for match in _TOKEN.finditer(prompt) if len(match.group()) > 3 and _is_free(match.group(), kept)]
    if not places:
        return prompt
    match = rng.choice(places)
    return prompt[: match.start()] + _slip(match.group(), rng) + prompt[match.end() :]


def _slip(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        case 1:
            return word[:place] + word[place + 1 :]
        case 2:
            return word[:place] + word[place] + word[place:]
        case _:
            return word[:place] + rng.choice(_KEYS.get(word[place].lower(), word[place])) + word[place + 1 :]
